//! A button that opens a list of choices.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusEvent, HtmlElement, KeyboardEvent, Node};

use crate::components::icon::{Glyph, Icon};
use crate::state::Action;

/// One choice.
#[derive(Clone)]
pub struct MenuItem {
    pub label: String,
    /// Stands at the right: a count, a key.
    pub aside: String,
    /// Whether this is the present choice.
    pub checked: bool,
    pub run: Action,
}

/// The button and, while it is open, its choices. Arrows move, Esc closes.
#[component]
pub fn Menu(
    #[prop(into)] label: String,
    #[prop(optional, into)] glyph: Option<Glyph>,
    /// Asked for each time the menu opens.
    items: impl Fn() -> Vec<MenuItem> + Send + Sync + 'static,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let trigger = NodeRef::<html::Button>::new();
    let close = move || {
        open.set(false);
        if let Some(button) = trigger.get_untracked() {
            let _ = button.focus();
        }
    };
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" if open.get_untracked() => {
            event.prevent_default();
            event.stop_propagation();
            close();
        }
        "ArrowDown" | "ArrowUp" => {
            event.prevent_default();
            open.set(true);
            move_focus(root, event.key() == "ArrowDown");
        }
        _ => {}
    };
    let left = move |event: FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
        let inside = root.get_untracked().is_some_and(|root| to.is_some_and(|to| root.contains(Some(&to))));
        if !inside {
            open.set(false);
        }
    };
    let list = move || {
        let entries = items().into_iter().map(|item| view! { <Entry item close /> }).collect_view();
        view! { <div class="menu appear" role="menu">{entries}</div> }
    };
    view! {
        <div class="menu-root" node_ref=root on:keydown=keys on:focusout=left>
            <button
                type="button"
                class="button is-quiet"
                node_ref=trigger
                aria-haspopup="menu"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {glyph.map(|glyph| view! { <Icon glyph /> })}
                {label}
            </button>
            {move || open.get().then(&list)}
        </div>
    }
}

#[component]
fn Entry(item: MenuItem, close: impl Fn() + 'static) -> impl IntoView {
    let MenuItem { label, aside, checked, run } = item;
    let press = move |_| {
        close();
        run();
    };
    view! {
        <button type="button" class="menu-item" role="menuitemcheckbox" aria-checked=checked.to_string() on:click=press>
            <span class="menu-check">{checked.then(|| view! { <Icon glyph=Glyph::Check /> })}</span>
            <span class="clip">{label}</span>
            <span class="menu-aside tabular">{aside}</span>
        </button>
    }
}

/// The next choice, or the first; once the list is there.
fn move_focus(root: NodeRef<html::Div>, down: bool) {
    request_animation_frame(move || {
        let Some(list) =
            root.get_untracked().and_then(|root| root.query_selector_all("[role^=menuitem]").ok())
        else {
            return;
        };
        let length = list.length();
        let item = |at: u32| list.item(at).and_then(|node| node.dyn_into::<HtmlElement>().ok());
        let focused = crate::browser::focused();
        let at = (0..length).find(|at| item(*at).is_some_and(|item| Some(&item) == focused.as_ref()));
        let next = match (at, down) {
            (Some(at), true) => (at + 1) % length.max(1),
            (Some(at), false) => (at + length - 1) % length.max(1),
            (None, true) => 0,
            (None, false) => length.saturating_sub(1),
        };
        if let Some(item) = item(next) {
            let _ = item.focus();
        }
    });
}
