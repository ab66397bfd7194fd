//! Taking back what an issued invoice charged.

use super::document::{Document, DocumentLine};
use super::{Discount, TaxTotal, Totals, sums, totals};
use crate::field::Problem;
use crate::id::LineId;
use crate::money::rounded;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// What a credit note says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub lines: Vec<DocumentLine>,
    pub discount: Discount,
    pub totals: Totals,
}

/// What was taken back of a line already.
#[derive(Clone, Copy, Default)]
struct Taken {
    quantity: i64,
    net: i64,
}

/// What is taken back of `invoice`, after `earlier` credit notes: of the `wanted` lines so much each (thousandths), or all that
/// is left.
///
/// A line gives back its net amount in proportion to the quantity, and so does the discount on the whole. The last credit note
/// takes what is left, tax by tax, so that all of them together are the invoice's mirror image: its tax may then differ by one
/// unit from what its rate would give, which EN 16931's rules (BR-CO-17, BR-S-09) allow for.
///
/// # Errors
/// [`Problem::NoSuchRecord`]: the invoice has no such line; [`Problem::Repeated`]: a line is there twice;
/// [`Problem::AboveDue`]: more than is left of a line; [`Problem::Required`]: nothing of it is left, or nothing is wanted.
pub fn credit(
    invoice: &Document,
    earlier: &[Document],
    wanted: Option<&[(LineId, i64)]>,
) -> Result<Credit, Problem> {
    let mut taken = BTreeMap::<LineId, Taken>::new();
    for line in earlier.iter().flat_map(|note| &note.lines) {
        let taken = taken.entry(line.id).or_default();
        taken.quantity = taken.quantity.saturating_add(line.quantity);
        taken.net = taken.net.saturating_add(line.net);
    }
    let taken_of = |line: &DocumentLine| taken.get(&line.id).copied().unwrap_or_default();
    let wanted = wanted.map(quantities).transpose()?;
    if let Some(unknown) = &wanted
        && unknown.keys().any(|id| !invoice.lines.iter().any(|line| line.id == *id))
    {
        return Err(Problem::NoSuchRecord);
    }
    let mut lines = Vec::new();
    let mut is_all = true;
    for line in &invoice.lines {
        let taken = taken_of(line);
        let left = line.quantity.saturating_sub(taken.quantity);
        let quantity = match &wanted {
            None => left,
            Some(wanted) => wanted.get(&line.id).copied().unwrap_or(0),
        };
        if quantity != 0 {
            lines.push(part(line, taken, quantity)?);
        }
        is_all &= quantity == left;
    }
    if lines.is_empty() {
        return Err(Problem::Required);
    }
    if is_all {
        let totals = left_over(&invoice.totals, earlier);
        let discount = amount(totals.discount);
        return Ok(Credit { lines, discount, totals });
    }
    let sums = sums(lines.iter().map(|line| (line.tax, line.net)));
    let net: i128 = lines.iter().map(|line| i128::from(line.net)).sum();
    let off = match invoice.totals.lines {
        0 => 0,
        of => {
            rounded(i128::from(invoice.totals.discount) * net * i128::from(of.signum()), i128::from(of).abs())
        }
    };
    let discount = amount(i64::try_from(off).map_err(|_| Problem::TooLarge)?);
    let totals = totals(&sums, discount)?;
    Ok(Credit { lines, discount, totals })
}

fn quantities(wanted: &[(LineId, i64)]) -> Result<BTreeMap<LineId, i64>, Problem> {
    let by_line: BTreeMap<_, _> = wanted.iter().copied().collect();
    if by_line.len() == wanted.len() { Ok(by_line) } else { Err(Problem::Repeated) }
}

fn amount(discount: i64) -> Discount {
    if discount == 0 { Discount::None } else { Discount::Amount(discount) }
}

/// So much of a line as is taken back: the last of it takes what is left of its amount.
fn part(line: &DocumentLine, taken: Taken, quantity: i64) -> Result<DocumentLine, Problem> {
    let left = line.quantity.saturating_sub(taken.quantity);
    if quantity.signum() != left.signum() || quantity.unsigned_abs() > left.unsigned_abs() {
        return Err(Problem::AboveDue);
    }
    let net = if quantity == left {
        line.net.saturating_sub(taken.net)
    } else {
        let share = i128::from(line.net) * i128::from(quantity) * i128::from(line.quantity.signum());
        let net = rounded(share, i128::from(line.quantity).abs());
        i64::try_from(net).map_err(|_| Problem::TooLarge)?
    };
    let gross = rounded(i128::from(quantity) * i128::from(line.price), super::QUANTITY_SCALE.into());
    let off = i64::try_from(gross - i128::from(net)).map_err(|_| Problem::TooLarge)?;
    Ok(DocumentLine { quantity, net, discount: amount(off), ..line.clone() })
}

/// What the credit notes have left of an invoice.
fn left_over(invoice: &Totals, earlier: &[Document]) -> Totals {
    let mut left = invoice.clone();
    for note in earlier {
        let Totals { lines, discount, net, tax, gross, taxes } = &note.totals;
        left.lines -= lines;
        left.discount -= discount;
        left.net -= net;
        left.tax -= tax;
        left.gross -= gross;
        for row in taxes {
            if let Some(of) = left.taxes.iter_mut().find(|of| of.tax == row.tax) {
                of.discount -= row.discount;
                of.taxable -= row.taxable;
                of.amount -= row.amount;
            }
        }
    }
    let is_something = |row: &TaxTotal| row.taxable != 0 || row.amount != 0;
    left.taxes.retain(is_something);
    left
}
