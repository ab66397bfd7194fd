//! The little that is needed of the browser itself.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement};

pub fn document() -> Option<Document> {
    web_sys::window().and_then(|window| window.document())
}

/// The element that the next keystroke goes to.
pub fn focused() -> Option<HtmlElement> {
    document()?.active_element()?.dyn_into().ok()
}

pub fn find(selector: &str) -> Option<HtmlElement> {
    document()?.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Focuses what `selector` names: at once if it is there, so that the next key already goes to it.
pub fn focus(selector: &'static str) {
    match find(selector) {
        Some(element) => drop(element.focus()),
        None => focus_soon(selector),
    }
}

/// Focuses what `selector` names, once what is being rendered is there. Who has gone to another
/// field in the meantime stays in it.
pub fn focus_soon(selector: impl Into<String>) {
    let (selector, before) = (selector.into(), focused());
    request_animation_frame(move || {
        let moved = focused().is_some_and(|now| Some(&now) != before.as_ref() && takes_text(&now));
        if let Some(element) = find(&selector).filter(|_| !moved) {
            let _ = element.focus();
        }
    });
}

/// Focuses what `selector` names if the focus has gone with what had it.
pub fn focus_if_lost(selector: &'static str) {
    request_animation_frame(move || {
        let lost =
            focused().is_none_or(|element| element.tag_name() == "BODY" || element.offset_parent().is_none());
        if let Some(element) = find(selector).filter(|_| lost) {
            let _ = element.focus();
        }
    });
}

/// Whether a keystroke there is text.
pub fn takes_text(element: &Element) -> bool {
    match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => {
            let kind = element.get_attribute("type").unwrap_or_default();
            !matches!(kind.as_str(), "checkbox" | "radio" | "button" | "submit" | "file")
        }
        _ => element.get_attribute("contenteditable").is_some_and(|value| value != "false"),
    }
}

/// Marks what stands in a field, so that typing replaces it.
pub fn select_all(event: web_sys::FocusEvent) {
    event_target::<web_sys::HtmlInputElement>(&event).select();
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(now_ms()).unwrap_or_default()
}

/// Minutes by which this desk's clock is ahead of UTC at `at`.
pub fn offset_minutes(at: DateTime<Utc>) -> i32 {
    let date = js_sys::Date::new(&JsValue::from_f64(at.timestamp_millis() as f64));
    -(date.get_timezone_offset() as i32)
}

/// `at` by the clock on this desk's wall.
pub fn local(at: DateTime<Utc>) -> chrono::NaiveDateTime {
    at.naive_utc() + chrono::TimeDelta::minutes(i64::from(offset_minutes(at)))
}

/// The day it is at this desk.
pub fn today() -> NaiveDate {
    local(Utc.timestamp_millis_opt(now_ms()).single().unwrap_or_default()).date()
}

/// Puts `text` on the clipboard; whether that worked.
pub async fn copy(text: &str) -> bool {
    match web_sys::window() {
        Some(window) => JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok(),
        None => false,
    }
}

/// A remembered choice that is needed before the store can be asked. Never patient data.
pub fn remember(key: &str, value: &str) {
    if let Some(storage) = web_sys::window().and_then(|window| window.local_storage().ok().flatten()) {
        let _ = storage.set_item(key, value);
    }
}

pub fn remembered(key: &str) -> Option<String> {
    web_sys::window()?.local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Runs something once nothing has asked for it for a while.
#[derive(Clone, Default)]
pub struct Debounce {
    pending: Rc<RefCell<Option<TimeoutHandle>>>,
}

impl Debounce {
    /// Replaces what was waiting.
    pub fn run(&self, delay: Duration, then: impl FnOnce() + 'static) {
        self.cancel();
        let pending = self.pending.clone();
        let handle = set_timeout_with_handle(
            move || {
                pending.borrow_mut().take();
                then();
            },
            delay,
        );
        *self.pending.borrow_mut() = handle.ok();
    }

    /// Forgets what was waiting; whether there was something.
    pub fn cancel(&self) -> bool {
        match self.pending.borrow_mut().take() {
            Some(handle) => {
                handle.clear();
                true
            }
            None => false,
        }
    }
}

/// Scrolls what `selector` names into view, once what is being rendered is there.
pub fn reveal_soon(selector: impl Into<String>) {
    let selector = selector.into();
    request_animation_frame(move || {
        if let Some(element) = find(&selector) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}
