//! Money on two desks that do not know of each other, by way of a real server.

use crate::support::*;
use scratch_postgres::Site;
use serde_json::{Value, json};

/// Two desks that have the same draft of 119.00.
struct Clinic {
    desks: [TestDesk; 2],
    patient: String,
    invoice: String,
}

fn line(description: &str, price: i64) -> Value {
    json!({"description": description, "quantity": 1_000, "price": price, "tax": {"category": "standard", "rate": 1_900}})
}

/// Another each time.
fn action() -> Value {
    json!(app::World::next_id(&*app::Machine::here()))
}

impl Clinic {
    async fn new(site: &Site) -> Self {
        let desks = TestDesk::two_quiet(site).await;
        let patient = desks[0].create("Ana", "Ortiz").await;
        let made = json!({"patient": patient, "lines": [line("Peel", 10_000)]});
        let invoice = desks[0].call("invoice_create", made).await["id"].as_str().unwrap().to_owned();
        let clinic = Self { desks, patient, invoice };
        clinic.exchange([0, 1]).await;
        clinic
    }

    /// Both desks hear of everything, the first one of `order` first.
    async fn exchange(&self, order: [usize; 2]) {
        for at in order.into_iter().chain(order) {
            self.desks[at].exchange().await;
        }
    }

    async fn issue(&self, at: usize, cash: Option<i64>) -> String {
        let mut request = json!({"id": self.invoice, "action": action(), "gross": 11_900});
        if let Some(amount) = cash {
            request["payment"] = json!({"tenders": [{"method": "cash", "amount": amount}]});
        }
        self.desks[at].call("invoice_issue", request).await["number"].as_str().unwrap().to_owned()
    }

    async fn pay(&self, at: usize, method: &str, amount: i64) {
        let tenders = json!([{"method": method, "amount": amount}]);
        let request =
            json!({"action": action(), "patient": self.patient, "invoice": self.invoice, "tenders": tenders});
        self.desks[at].call("payment_take", request).await;
    }

    async fn load(&self, at: usize) -> Value {
        self.desks[at].call("invoice_load", json!({"id": self.invoice})).await
    }

    /// What both desks show: `(status, gross, paid, balance)`, and the patient's `(owed, credit)`.
    async fn agree(&self) -> ((String, i64, i64, i64), (i64, i64)) {
        let mut shown = Vec::new();
        for (at, desk) in self.desks.iter().enumerate() {
            desk.is_sound().await;
            let invoice = self.load(at).await;
            let number = |value: &Value, name: &str| value[name].as_i64().unwrap();
            let account = desk.call("patient_account", json!({"id": self.patient})).await;
            let status = invoice["status"].as_str().unwrap().to_owned();
            let of =
                (status, number(&invoice, "gross"), number(&invoice, "paid"), number(&invoice, "balance"));
            shown.push((of, (number(&account, "owed"), number(&account, "credit"))));
        }
        assert_eq!(shown[0], shown[1], "the desks disagree");
        shown.remove(0)
    }

    async fn attention(&self, at: usize) -> usize {
        let list = self.desks[at].call("attention_list", json!({"limit": 10})).await;
        list["rows"].as_array().unwrap().len()
    }
}

fn stands(status: &str, gross: i64, paid: i64, balance: i64) -> (String, i64, i64, i64) {
    (status.to_owned(), gross, paid, balance)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_issued_on_two_desks_is_issued_once_and_the_cash_that_was_taken_stays_taken() {
    let Some(site) = site() else { return };
    let clinic = Clinic::new(&site).await;
    let lost = clinic.issue(0, Some(11_900)).await;
    let stood = clinic.issue(1, None).await;
    assert_ne!(lost[..3], stood[..3], "each desk has a series of its own");
    // The other desk's issue reaches the server first.
    clinic.exchange([1, 0]).await;
    assert_eq!(clinic.agree().await, (stands("paid", 11_900, 11_900, 0), (0, 0)));
    for at in [0, 1] {
        let invoice = clinic.load(at).await;
        assert_eq!(invoice["number"], stood);
        let [duplicate] = &invoice["documents"].as_array().unwrap()[..] else { panic!("{invoice}") };
        assert_eq!((&duplicate["number"], &duplicate["is_duplicate"]), (&json!(lost), &json!(true)));
    }
    assert_eq!((clinic.attention(0).await, clinic.attention(1).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_added_to_a_draft_that_was_issued_elsewhere_is_refused_and_shown() {
    let Some(site) = site() else { return };
    let clinic = Clinic::new(&site).await;
    clinic.issue(1, None).await;
    let add = json!({"invoice": clinic.invoice, "lines": [line("Mask", 5_000)]});
    clinic.desks[0].call("line_add", add).await;
    clinic.exchange([1, 0]).await;
    assert_eq!(clinic.agree().await, (stands("issued", 11_900, 0, 11_900), (11_900, 0)));
    let invoice = clinic.load(0).await;
    assert_eq!((&invoice["line_count"], &invoice["left_over"]), (&json!(1), &json!(0)));
    assert_eq!((clinic.attention(0).await, clinic.attention(1).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_came_before_the_issue_of_a_desk_that_had_not_seen_it_is_on_no_document_and_told() {
    let Some(site) = site() else { return };
    let clinic = Clinic::new(&site).await;
    clinic.issue(1, None).await;
    let add = json!({"invoice": clinic.invoice, "lines": [line("Mask", 5_000)]});
    clinic.desks[0].call("line_add", add).await;
    clinic.exchange([0, 1]).await;
    assert_eq!(clinic.agree().await, (stands("issued", 11_900, 0, 11_900), (11_900, 0)));
    for at in [0, 1] {
        assert_eq!(clinic.load(at).await["left_over"], 1);
        assert_eq!(clinic.attention(at).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_taken_on_two_desks_is_kept_twice_and_too_much_of_it_is_the_patients_credit() {
    let Some(site) = site() else { return };
    let clinic = Clinic::new(&site).await;
    clinic.issue(0, None).await;
    clinic.exchange([0, 1]).await;
    clinic.pay(0, "cash", 11_900).await;
    clinic.pay(1, "card", 11_900).await;
    clinic.exchange([1, 0]).await;
    assert_eq!(clinic.agree().await, (stands("paid", 11_900, 23_800, -11_900), (0, 11_900)));
    assert_eq!((clinic.attention(0).await, clinic.attention(1).await), (0, 0));
    // And it can be given back, once.
    let pay_out = json!({"action": action(), "patient": clinic.patient, "amount": 11_900, "method": "cash"});
    clinic.desks[0].call("credit_pay_out", pay_out).await;
    clinic.exchange([0, 1]).await;
    assert_eq!(clinic.agree().await.1, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_that_was_used_on_two_desks_is_below_nothing_and_both_uses_stay() {
    let Some(site) = site() else { return };
    let clinic = Clinic::new(&site).await;
    let deposit = json!({"action": action(), "patient": clinic.patient, "tenders": [{"method": "cash", "amount": 5_000}]});
    clinic.desks[0].call("payment_take", deposit).await;
    clinic.issue(0, None).await;
    clinic.exchange([0, 1]).await;
    clinic.pay(0, "credit", 5_000).await;
    clinic.pay(1, "credit", 5_000).await;
    clinic.exchange([0, 1]).await;
    assert_eq!(clinic.agree().await, (stands("part_paid", 11_900, 10_000, 1_900), (1_900, -5_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_edited_on_two_desks_adds_up_the_same_on_both() {
    let Some(site) = site() else { return };
    let clinic = Clinic::new(&site).await;
    for (desk, price) in clinic.desks.iter().zip([20_000, 30_000]) {
        let seen = desk.call("line_list", json!({"invoice": clinic.invoice})).await["rows"][0].clone();
        let update = json!({"id": seen["id"], "content": line("Peel", price), "versions": seen["versions"]});
        desk.call("line_update", update).await;
        let add = json!({"invoice": clinic.invoice, "lines": [line("Mask", 1_000)]});
        desk.call("line_add", add).await;
    }
    clinic.exchange([1, 0]).await;
    let ((status, gross, ..), _) = clinic.agree().await;
    // Both lines that were added, and one of the two prices: the clocks say which.
    assert!(status == "draft" && [26_180, 38_080].contains(&gross), "{gross}");
    for desk in &clinic.desks {
        let [conflict] = &desk.conflicts().await[..] else { panic!("one conflict") };
        assert_eq!(conflict["register"], "price");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_made_void_while_it_was_paid_elsewhere_leaves_the_money_as_credit() {
    let Some(site) = site() else { return };
    let clinic = Clinic::new(&site).await;
    clinic.issue(0, None).await;
    clinic.exchange([0, 1]).await;
    let void = json!({"id": clinic.invoice, "void": true, "reason": "typed twice"});
    clinic.desks[0].call("invoice_void", void).await;
    clinic.pay(1, "cash", 11_900).await;
    clinic.exchange([0, 1]).await;
    assert_eq!(clinic.agree().await, (stands("void", 11_900, 11_900, -11_900), (0, 11_900)));
}
