//! The real window, as a person uses it.

mod doors;
mod front_desk;
mod invoices;
mod sharing;
mod start;
