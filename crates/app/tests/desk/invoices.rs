//! Drafts, issuing, payments and credit notes, as the page asks for them.

use crate::support::{TestDesk, action};
use serde_json::{Value, json};

fn line(description: &str, quantity: i64, price: i64, rate: u32) -> Value {
    json!({"description": description, "quantity": quantity, "price": price, "tax": {"category": "standard", "rate": rate}})
}

/// A desk, a patient and a draft of 60.00 + 40.00 at 19 % and 7 %: 114.20 in all.
struct Draft {
    desk: TestDesk,
    patient: String,
    invoice: String,
}

impl Draft {
    async fn new() -> Self {
        let desk = TestDesk::empty().await;
        let patient = desk.create("Ana", "Ortiz").await;
        let lines = [line("Peel", 1_500, 4_000, 1_900), line("Cream", 1_000, 4_000, 700)];
        let made = desk.call("invoice_create", json!({"patient": patient, "lines": lines})).await;
        let invoice = made["id"].as_str().expect("an id").to_owned();
        Self { desk, patient, invoice }
    }

    async fn load(&self) -> Value {
        self.desk.call("invoice_load", json!({"id": self.invoice})).await
    }

    async fn issue(&self, tenders: Value) -> Value {
        let mut request = json!({"id": self.invoice, "action": action(), "gross": 11_420});
        if !tenders.is_null() {
            request["payment"] = json!({"tenders": tenders});
        }
        self.desk.call("invoice_issue", request).await
    }

    /// Status, gross, paid, credited and balance.
    async fn stands(&self) -> String {
        let loaded = self.load().await;
        let row = self.desk.call("invoice_list", json!({"patient": self.patient})).await;
        let row = row["rows"].as_array().expect("rows").iter().find(|row| row["id"] == loaded["id"]).cloned();
        let of = |value: &Value| {
            let number = |name: &str| value[name].as_i64().expect("a number");
            let status = value["status"].as_str().expect("a status").to_owned();
            format!(
                "{status}: {} paid {} credited {} due {}",
                number("gross"),
                number("paid"),
                number("credited"),
                number("balance")
            )
        };
        let listed = row.map(|row| of(&row));
        assert!(listed.is_none_or(|listed| listed == of(&loaded)), "the list says something else");
        of(&loaded)
    }

    async fn account(&self) -> (i64, i64) {
        let account = self.desk.call("patient_account", json!({"id": self.patient})).await;
        (account["owed"].as_i64().expect("owed"), account["credit"].as_i64().expect("credit"))
    }

    async fn pay(&self, action: &str, tenders: Value, excess: &str) -> Value {
        let request = json!({"action": action, "patient": self.patient, "invoice": self.invoice, "tenders": tenders, "excess": excess});
        self.desk.call("payment_take", request).await
    }
}

#[tokio::test]
async fn an_invoice_is_made_issued_and_paid_by_two_methods() {
    let draft = Draft::new().await;
    assert_eq!(draft.stands().await, "draft: 11420 paid 0 credited 0 due 0");
    let issued = draft.issue(Value::Null).await;
    let number = issued["number"].as_str().expect("a number");
    assert!(number.len() == 10 && number.ends_with("-000001"), "{number}");
    assert_eq!(draft.stands().await, "issued: 11420 paid 0 credited 0 due 11420");
    assert_eq!(draft.account().await, (11_420, 0));
    draft.pay(&action(), json!([{"method": "card", "amount": 5_000}]), "refuse").await;
    assert_eq!(draft.stands().await, "part_paid: 11420 paid 5000 credited 0 due 6420");
    let tenders = json!([{"method": "cash", "amount": 6_000}, {"method": "transfer", "amount": 1_000}]);
    let taken = draft.pay(&action(), tenders, "change").await;
    assert_eq!(taken, json!({"paid": 6_420, "credit": 0, "change": 580}));
    assert_eq!(draft.stands().await, "paid: 11420 paid 11420 credited 0 due 0");
    assert_eq!(draft.account().await, (0, 0));
    assert!(draft.desk.is_sound().await);
}

#[tokio::test]
async fn what_was_issued_stays_as_it_was() {
    let draft = Draft::new().await;
    let lines = draft.load().await["lines"]["rows"].clone();
    draft.issue(Value::Null).await;
    let add = json!({"invoice": draft.invoice, "lines": [line("Mask", 1_000, 100, 0)]});
    let update =
        json!({"id": lines[0]["id"], "content": line("Peel", 1_000, 1, 0), "versions": lines[0]["versions"]});
    for (command, request) in [
        ("line_add", add),
        ("line_update", update),
        ("line_remove", json!({"invoice": draft.invoice, "ids": [lines[0]["id"]]})),
        ("invoice_update", json!({"id": draft.invoice, "note": "x", "versions": ""})),
        ("invoice_discard", json!({"id": draft.invoice, "discarded": true})),
        ("invoice_issue", json!({"id": draft.invoice, "action": action(), "gross": 11_420})),
    ] {
        let error = draft.desk.fails(command, request).await;
        assert!(error.message.contains("was issued"), "{command}: {}", error.message);
    }
    let rename = json!({"id": draft.patient, "versions": draft.desk.load(&draft.patient).await["versions"],
        "patch": {"name": {"given": "Eva", "family": "Ruiz"}}});
    draft.desk.call("patient_update", rename).await;
    let document = draft.desk.call("document_load", json!({"id": draft.invoice})).await["document"].clone();
    assert_eq!(document["buyer"]["name"], "Ana Ortiz");
    assert_eq!(document["totals"]["gross"], 11_420);
}

#[tokio::test]
async fn a_key_pressed_twice_takes_a_payment_once() {
    let draft = Draft::new().await;
    draft.issue(Value::Null).await;
    let once = action();
    let tenders = json!([{"method": "cash", "amount": 5_000}]);
    let first = draft.pay(&once, tenders.clone(), "refuse").await;
    let again = draft.pay(&once, tenders, "refuse").await;
    assert_eq!(first, again);
    assert_eq!(draft.stands().await, "part_paid: 11420 paid 5000 credited 0 due 6420");
}

#[tokio::test]
async fn a_key_pressed_twice_issues_once_and_takes_the_payment_once() {
    let draft = Draft::new().await;
    let request = json!({"id": draft.invoice, "action": action(), "gross": 11_420,
        "payment": {"tenders": [{"method": "cash", "amount": 12_000}], "excess": "change"}});
    let first = draft.desk.call("invoice_issue", request.clone()).await;
    assert_eq!(first["taken"], json!({"paid": 11_420, "credit": 0, "change": 580}));
    assert_eq!(draft.desk.call("invoice_issue", request).await, first);
    assert_eq!(draft.stands().await, "paid: 11420 paid 11420 credited 0 due 0");
}

#[tokio::test]
async fn more_than_is_due_is_asked_about_and_kept_as_credit_if_wanted() {
    let draft = Draft::new().await;
    draft.issue(Value::Null).await;
    let request = json!({"action": action(), "patient": draft.patient, "invoice": draft.invoice,
        "tenders": [{"method": "card", "amount": 12_000}]});
    let error = draft.desk.fails("payment_take", request).await;
    assert_eq!(error.fields[0].field, "tenders");
    assert_eq!(draft.stands().await, "issued: 11420 paid 0 credited 0 due 11420");
    let taken = draft.pay(&action(), json!([{"method": "card", "amount": 12_000}]), "credit").await;
    assert_eq!(taken, json!({"paid": 11_420, "credit": 580, "change": 0}));
    assert_eq!(draft.account().await, (0, 580));
    // And paid out, but no more than there is.
    let pay_out =
        |amount| json!({"action": action(), "patient": draft.patient, "amount": amount, "method": "cash"});
    draft.desk.fails("credit_pay_out", pay_out(581)).await;
    draft.desk.call("credit_pay_out", pay_out(580)).await;
    assert_eq!(draft.account().await, (0, 0));
    assert!(draft.desk.is_sound().await);
}

#[tokio::test]
async fn a_deposit_is_credit_that_pays_an_invoice_later() {
    let draft = Draft::new().await;
    let deposit = json!({"action": action(), "patient": draft.patient, "tenders": [{"method": "card", "amount": 5_000}]});
    draft.desk.call("payment_take", deposit).await;
    assert_eq!(draft.account().await, (0, 5_000));
    draft.issue(Value::Null).await;
    let credit = |amount| json!([{"method": "credit", "amount": amount}]);
    let more = json!({"action": action(), "patient": draft.patient, "invoice": draft.invoice, "tenders": credit(5_001)});
    draft.desk.fails("payment_take", more).await;
    draft.pay(&action(), credit(5_000), "refuse").await;
    assert_eq!(draft.stands().await, "part_paid: 11420 paid 5000 credited 0 due 6420");
    assert_eq!(draft.account().await, (6_420, 0));
    assert!(draft.desk.is_sound().await);
}

#[tokio::test]
async fn a_line_is_credited_and_its_money_given_back_in_one_step() {
    let draft = Draft::new().await;
    let lines = draft.load().await["lines"]["rows"].clone();
    draft.issue(json!([{"method": "card", "amount": 11_420}])).await;
    let refund = |lines: Value, action: String| json!({"action": action, "invoice": draft.invoice, "lines": lines, "reason": "Cream returned", "method": "card"});
    let once = action();
    let request = refund(json!([{"line": lines[1]["id"], "quantity": 1_000}]), once);
    let done = draft.desk.call("invoice_refund", request.clone()).await;
    assert_eq!((done["credited"].as_i64(), done["refunded"].as_i64()), (Some(4_280), Some(4_280)));
    assert_eq!(draft.desk.call("invoice_refund", request).await, done, "pressed twice");
    assert_eq!(draft.stands().await, "paid: 11420 paid 7140 credited 4280 due 0");
    let twice = refund(json!([{"line": lines[1]["id"], "quantity": 1_000}]), action());
    assert_eq!(draft.desk.fails("invoice_refund", twice).await.fields[0].field, "lines");
    // Then all that is left.
    let rest = draft.desk.call("invoice_refund", refund(json!([]), action())).await;
    assert_eq!((rest["credited"].as_i64(), rest["refunded"].as_i64()), (Some(7_140), Some(7_140)));
    assert_eq!(draft.stands().await, "paid: 11420 paid 0 credited 11420 due 0");
    draft.desk.fails("invoice_refund", refund(json!([]), action())).await;
    let documents = draft.load().await["documents"].clone();
    let numbers: Vec<_> = documents.as_array().expect("documents").iter().map(|d| &d["number"]).collect();
    assert_eq!(numbers.len(), 2);
    assert!(draft.desk.is_sound().await);
}

#[tokio::test]
async fn what_was_not_paid_is_credited_without_giving_money_back() {
    let draft = Draft::new().await;
    draft.issue(Value::Null).await;
    let request =
        json!({"action": action(), "invoice": draft.invoice, "reason": "not done", "method": "cash"});
    let done = draft.desk.call("invoice_refund", request).await;
    assert_eq!((done["credited"].as_i64(), done["refunded"].as_i64()), (Some(11_420), Some(0)));
    assert_eq!(draft.stands().await, "paid: 11420 paid 0 credited 11420 due 0");
    assert_eq!(draft.account().await, (0, 0));
}

#[tokio::test]
async fn an_invoice_is_made_void_with_a_reason_and_that_is_taken_back() {
    let draft = Draft::new().await;
    let void = |reason: &str| json!({"id": draft.invoice, "void": true, "reason": reason});
    draft.desk.fails("invoice_void", void("typed twice")).await;
    draft.issue(Value::Null).await;
    assert_eq!(draft.desk.fails("invoice_void", void(" ")).await.fields[0].field, "reason");
    draft.desk.call("invoice_void", void("typed twice")).await;
    assert_eq!(draft.stands().await, "void: 11420 paid 0 credited 0 due 0");
    assert_eq!(draft.load().await["reason"], "typed twice");
    let request = json!({"action": action(), "patient": draft.patient, "invoice": draft.invoice,
        "tenders": [{"method": "cash", "amount": 1}]});
    assert!(draft.desk.fails("payment_take", request).await.message.contains("void"));
    draft.desk.call("invoice_void", json!({"id": draft.invoice, "void": false})).await;
    assert_eq!(draft.stands().await, "issued: 11420 paid 0 credited 0 due 11420");
    draft.pay(&action(), json!([{"method": "cash", "amount": 1_000}]), "refuse").await;
    assert!(draft.desk.fails("invoice_void", void("x")).await.message.contains("refund it first"));
}

#[tokio::test]
async fn a_draft_that_changed_meanwhile_is_not_issued_for_another_amount() {
    let draft = Draft::new().await;
    let add = json!({"invoice": draft.invoice, "lines": [line("Mask", 1_000, 100, 0)]});
    draft.desk.call("line_add", add).await;
    let issue = json!({"id": draft.invoice, "action": action(), "gross": 11_420});
    assert!(draft.desk.fails("invoice_issue", issue).await.message.contains("another amount"));
    assert_eq!(draft.stands().await, "draft: 11520 paid 0 credited 0 due 0");
}

#[tokio::test]
async fn what_cannot_be_billed_is_told_by_its_field() {
    let draft = Draft::new().await;
    let with = |key: &str, value: Value| {
        let mut line = line("Peel", 1_000, 1_000, 1_900);
        line[key] = value;
        json!({"invoice": draft.invoice, "lines": [line]})
    };
    for (key, value, field) in [
        ("description", json!(" "), "lines.0.description"),
        ("quantity", json!(0), "lines.0.quantity"),
        ("quantity", json!(i64::MAX), "lines.0.quantity"),
        ("price", json!(i64::MIN), "lines.0.quantity"),
        ("discount", json!({"kind": "share", "value": 10_001}), "lines.0.discount"),
        ("discount", json!({"kind": "amount", "value": 1_001}), "lines.0.discount"),
        ("discount", json!({"kind": "amount", "value": -1}), "lines.0.discount"),
        ("tax", json!({"category": "exempt", "rate": 700}), "lines.0.tax"),
    ] {
        let error = draft.desk.fails("line_add", with(key, value.clone())).await;
        assert_eq!(error.fields[0].field, field, "{key} {value}");
    }
    assert_eq!(draft.stands().await, "draft: 11420 paid 0 credited 0 due 0");
    // All of it off is possible, more is told when it is issued.
    let discount = |value| json!({"id": draft.invoice, "versions": "", "overwrite": true, "discount": {"kind": "amount", "value": value}});
    draft.desk.call("invoice_update", discount(10_000)).await;
    assert_eq!(draft.stands().await, "draft: 0 paid 0 credited 0 due 0");
    draft.desk.call("invoice_update", discount(10_001)).await;
    assert_eq!(draft.load().await["is_faulty"], true);
    let issue = json!({"id": draft.invoice, "action": action(), "gross": 11_420});
    assert_eq!(draft.desk.fails("invoice_issue", issue).await.fields[0].field, "discount");
}

#[tokio::test]
async fn what_somebody_else_changed_is_not_overwritten_unseen() {
    let draft = Draft::new().await;
    let lines = draft.load().await["lines"]["rows"].clone();
    let update = |content: Value, overwrite: bool| json!({"id": lines[0]["id"], "content": content, "versions": lines[0]["versions"], "overwrite": overwrite});
    draft.desk.call("line_update", update(line("Peel", 2_000, 4_000, 1_900), false)).await;
    let stale = draft.desk.fails("line_update", update(line("Peel", 3_000, 4_000, 1_900), false)).await;
    assert_eq!(stale.fields[0].field, "quantity");
    draft.desk.call("line_update", update(line("Peel", 3_000, 4_000, 1_900), true)).await;
    assert_eq!(draft.load().await["lines"]["rows"][0]["quantity"], 3_000);
}

#[tokio::test]
async fn numbers_have_no_gaps_and_each_has_its_document() {
    let desk = TestDesk::empty().await;
    let patient = desk.create("Ana", "Ortiz").await;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let request = json!({"patient": patient, "lines": [line("Peel", 1_000, 100, 0)]});
        let made = desk.call("invoice_create", request).await;
        desk.fails("invoice_issue", json!({"id": made["id"], "action": action(), "gross": 1})).await;
        let issued =
            desk.call("invoice_issue", json!({"id": made["id"], "action": action(), "gross": 100})).await;
        numbers.push(issued["number"].as_str().expect("a number").to_owned());
    }
    let series = &numbers[0][..3];
    assert_eq!(numbers, [1, 2, 3].map(|n| format!("{series}-{n:06}")));
    let desk = desk.restart().await;
    let made = desk
        .call("invoice_create", json!({"patient": patient, "lines": [line("Peel", 1_000, 100, 0)]}))
        .await;
    let issued =
        desk.call("invoice_issue", json!({"id": made["id"], "action": action(), "gross": 100})).await;
    assert_eq!(issued["number"], format!("{series}-000004"));
}

#[tokio::test]
async fn fifty_lines_are_created_in_as_many_statements_as_one() {
    let desk = TestDesk::empty().await;
    let patient = desk.create("Ana", "Ortiz").await;
    let lines: Vec<_> = (1..=50).map(|n| line(&format!("Line {n}"), 1_000, n * 100, 1_900)).collect();
    // Above its budget of four a command fails here.
    let made = desk.call("invoice_create", json!({"patient": patient, "lines": lines})).await;
    let loaded = desk.call("invoice_load", json!({"id": made["id"]})).await;
    assert_eq!((loaded["line_count"].as_u64(), loaded["totals"]["net"].as_i64()), (Some(50), Some(127_500)));
    assert_eq!(loaded["lines"]["rows"][49]["description"], "Line 50");
    let too_many: Vec<_> = (0..501).map(|_| line("x", 1_000, 1, 0)).collect();
    let error = desk.fails("invoice_create", json!({"patient": patient, "lines": too_many})).await;
    assert_eq!(error.fields[0].field, "lines");
}

#[tokio::test]
async fn lists_of_invoices_go_page_by_page_by_status_patient_and_what_is_due() {
    let desk = TestDesk::empty().await;
    let patients = [desk.create("Ana", "Ortiz").await, desk.create("Bea", "Paz").await];
    for n in 0..12 {
        let request = json!({"patient": patients[n % 2], "lines": [line("Peel", 1_000, 100, 0)]});
        let made = desk.call("invoice_create", request).await;
        if n % 3 > 0 {
            let tenders = json!([{"method": "cash", "amount": if n % 3 == 1 { 100 } else { 50 }}]);
            let request =
                json!({"id": made["id"], "action": action(), "gross": 100, "payment": {"tenders": tenders}});
            desk.call("invoice_issue", request).await;
        }
    }
    for (request, count) in [
        (json!({}), 12),
        (json!({"filter": "draft"}), 4),
        (json!({"filter": "paid"}), 4),
        (json!({"filter": "part_paid"}), 4),
        (json!({"filter": "issued"}), 0),
        (json!({"filter": "due"}), 4),
        (json!({"patient": patients[0]}), 6),
        (json!({"patient": patients[1], "filter": "due"}), 2),
        (json!({"from": "2020-01-01", "to": "2020-12-31"}), 0),
        (json!({"from": "2020-01-01"}), 12),
    ] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut page = request.clone();
            page["limit"] = json!(3);
            page["after"] = after;
            let page = desk.call("invoice_list", page).await;
            assert_eq!(page["count"]["n"], count, "{request}");
            seen.extend(page["rows"].as_array().expect("rows").iter().map(|row| row["id"].clone()));
            after = page["next"].clone();
            if after.is_null() {
                break;
            }
        }
        let different: std::collections::BTreeSet<_> = seen.iter().map(ToString::to_string).collect();
        assert_eq!((seen.len(), different.len()), (count, count), "{request}");
    }
}

#[tokio::test]
async fn a_discarded_draft_is_in_no_list_until_it_is_brought_back() {
    let draft = Draft::new().await;
    let discard = |discarded: bool| json!({"id": draft.invoice, "discarded": discarded});
    draft.desk.call("invoice_discard", discard(true)).await;
    let count = async || draft.desk.call("invoice_list", json!({})).await["count"]["n"].as_u64();
    assert_eq!(count().await, Some(0));
    draft.desk.call("invoice_discard", discard(false)).await;
    assert_eq!(count().await, Some(1));
    assert_eq!(draft.stands().await, "draft: 11420 paid 0 credited 0 due 0");
}

#[tokio::test]
async fn the_catalogue_is_found_by_a_few_letters_of_a_name_or_a_code() {
    let desk = TestDesk::empty().await;
    let rate =
        desk.call("tax_rate_save", json!({"name": "VAT", "category": "standard", "rate": 1_900})).await;
    for (name, code) in [("Botox, forehead", "BTX"), ("Peel", "P1"), ("Gold peel", "P2"), ("Crème", "")] {
        let item = json!({"name": name, "code": code, "price": 1_000, "tax_rate": rate["id"]});
        desk.call("catalogue_item_save", item).await;
    }
    let found = async |text: &str| {
        let page = desk.call("catalogue_list", json!({"text": text})).await;
        let names = page["rows"].as_array().expect("rows").iter();
        names.map(|item| item["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("peel").await, ["Peel", "Gold peel"]);
    assert_eq!(found("btx").await, ["Botox, forehead"]);
    assert_eq!(found("creme").await, ["Crème"]);
    assert_eq!(found("fore").await, ["Botox, forehead"]);
    assert_eq!(found("xyz").await, Vec::<String>::new());
    assert_eq!(found("").await, ["Botox, forehead", "Crème", "Gold peel", "Peel"]);
    let item = desk.call("catalogue_list", json!({"text": "peel", "limit": 1})).await;
    assert_eq!(item["rows"][0]["tax"], json!({"category": "standard", "rate": 1_900}));
    let next = desk.call("catalogue_list", json!({"text": "peel", "limit": 1, "after": item["next"]})).await;
    assert_eq!(next["rows"][0]["name"], "Gold peel");
    let unknown = json!({"name": "x", "price": 1, "tax_rate": action()});
    assert_eq!(desk.fails("catalogue_item_save", unknown).await.fields[0].field, "tax_rate");
}

#[tokio::test]
async fn the_currency_of_a_clinic_stays_once_something_is_issued() {
    let draft = Draft::new().await;
    let mut clinic = draft.desk.call("clinic_load", json!({})).await;
    clinic["name"] = json!("Clínica Sol");
    clinic["currency"] = json!("EUR");
    draft.desk.call("clinic_save", clinic).await;
    draft.issue(Value::Null).await;
    let document = draft.desk.call("document_load", json!({"id": draft.invoice})).await["document"].clone();
    assert_eq!((&document["seller"]["name"], &document["currency"]), (&json!("Clínica Sol"), &json!("EUR")));
    let mut clinic = draft.desk.call("clinic_load", json!({})).await;
    assert_eq!(clinic["has_issued"], true);
    clinic["currency"] = json!("JPY");
    assert_eq!(draft.desk.fails("clinic_save", clinic).await.fields[0].field, "currency");
}
