//! A dialog. The browser's own element traps the focus, gives it back, and closes on Esc.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

/// Something that is to be dealt with before anything else.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] class: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = element.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                let _ = dialog.show_modal();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // A press on what lies around the content lands on the dialog itself.
    let press = move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if target.is_some_and(|target| target.tag_name() == "DIALOG") {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=element
            class=format!("dialog {class}")
            aria-label=move || label.get()
            on:close=move |_| open.set(false)
            on:mousedown=press
        >
            <Show when=move || open.get()>
                <div class="dialog-content">{children()}</div>
            </Show>
        </dialog>
    }
}

/// A dialog's title and the button that closes it.
#[component]
pub fn DialogHead(#[prop(into)] title: Signal<String>, open: RwSignal<bool>) -> impl IntoView {
    use crate::components::button::IconButton;
    use crate::components::icon::Glyph;
    view! {
        <header class="dialog-head">
            <h2>{move || title.get()}</h2>
            <IconButton
                label=crate::t!(action.close).to_owned()
                glyph=Glyph::Close
                on_press=move |_| open.set(false)
                key="Esc"
            />
        </header>
    }
}
