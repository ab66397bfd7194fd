//! What an invoice adds up to, by the calculation rules of EN 16931 (its terms and rules are named: BT-…, BR-…).
//!
//! Everything is in minor units of the clinic's currency and computed exactly; halves are rounded away from zero, so
//! that the credit of an invoice is its mirror image.

use crate::field::Problem;
use crate::money::{AMOUNT_MAX, rounded};
use crate::patient::{Word, words};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

mod credit;
pub mod document;
pub mod payment;

#[cfg(test)]
mod tests;

/// Quantities are counted in thousandths: 1.5 hours are 1,500.
pub const QUANTITY_SCALE: i64 = 1_000;
/// A million of whatever is sold.
pub const QUANTITY_MAX: i64 = 1_000_000 * QUANTITY_SCALE;
/// Rates and shares are in basis points: 19 % are 1,900.
pub const WHOLE: u32 = 10_000;

/// How an amount is taxed (BT-118, BT-151; codes of UNTDID 5305).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxCategory {
    /// `S`
    #[default]
    Standard,
    /// `Z`: taxed, at nothing.
    Zero,
    /// `E`: not taxed, such as medical treatment in many countries.
    Exempt,
}

/// What an invoice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    #[default]
    Invoice,
    /// Takes back what an invoice charged, in whole or in part (BT-3: 381).
    CreditNote,
}

/// How far an invoice is. From the second on it follows from what was issued and paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    #[default]
    Draft,
    Issued,
    PartPaid,
    Paid,
    Void,
}

/// What a catalogue item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    #[default]
    Service,
    Product,
    /// A service to be had several times.
    Package,
}

words! {
    TaxCategory { Standard = "standard", Zero = "zero", Exempt = "exempt" }
    InvoiceKind { Invoice = "invoice", CreditNote = "credit_note" }
    InvoiceStatus { Draft = "draft", Issued = "issued", PartPaid = "part_paid", Paid = "paid", Void = "void" }
    ItemKind { Service = "service", Product = "product", Package = "package" }
}

/// Category and rate (BT-119, BT-152), which make one row of an invoice's taxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tax {
    pub category: TaxCategory,
    /// Basis points; 0 unless the category is standard (BR-Z-05, BR-E-05).
    pub rate: u32,
}

impl Tax {
    /// Whether the rate goes with the category.
    pub fn is_possible(self) -> bool {
        self.rate <= WHOLE && (self.category == TaxCategory::Standard || self.rate == 0)
    }
}

/// What is taken off a line (BG-27) or an invoice (BG-20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Discount {
    #[default]
    None,
    /// Minor units.
    Amount(i64),
    /// Basis points.
    Share(u32),
}

impl Discount {
    /// By the word for its kind, and its value; none of a kind that is not known here.
    pub fn from_parts(kind: &str, value: i64) -> Option<Self> {
        match kind {
            "none" => Some(Self::None),
            "amount" => Some(Self::Amount(value)),
            "share" => u32::try_from(value).ok().map(Self::Share),
            _ => None,
        }
    }

    /// The word for its kind, and its value.
    pub fn parts(self) -> (&'static str, i64) {
        match self {
            Self::None => ("none", 0),
            Self::Amount(amount) => ("amount", amount),
            Self::Share(share) => ("share", share.into()),
        }
    }

    /// What is taken off `amount`, of which it is a part: of an amount below nothing it is below nothing as well.
    fn of(self, amount: i128) -> Result<i128, Problem> {
        let off = match self {
            Self::None => 0,
            Self::Amount(discount) => discount.into(),
            Self::Share(share) if share > WHOLE => return Err(Problem::TooMuchOff),
            Self::Share(share) => rounded(amount * i128::from(share), WHOLE.into()),
        };
        let is_part = if amount < 0 { (amount..=0).contains(&off) } else { (0..=amount).contains(&off) };
        if is_part { Ok(off) } else { Err(Problem::TooMuchOff) }
    }
}

/// A line's net amount (BT-131): quantity (BT-129, thousandths) times price (BT-146), rounded, less the discount.
///
/// # Errors
/// [`Problem::TooLarge`]: a quantity, a price or the product is; [`Problem::TooMuchOff`]: a negative discount, or one that is
/// more than the line.
pub fn line_net(quantity: i64, price: i64, discount: Discount) -> Result<i64, Problem> {
    let is_within = |amount: i128, most: i64| amount.unsigned_abs() <= u128::from(most.unsigned_abs());
    if !is_within(quantity.into(), QUANTITY_MAX) || !is_within(price.into(), AMOUNT_MAX) {
        return Err(Problem::TooLarge);
    }
    let gross = rounded(i128::from(quantity) * i128::from(price), QUANTITY_SCALE.into());
    let off = discount.of(gross)?;
    let net = gross - off;
    if !is_within(net, AMOUNT_MAX) {
        return Err(Problem::TooLarge);
    }
    small(net)
}

/// One row of the taxes (BG-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxTotal {
    pub tax: Tax,
    /// What of the invoice's discount falls on it (BT-92, in its row).
    pub discount: i64,
    /// BT-116.
    pub taxable: i64,
    /// BT-117.
    pub amount: i64,
}

/// What an invoice adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The lines (BT-106).
    pub lines: i64,
    /// The discount on the whole (BT-107).
    pub discount: i64,
    /// Without tax (BT-109).
    pub net: i64,
    /// BT-110.
    pub tax: i64,
    /// With tax (BT-112).
    pub gross: i64,
    pub taxes: Vec<TaxTotal>,
}

impl Totals {
    /// What is still to be paid (BT-115) after `paid` (BT-113): negative if it was too much.
    pub fn due(&self, paid: i64) -> i64 {
        self.gross.saturating_sub(paid)
    }
}

/// What the lines' sums per tax come to. `sums` has each tax once.
///
/// The discount is divided among the taxes in proportion to their sums (BR-CO-13 and BR-S-08 ask for a discount of each
/// tax, not how it is found). Each gets the whole units of its share; the units that are left go to the largest fractions,
/// and of equal ones to the higher rate.
///
/// # Errors
/// [`Problem::TooMuchOff`]: a negative discount, one above the sum of the lines, or any if that sum is not positive;
/// [`Problem::TooLarge`].
pub fn totals(sums: &[(Tax, i64)], discount: Discount) -> Result<Totals, Problem> {
    let lines: i128 = sums.iter().map(|(_, sum)| i128::from(*sum)).sum();
    let off = discount.of(lines)?;
    if off < 0 {
        // Nobody gives a discount on what is given back.
        return Err(Problem::TooMuchOff);
    }
    let mut taxes = Vec::with_capacity(sums.len());
    for ((tax, sum), discount) in sums.iter().zip(divided(off, sums, lines)) {
        let taxable = i128::from(*sum) - discount;
        let amount = rounded(taxable * i128::from(tax.rate), WHOLE.into());
        taxes.push(TaxTotal {
            tax: *tax,
            discount: small(discount)?,
            taxable: small(taxable)?,
            amount: small(amount)?,
        });
    }
    let tax: i128 = taxes.iter().map(|row| i128::from(row.amount)).sum();
    let net = lines - off;
    Ok(Totals {
        lines: small(lines)?,
        discount: small(off)?,
        net: small(net)?,
        tax: small(tax)?,
        gross: small(net + tax)?,
        taxes,
    })
}

/// The sums of lines for each tax, in the order of rates: what [`totals`] takes.
pub fn sums(lines: impl Iterator<Item = (Tax, i64)>) -> Vec<(Tax, i64)> {
    let mut sums = BTreeMap::<Tax, i64>::new();
    for (tax, net) in lines {
        let sum = sums.entry(tax).or_default();
        *sum = sum.saturating_add(net);
    }
    sums.into_iter().collect()
}

fn small(amount: i128) -> Result<i64, Problem> {
    i64::try_from(amount).map_err(|_| Problem::TooLarge)
}

/// `whole` in proportion to the sums, whose total is `of`; the parts add up to it.
fn divided(whole: i128, sums: &[(Tax, i64)], of: i128) -> Vec<i128> {
    if whole == 0 {
        return vec![0; sums.len()];
    }
    let mut parts: Vec<_> = sums.iter().map(|(_, sum)| (whole * i128::from(*sum)).div_euclid(of)).collect();
    let left = whole - parts.iter().sum::<i128>();
    let mut places: Vec<_> = (0..sums.len()).collect();
    places.sort_by_key(|place| {
        let (tax, sum) = sums[*place];
        (Reverse((whole * i128::from(sum)).rem_euclid(of)), Reverse(tax.rate), tax.category)
    });
    let left = usize::try_from(left).unwrap_or(0);
    for place in places.into_iter().take(left) {
        parts[place] += 1;
    }
    parts
}
