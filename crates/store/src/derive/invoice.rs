//! What invoices add up to. Each line tells by how much it changes the sum of its tax; an invoice's totals are worked out
//! from those sums, of which there are as many as it has taxes.

use super::{Result1, Stateless, text_at, trigger};
use crate::ffi::{Answer, Arguments, add_function};
use domain::invoice::{Discount, Tax, TaxCategory, Totals, line_net, totals};
use domain::patient::Word;
use sqlx::SqliteConnection;
use std::sync::Arc;

/// No sum goes beyond this, so that the next line overflows nothing either.
const SUM_MAX: i64 = 9_000_000_000_000_000_000;

pub(crate) const TAX_COLUMNS: &str = "invoice_id, category, rate, net, lines, faulty";
pub(crate) const TOTAL_COLUMNS: &str = "invoice_id, lines, net, tax, gross, faulty";

/// The sums of all lines.
pub(crate) const TAXES: &str = "
    SELECT invoice_id, tax_category AS category, tax_rate AS rate,
      sum(coalesce(line_net(quantity, price, discount_kind, discount), 0)) AS net, count(*) AS lines,
      sum(line_net(quantity, price, discount_kind, discount) IS NULL) AS faulty
    FROM invoice_line GROUP BY invoice_id, tax_category, tax_rate";

/// The totals of invoices, from the sums.
pub(crate) fn totals_where(condition: &str) -> String {
    format!(
        "SELECT id AS invoice_id, lines, totals ->> 0 AS net, totals ->> 1 AS tax, totals ->> 2 AS gross,
           totals ->> 3 OR faulty AS faulty
         FROM (
           SELECT i.id, coalesce(sum(t.lines), 0) AS lines, coalesce(sum(t.faulty), 0) > 0 AS faulty,
             invoice_totals(json_group_array(json_array(t.category, t.rate, t.net)) FILTER (WHERE t.lines IS NOT NULL),
               i.discount_kind, i.discount) AS totals
           FROM invoice i LEFT JOIN invoice_tax t ON t.invoice_id = i.id
           WHERE {condition} GROUP BY i.id)
         WHERE true"
    )
}

fn keep_totals(invoice: &str) -> String {
    let totals = totals_where(&format!("i.id = {invoice}"));
    format!(
        "INSERT INTO invoice_total ({TOTAL_COLUMNS}) {totals}
           ON CONFLICT (invoice_id) DO UPDATE SET lines = excluded.lines, net = excluded.net, tax = excluded.tax,
             gross = excluded.gross, faulty = excluded.faulty;"
    )
}

fn net(row: &str) -> String {
    format!("line_net({row}.quantity, {row}.price, {row}.discount_kind, {row}.discount)")
}

fn add_new() -> String {
    let net = net("NEW");
    format!(
        "INSERT INTO invoice_tax ({TAX_COLUMNS})
           VALUES (NEW.invoice_id, NEW.tax_category, NEW.tax_rate, coalesce({net}, 0), 1, {net} IS NULL)
           ON CONFLICT (invoice_id, category, rate) DO UPDATE
             SET net = max(min(net + excluded.net, {SUM_MAX}), -{SUM_MAX}), lines = lines + 1, faulty = faulty + excluded.faulty;"
    )
}

fn take_old() -> String {
    let net = net("OLD");
    let of = "invoice_id = OLD.invoice_id AND category = OLD.tax_category AND rate = OLD.tax_rate";
    format!(
        "UPDATE invoice_tax
           SET net = max(min(net - coalesce({net}, 0), {SUM_MAX}), -{SUM_MAX}), lines = lines - 1, faulty = faulty - ({net} IS NULL)
           WHERE {of};
         DELETE FROM invoice_tax WHERE {of} AND lines <= 0;"
    )
}

pub(super) fn triggers() -> [String; 7] {
    let (add, take) = (add_new(), take_old());
    let (new, old) = (keep_totals("NEW.invoice_id"), keep_totals("OLD.invoice_id"));
    let amounts = "quantity, price, discount_kind, discount, tax_category, tax_rate";
    let stays = "OLD.invoice_id IS NEW.invoice_id";
    [
        trigger("invoice_line_insert", "INSERT ON invoice_line", &format!("{add} {new}")),
        trigger(
            "invoice_line_update",
            &format!("UPDATE OF {amounts} ON invoice_line WHEN {stays}"),
            &format!("{take} {add} {new}"),
        ),
        trigger(
            "invoice_line_move",
            &format!("UPDATE OF invoice_id ON invoice_line WHEN NOT ({stays})"),
            &format!("{take} {add} {new} {old}"),
        ),
        trigger("invoice_line_delete", "DELETE ON invoice_line", &format!("{take} {old}")),
        trigger("invoice_insert", "INSERT ON invoice", &keep_totals("NEW.id")),
        trigger("invoice_update", "UPDATE OF discount_kind, discount ON invoice", &keep_totals("NEW.id")),
        trigger(
            "invoice_delete",
            "DELETE ON invoice",
            "DELETE FROM invoice_total WHERE invoice_id = OLD.id;",
        ),
    ]
}

/// Empties what is derived and fills it anew.
pub(super) fn rebuild() -> [String; 4] {
    [
        "DELETE FROM invoice_tax".to_owned(),
        format!("INSERT INTO invoice_tax ({TAX_COLUMNS}) {TAXES}"),
        "DELETE FROM invoice_total".to_owned(),
        format!("INSERT INTO invoice_total ({TOTAL_COLUMNS}) {}", totals_where("true")),
    ]
}

/// A line's net amount; NULL if it cannot be so.
fn net_of_line(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    let discount = Discount::from_parts(text_at(arguments, 2), arguments.integer(3));
    let net =
        discount.and_then(|discount| line_net(arguments.integer(0), arguments.integer(1), discount).ok());
    Ok(net.map_or(Answer::Null, Answer::Integer))
}

/// `[net, tax, gross, faulty]` of the sums `[[category, rate, net], …]`.
fn totals_of_sums(_: &Stateless, arguments: &Arguments<'_>) -> Result1 {
    let sums: Vec<(String, i64, i64)> = serde_json::from_str(text_at(arguments, 0)).unwrap_or_default();
    let known = |(category, rate, net): (String, i64, i64)| {
        let tax = Tax { category: TaxCategory::from_word(&category)?, rate: u32::try_from(rate).ok()? };
        tax.is_possible().then_some((tax, net))
    };
    let all = sums.len();
    let sums: Vec<_> = sums.into_iter().filter_map(known).collect();
    let discount = Discount::from_parts(text_at(arguments, 1), arguments.integer(2));
    let judged = discount.and_then(|discount| totals(&sums, discount).ok());
    let faulty = judged.is_none() || sums.len() < all;
    let Totals { net, tax, gross, .. } =
        judged.or_else(|| totals(&sums, Discount::None).ok()).unwrap_or_default();
    Ok(Answer::Text(format!("[{net},{tax},{gross},{}]", i32::from(faulty))))
}

pub(super) async fn register_functions(
    connection: &mut SqliteConnection,
    none: &Arc<Stateless>,
) -> Result<(), sqlx::Error> {
    add_function(connection, "line_net", 4, true, none, net_of_line).await?;
    add_function(connection, "invoice_totals", 3, true, none, totals_of_sums).await
}
