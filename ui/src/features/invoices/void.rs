use contract::{InvoiceVoid, InvoiceVoidRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::KeyboardEvent;

use super::store::Sheet;
use crate::components::button::{Button, Weight};
use crate::components::dialog::{Dialog, DialogHead};
use crate::components::field::TextField;
use crate::{api, browser, t};

fn number_of(sheet: Sheet) -> String {
    sheet.detail().map(|detail| detail.row.number.clone()).unwrap_or_default()
}

fn set_void(sheet: Sheet, void: bool, reason: String) {
    spawn_local(async move {
        match api::call::<InvoiceVoid>(InvoiceVoidRequest { id: sheet.id, void, reason }).await {
            Ok(_) if void => {
                let text = t!(invoice.was_void, number = number_of(sheet));
                sheet.desk.toasts.undoable(text, move || reinstate(sheet));
            }
            Ok(_) => sheet.desk.toasts.done(t!(invoice.was_reinstated, number = number_of(sheet))),
            Err(error) => sheet.desk.toasts.failed(&error),
        }
    });
}

/// Takes a void back.
pub fn reinstate(sheet: Sheet) {
    set_void(sheet, false, String::new());
}

/// Asks why.
#[component]
pub fn VoidDialog(sheet: Sheet, open: RwSignal<bool>) -> impl IntoView {
    let reason = RwSignal::new(String::new());
    Effect::new(move |_| {
        if open.get() {
            reason.set(String::new());
            browser::focus_soon("#void-reason");
        }
    });
    let run = move || {
        let why = reason.get_untracked();
        if !why.trim().is_empty() {
            open.set(false);
            set_void(sheet, true, why);
        }
    };
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            run();
        }
    };
    view! {
        <Dialog open label=t!(invoice.make_void).to_owned() class="pay-dialog">
            <DialogHead title=t!(invoice.void_why).to_owned() open />
            <div class="dialog-body pay" on:keydown=keys>
                <TextField
                    id="void-reason"
                    label=t!(invoice.void_reason).to_owned()
                    value=reason
                    on_input=move |text| reason.set(text)
                />
                <div class="pay-actions">
                    <span class="grow"></span>
                    <Button
                        label=t!(invoice.make_void).to_owned()
                        weight=Weight::Danger
                        disabled=Signal::derive(move || reason.with(|reason| reason.trim().is_empty()))
                        on_press=move |_| run()
                    />
                </div>
            </div>
        </Dialog>
    }
}
