//! What was paid of invoices, how far each is, and how patients stand with the clinic: from facts that only ever come to
//! be, in whatever order they arrive.

use super::trigger;
use domain::money::AMOUNT_MAX;

pub(crate) const SETTLED_COLUMNS: &str = "invoice_id, paid, credited, facts, faulty";
pub(crate) const LISTING_COLUMNS: &str =
    "invoice_id, patient_id, kind, status, at, number, gross, paid, credited, balance, faulty";
pub(crate) const ACCOUNT_COLUMNS: &str = "patient_id, owed, credit";

/// An amount, or nothing in place of what cannot be one.
fn amount(column: &str) -> String {
    format!("iif({column} BETWEEN -{AMOUNT_MAX} AND {AMOUNT_MAX}, {column}, 0)")
}

fn is_faulty(column: &str) -> String {
    format!("({column} NOT BETWEEN -{AMOUNT_MAX} AND {AMOUNT_MAX})")
}

/// What a payment does to its invoice.
fn settled_by_payment(row: &str) -> String {
    let column = format!("{row}.amount");
    format!(
        "{row}.invoice_id AS invoice_id, {} AS paid, 0 AS credited, 1 AS facts, {} AS faulty",
        amount(&column),
        is_faulty(&column)
    )
}

/// What a credit note does to the invoice that it corrects.
fn settled_by_document(row: &str) -> String {
    let column = format!("{row}.gross");
    format!(
        "{row}.corrects_id AS invoice_id, 0 AS paid, {} AS credited, 1 AS facts, {} AS faulty",
        amount(&column),
        is_faulty(&column)
    )
}

fn pays(row: &str) -> String {
    format!("{row}.invoice_id IS NOT NULL")
}

fn credits(row: &str) -> String {
    format!("{row}.corrects_id IS NOT NULL AND {row}.kind = 'credit_note'")
}

/// What was paid and credited, of all invoices.
pub(crate) fn settled() -> String {
    format!(
        "SELECT invoice_id, sum(paid) AS paid, sum(credited) AS credited, sum(facts) AS facts, sum(faulty) AS faulty FROM (
           SELECT {} FROM payment p WHERE {} UNION ALL SELECT {} FROM invoice_document d WHERE {})
         GROUP BY invoice_id",
        settled_by_payment("p"),
        pays("p"),
        settled_by_document("d"),
        credits("d"),
    )
}

/// The one place that says how far an invoice is.
const LISTING_SOURCE: &str = "
CREATE VIEW invoice_listing_source AS
SELECT invoice_id, patient_id, kind,
  CASE WHEN state <> 'issued' THEN state
    WHEN gross - credited - paid <= 0 OR kind = 'credit_note' THEN 'paid'
    WHEN credited <> 0 OR paid <> 0 THEN 'part_paid' ELSE 'issued' END AS status,
  at, number, gross, paid, credited,
  iif(state = 'issued' AND kind <> 'credit_note', gross - credited, 0) - paid AS balance, faulty
FROM (
  SELECT i.id AS invoice_id, i.patient_id, i.kind,
    iif(i.status IN ('draft', 'void', 'discarded'), i.status, 'issued') AS state,
    coalesce(d.issued_at, i.created_at) AS at,
    coalesce(d.series || '-' || format('%06d', d.number), '') AS number,
    CASE WHEN d.id IS NOT NULL THEN {document_gross} ELSE {draft_gross} END AS gross,
    coalesce(s.paid, 0) AS paid, coalesce(s.credited, 0) AS credited,
    coalesce(s.faulty, 0) > 0
      OR CASE WHEN d.id IS NOT NULL THEN {document_faulty} ELSE coalesce(t.faulty, 0) OR i.status NOT IN ('draft', 'discarded') END AS faulty
  FROM invoice i
  LEFT JOIN invoice_document d ON d.id = i.document_id AND d.invoice_id = i.id
  LEFT JOIN invoice_total t ON t.invoice_id = i.id
  LEFT JOIN invoice_settled s ON s.invoice_id = i.id)";

fn listing_source() -> String {
    LISTING_SOURCE
        .trim()
        .replace("{document_gross}", &amount("d.gross"))
        .replace("{document_faulty}", &is_faulty("d.gross"))
        // A draft that comes to more than can be issued still shows what it comes to.
        .replace(
            "{draft_gross}",
            &format!("iif(i.status = 'draft', coalesce(t.gross, 0), {})", amount("coalesce(t.gross, 0)")),
        )
}

/// How patients stand, of all.
pub(crate) fn accounts() -> String {
    format!(
        "SELECT patient_id, sum(owed) AS owed, sum(credit) AS credit FROM (
           SELECT patient_id, max(balance, 0) AS owed, max(-balance, 0) AS credit FROM invoice_listing
           UNION ALL SELECT p.patient_id, 0, {} FROM payment p)
         GROUP BY patient_id HAVING sum(owed) <> 0 OR sum(credit) <> 0",
        credit_of("p")
    )
}

/// What a payment adds to the patient's credit: one without an invoice adds, one from the credit takes.
fn credit_of(row: &str) -> String {
    let amount = amount(&format!("{row}.amount"));
    format!("{amount} * (({row}.invoice_id IS NULL) - ({row}.method = 'credit'))")
}

fn refresh(invoice: &str) -> String {
    let update: Vec<_> =
        LISTING_COLUMNS.split(", ").skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO invoice_listing ({LISTING_COLUMNS})
           SELECT {LISTING_COLUMNS} FROM invoice_listing_source WHERE invoice_id = {invoice}
           ON CONFLICT (invoice_id) DO UPDATE SET {};",
        update.join(", ")
    )
}

fn settle(settled: &str, condition: &str) -> String {
    format!(
        "INSERT INTO invoice_settled ({SETTLED_COLUMNS}) SELECT {settled} WHERE {condition}
           ON CONFLICT (invoice_id) DO UPDATE SET paid = paid + excluded.paid, credited = credited + excluded.credited,
             facts = facts + excluded.facts, faulty = faulty + excluded.faulty;"
    )
}

/// Nobody takes a fact back. One that no server takes leaves the table.
fn unsettle(settled: &str, condition: &str) -> String {
    format!(
        "UPDATE invoice_settled SET paid = invoice_settled.paid - v.paid, credited = invoice_settled.credited - v.credited,
             facts = invoice_settled.facts - v.facts, faulty = invoice_settled.faulty - v.faulty
           FROM (SELECT {settled} WHERE {condition}) v WHERE invoice_settled.invoice_id = v.invoice_id;
         DELETE FROM invoice_settled WHERE facts <= 0 AND invoice_id = (SELECT invoice_id FROM (SELECT {settled}));"
    )
}

fn book(patient: &str, owed: &str, credit: &str, condition: &str) -> String {
    format!(
        "INSERT INTO patient_account ({ACCOUNT_COLUMNS}) SELECT {patient}, {owed}, {credit} WHERE {condition}
           ON CONFLICT (patient_id) DO UPDATE SET owed = owed + excluded.owed, credit = credit + excluded.credit;"
    )
}

/// The triggers of a table of facts: each row does something when it comes, and the opposite when it goes.
fn facts(table: &str, adds: &str, takes: &str) -> [String; 3] {
    [
        trigger(&format!("{table}_insert"), &format!("INSERT ON {table}"), adds),
        trigger(&format!("{table}_update"), &format!("UPDATE ON {table}"), &format!("{takes} {adds}")),
        trigger(&format!("{table}_delete"), &format!("DELETE ON {table}"), takes),
    ]
}

fn payment_triggers() -> [String; 3] {
    let account = |row: &str, sign: &str| {
        let condition = format!("{row}.invoice_id IS NULL OR {row}.method = 'credit'");
        book(&format!("{row}.patient_id"), "0", &format!("{sign}({})", credit_of(row)), &condition)
    };
    let adds = settle(&settled_by_payment("NEW"), &pays("NEW")) + &account("NEW", "");
    let takes = unsettle(&settled_by_payment("OLD"), &pays("OLD")) + &account("OLD", "-");
    facts("payment", &adds, &takes)
}

fn document_triggers() -> [String; 3] {
    let adds = settle(&settled_by_document("NEW"), &credits("NEW")) + &refresh("NEW.invoice_id");
    let takes = unsettle(&settled_by_document("OLD"), &credits("OLD")) + &refresh("OLD.invoice_id");
    facts("invoice_document", &adds, &takes)
}

fn listing_triggers() -> [String; 3] {
    let account = |row: &str, sign: &str| {
        book(
            &format!("{row}.patient_id"),
            &format!("{sign}max({row}.balance, 0)"),
            &format!("{sign}max(-{row}.balance, 0)"),
            &format!("{row}.balance <> 0"),
        )
    };
    let (adds, takes) = (account("NEW", ""), account("OLD", "-"));
    let changes = "OLD.balance IS NOT NEW.balance OR OLD.patient_id IS NOT NEW.patient_id";
    [
        trigger("invoice_listing_insert", "INSERT ON invoice_listing", &adds),
        trigger(
            "invoice_listing_update",
            &format!("UPDATE OF balance, patient_id ON invoice_listing WHEN ({changes})"),
            &format!("{takes} {adds}"),
        ),
        trigger("invoice_listing_delete", "DELETE ON invoice_listing", &takes),
    ]
}

fn refreshing_triggers() -> [String; 6] {
    let (new, old) = (refresh("NEW.invoice_id"), refresh("OLD.invoice_id"));
    let invoice_changes = "OLD.status IS NOT NEW.status OR OLD.document_id IS NOT NEW.document_id
        OR OLD.patient_id IS NOT NEW.patient_id OR OLD.kind IS NOT NEW.kind OR OLD.created_at IS NOT NEW.created_at";
    [
        trigger("invoice_total_insert", "INSERT ON invoice_total", &new),
        trigger(
            "invoice_total_update",
            "UPDATE ON invoice_total WHEN (OLD.gross IS NOT NEW.gross OR OLD.faulty IS NOT NEW.faulty)",
            &new,
        ),
        trigger("invoice_settled_insert", "INSERT ON invoice_settled", &new),
        trigger("invoice_settled_update", "UPDATE ON invoice_settled", &new),
        trigger("invoice_settled_delete", "DELETE ON invoice_settled", &old),
        trigger(
            "invoice_standing",
            &format!(
                "UPDATE OF status, document_id, patient_id, kind, created_at ON invoice WHEN ({invoice_changes})"
            ),
            &refresh("NEW.id"),
        ),
    ]
}

/// The view and the triggers, in the order they are to be made.
pub(super) fn statements() -> Vec<String> {
    let mut statements = vec![listing_source()];
    statements.extend(payment_triggers());
    statements.extend(document_triggers());
    statements.extend(listing_triggers());
    statements.extend(refreshing_triggers());
    statements.push(trigger(
        "invoice_listing_gone",
        "DELETE ON invoice",
        "DELETE FROM invoice_listing WHERE invoice_id = OLD.id;",
    ));
    statements
}

/// Empties what is derived and fills it anew, after the totals of invoices.
pub(super) fn rebuild() -> [String; 6] {
    [
        "DELETE FROM invoice_settled".to_owned(),
        format!("INSERT INTO invoice_settled ({SETTLED_COLUMNS}) {}", settled()),
        "DELETE FROM invoice_listing".to_owned(),
        format!(
            "INSERT INTO invoice_listing ({LISTING_COLUMNS}) SELECT {LISTING_COLUMNS} FROM invoice_listing_source"
        ),
        "DELETE FROM patient_account".to_owned(),
        format!("INSERT INTO patient_account ({ACCOUNT_COLUMNS}) {}", accounts()),
    ]
}
