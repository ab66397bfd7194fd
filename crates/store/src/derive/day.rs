//! Which payments are in which day's close, and which are in none yet.

use super::trigger;

pub(crate) const CLOSED_COLUMNS: &str = "payment_id, close_id, closed_at";
pub(crate) const OPEN_COLUMNS: &str = "taken_on, payment_id";

fn ids(row: &str) -> String {
    format!("json_each(iif(json_valid({row}.payments), {row}.payments, '[]')) v")
}

/// What is in closes, of all: of two that have the same payment the earlier one.
pub(crate) fn closed() -> String {
    format!(
        "SELECT payment_id, close_id, closed_at FROM (
           SELECT unhex(v.value) AS payment_id, c.id AS close_id, c.closed_at,
             row_number() OVER (PARTITION BY unhex(v.value) ORDER BY c.closed_at, c.id) AS place
           FROM day_close c, {} WHERE length(unhex(v.value)) = 16)
         WHERE place = 1",
        ids("c")
    )
}

/// What is in none, of all.
pub(crate) const OPEN: &str = "SELECT taken_on, id AS payment_id FROM payment p
    WHERE NOT EXISTS (SELECT 1 FROM closed_payment c WHERE c.payment_id = p.id)";

/// Whatever of the `payments` of a close is in none.
fn reopen(condition: &str) -> String {
    format!("INSERT INTO open_payment ({OPEN_COLUMNS}) {OPEN} AND {condition} ON CONFLICT DO NOTHING;")
}

pub(super) fn statements() -> [String; 5] {
    let close = format!(
        "INSERT INTO closed_payment ({CLOSED_COLUMNS})
           SELECT unhex(v.value), NEW.id, NEW.closed_at FROM {ids} WHERE length(unhex(v.value)) = 16
           ON CONFLICT (payment_id) DO UPDATE SET close_id = excluded.close_id, closed_at = excluded.closed_at
             WHERE (excluded.closed_at, excluded.close_id) < (closed_payment.closed_at, closed_payment.close_id);
         DELETE FROM open_payment WHERE (taken_on, payment_id) IN (
           SELECT p.taken_on, p.id FROM {ids} CROSS JOIN payment p ON p.id = unhex(v.value));",
        ids = ids("NEW")
    );
    // Nobody takes a close back. One that no server takes leaves the table, and others may have the same payments.
    let gone = format!(
        "DELETE FROM closed_payment WHERE close_id = OLD.id;
         INSERT INTO closed_payment ({CLOSED_COLUMNS}) {}
           AND payment_id IN (SELECT unhex(v.value) FROM {ids})
           ON CONFLICT DO NOTHING;
         {}",
        closed(),
        reopen(&format!("p.id IN (SELECT unhex(v.value) FROM {})", ids("OLD"))),
        ids = ids("OLD")
    );
    let add = reopen("p.id = NEW.id");
    let take = "DELETE FROM open_payment WHERE taken_on = OLD.taken_on AND payment_id = OLD.id;";
    [
        trigger("day_close_insert", "INSERT ON day_close", &close),
        trigger("day_close_delete", "DELETE ON day_close", &gone),
        trigger("payment_opened", "INSERT ON payment", &add),
        trigger("payment_moved", "UPDATE OF taken_on ON payment", &format!("{take} {add}")),
        trigger("payment_gone", "DELETE ON payment", take),
    ]
}

/// Empties what is derived and fills it anew.
pub(super) fn rebuild() -> [String; 4] {
    [
        "DELETE FROM closed_payment".to_owned(),
        format!("INSERT INTO closed_payment ({CLOSED_COLUMNS}) {}", closed()),
        "DELETE FROM open_payment".to_owned(),
        format!("INSERT INTO open_payment ({OPEN_COLUMNS}) {OPEN}"),
    ]
}
