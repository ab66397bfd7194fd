//! The use cases, on real databases, through the door that the window uses. Every call fails above
//! its command's budget.

mod imports;
mod patients;
mod starting;
mod support;
