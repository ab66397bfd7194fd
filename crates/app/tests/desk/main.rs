//! The use cases, on real databases, through the door that the window uses. Every call fails above
//! its command's budget.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::panic, reason = "a test that cannot go on fails")]

mod days;
mod imports;
mod invoices;
mod pages;
mod patients;
mod starting;
mod support;
