//! The end of a day.

use crate::page::Cursor;
use chrono::{DateTime, NaiveDate, Utc};
use domain::day::{Counted, Drawer};
use domain::id::{ActionId, CloseId};
use domain::invoice::payment::Method;
use domain::money::Currency;
use serde::{Deserialize, Serialize};

/// A day where the clinic is; today without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRef {
    #[serde(default)]
    pub day: Option<NaiveDate>,
}

/// What a day's close would cover: every payment up to it that is in no close yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDay {
    pub day: NaiveDate,
    pub currency: Currency,
    /// By method, without what was in the drawer before.
    pub expected: Vec<ExpectedMethod>,
    pub payments: u64,
    /// Those of earlier days, which came from a desk that was offline.
    pub late: u64,
    /// What the last close says to have been in the drawer before its day.
    pub float: i64,
    pub last_closed: Option<NaiveDate>,
}

/// What came in by one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedMethod {
    pub method: Method,
    pub amount: i64,
    pub payments: u64,
}

/// Closes a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCloseRequest {
    /// Drawn once for each time that somebody presses the key: the same one twice does it once.
    pub action: ActionId,
    /// Today without one.
    #[serde(default)]
    pub day: Option<NaiveDate>,
    /// What was in the drawer before the first payment.
    #[serde(default)]
    pub float: i64,
    pub drawer: Drawer,
    /// What was counted of each method but cash, which the drawer tells.
    #[serde(default)]
    pub counted: Vec<CountedMethod>,
    /// How many payments the person saw it to cover: others are not closed unseen.
    pub payments: u64,
    /// Needed where something differs.
    #[serde(default)]
    pub explanation: String,
}

/// What was counted of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedMethod {
    pub method: Method,
    pub amount: i64,
}

/// A day that was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedDay {
    pub id: CloseId,
    pub day: NaiveDate,
    pub closed_at: DateTime<Utc>,
    pub float: i64,
    pub drawer: Drawer,
    /// Cash with what was in the drawer before.
    pub methods: Vec<Counted>,
    pub explanation: String,
}

/// A page of closes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayListRequest {
    #[serde(default)]
    pub after: Option<Cursor>,
    /// 1 to 200; 0 stands for 50.
    #[serde(default)]
    pub limit: u32,
}
