//! What is issued: everything that is printed, so that nothing that changes later can change what was handed out.

pub use super::credit::{Credit, credit};
use super::{Discount, InvoiceKind, Tax, Totals, line_net, sums, totals};
use crate::field::Problem;
use crate::id::{ActorId, CatalogueItemId, LineId};
use crate::money::{AMOUNT_MAX, Currency};
use crate::patient::Address;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An issued invoice or credit note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// BT-1.
    pub number: String,
    pub kind: InvoiceKind,
    /// BT-2.
    pub issued_on: NaiveDate,
    /// BT-5.
    pub currency: Currency,
    pub seller: Letterhead,
    pub buyer: Addressee,
    /// The number of the invoice that a credit note corrects (BT-25).
    #[serde(default)]
    pub corrects: Option<String>,
    pub lines: Vec<DocumentLine>,
    pub discount: Discount,
    pub totals: Totals,
    /// BT-22.
    #[serde(default)]
    pub note: String,
}

/// Who issues (BG-4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Letterhead {
    pub name: String,
    pub address: Address,
    pub phone: String,
    pub email: String,
    pub website: String,
    /// BT-31.
    pub tax_id: String,
    /// Stands at the foot of each page: bank, terms.
    pub footer: String,
}

/// Who is billed (BG-7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Addressee {
    pub name: String,
    pub address: Address,
}

/// A line as it was issued (BG-25). A line of a credit note has the id of the line that it takes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    pub id: LineId,
    #[serde(default)]
    pub item: Option<CatalogueItemId>,
    #[serde(default)]
    pub provider: Option<ActorId>,
    pub description: String,
    /// Thousandths.
    pub quantity: i64,
    pub price: i64,
    pub discount: Discount,
    pub tax: Tax,
    /// BT-131.
    pub net: i64,
}

/// What a line bills, before it is issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineContent {
    #[serde(default)]
    pub item: Option<CatalogueItemId>,
    #[serde(default)]
    pub provider: Option<ActorId>,
    pub description: String,
    /// Thousandths.
    pub quantity: i64,
    /// Without tax, minor units.
    pub price: i64,
    #[serde(default)]
    pub discount: Discount,
    pub tax: Tax,
}

impl LineContent {
    /// What it comes to.
    ///
    /// # Errors
    /// As [`line_net`]; a rate that its category cannot have.
    pub fn net(&self) -> Result<i64, Problem> {
        if !self.tax.is_possible() {
            return Err(Problem::NotAChoice);
        }
        line_net(self.quantity, self.price, self.discount)
    }
}

/// Lines as they are to be issued, and what they add up to.
///
/// # Errors
/// A line cannot be so, or they add up to more than an amount may be, or to less than nothing: that would be a credit note.
pub fn settle(
    lines: Vec<(LineId, LineContent)>,
    discount: Discount,
) -> Result<(Vec<DocumentLine>, Totals), Problem> {
    let issued = |(id, line): (LineId, LineContent)| {
        let net = line.net()?;
        let LineContent { item, provider, description, quantity, price, discount, tax } = line;
        Ok(DocumentLine { id, item, provider, description, quantity, price, discount, tax, net })
    };
    let lines = lines.into_iter().map(issued).collect::<Result<Vec<_>, Problem>>()?;
    let totals = totals(&sums(lines.iter().map(|line| (line.tax, line.net))), discount)?;
    if totals.gross > AMOUNT_MAX {
        return Err(Problem::TooLarge);
    }
    if totals.gross < 0 {
        return Err(Problem::TooMuchOff);
    }
    Ok((lines, totals))
}

/// The letters and digits of a series: none that are read for one another, and none that make words.
const SERIES: &[u8; 28] = b"23456789BCDFGHJKMNPQRSTVWXYZ";
const SERIES_CHARS: u32 = 3;

/// A code for a series, drawn from the random bits of an id.
pub fn series_code(random: Uuid) -> String {
    let base = SERIES.len() as u128;
    let drawn = |n| char::from(SERIES[(random.as_u128() / base.pow(n) % base) as usize]);
    (0..SERIES_CHARS).map(drawn).collect()
}

/// The number of a document: `K7Q-000123`.
pub fn number(series: &str, n: i64) -> String {
    format!("{series}-{n:06}")
}

#[cfg(test)]
mod tests;
