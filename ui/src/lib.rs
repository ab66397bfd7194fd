//! The page of the window: what people see and press.
//!
//! `pages/` has one file per route, `features/` what the pages show of each noun, `components/`
//! the parts they are made of, `state/` what several of them know, `view_model/` what is worked
//! out without a browser. `api` is the one way to the desk.

pub mod api;
mod browser;
mod components;
mod features;
pub mod i18n;
mod pages;
mod state;
pub mod view_model;

/// Shows the page.
pub fn start() {
    leptos::mount::mount_to_body(pages::Page);
}
