//! Taking money, and giving it back.

use crate::field::Problem;
use crate::money::AMOUNT_MAX;
use crate::patient::{Word, words};
use serde::{Deserialize, Serialize};

/// How somebody pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    #[default]
    Cash,
    /// At the card terminal.
    Card,
    Transfer,
    GiftCard,
    /// From what the clinic owes the patient.
    Credit,
}

words! {
    Method { Cash = "cash", Card = "card", Transfer = "transfer", GiftCard = "gift_card", Credit = "credit" }
}

/// What to do with more than is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excess {
    /// Ask first: nothing is taken.
    #[default]
    Refuse,
    /// Given back in cash.
    Change,
    /// Kept as the patient's credit.
    Credit,
}

/// One of the methods of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tender {
    pub method: Method,
    /// What is handed over, minor units; above nothing.
    pub amount: i64,
    /// What the terminal or the bank calls it.
    #[serde(default)]
    pub reference: String,
}

/// What is booked of a tender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which of the tenders.
    pub tender: usize,
    /// Goes to the invoice.
    pub amount: i64,
    /// Goes to the patient's credit.
    pub credit: i64,
    /// Given back in cash.
    pub change: i64,
}

/// Divides what is handed over between what is due, the patient's credit and change. Cash is counted last, so that what is
/// too much is cash as far as it can be.
///
/// # Errors
/// [`Problem::Required`]: nothing is handed over; [`Problem::TooLarge`]: more than an amount may be; [`Problem::AboveDue`]:
/// more than is due, and it is not said what to do with it, or it cannot be given back in cash, or it comes from the
/// patient's credit already.
pub fn divide(tenders: &[Tender], due: i64, excess: Excess) -> Result<Vec<Share>, Problem> {
    if tenders.is_empty() || tenders.iter().any(|tender| tender.amount <= 0) {
        return Err(Problem::Required);
    }
    if tenders.iter().any(|tender| tender.amount > AMOUNT_MAX) {
        return Err(Problem::TooLarge);
    }
    let mut order: Vec<_> = (0..tenders.len()).collect();
    let rank = |method| match method {
        Method::Credit => 0,
        Method::Cash => 2,
        Method::Card | Method::Transfer | Method::GiftCard => 1,
    };
    order.sort_by_key(|at| rank(tenders[*at].method));
    let mut left = due.max(0);
    let mut shares = Vec::with_capacity(tenders.len());
    for at in order {
        let Tender { method, amount: given, .. } = tenders[at];
        let amount = given.min(left);
        left -= amount;
        let over = given - amount;
        let (credit, change) = match (over, excess, method) {
            (0, ..) => (0, 0),
            (_, Excess::Change, Method::Cash) => (0, over),
            (_, Excess::Credit, Method::Cash | Method::Card | Method::Transfer) => (over, 0),
            _ => return Err(Problem::AboveDue),
        };
        shares.push(Share { tender: at, amount, credit, change });
    }
    shares.sort_by_key(|share| share.tender);
    Ok(shares)
}

#[cfg(test)]
mod tests;
