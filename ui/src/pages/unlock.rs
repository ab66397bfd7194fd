use contract::{AppUnlock, AppUnlockCall, ErrorBody};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::field::TextField;
use crate::components::icon::{Glyph, Icon};
use crate::features::errors::sentence;
use crate::state::{Desk, use_desk};
use crate::{api, browser, t};

/// Shorter ones are guessed.
const PASSPHRASE_MIN_CHARS: usize = 12;

/// What is typed at the gate.
#[derive(Clone, Copy)]
struct Gate {
    first: bool,
    passphrase: RwSignal<String>,
    again: RwSignal<String>,
    problem: RwSignal<Option<String>>,
    working: RwSignal<bool>,
}

impl Gate {
    fn fault(self) -> Option<&'static str> {
        let (passphrase, again) = (self.passphrase.get_untracked(), self.again.get_untracked());
        match () {
            () if passphrase.is_empty() => Some(t!(gate.empty)),
            () if self.first && passphrase.chars().count() < PASSPHRASE_MIN_CHARS => Some(t!(gate.too_short)),
            () if self.first && passphrase != again => Some(t!(gate.differ)),
            () => None,
        }
    }

    fn submit(self, desk: Desk) {
        if let Some(fault) = self.fault() {
            return self.problem.set(Some(fault.to_owned()));
        }
        self.problem.set(None);
        self.working.set(true);
        let passphrase = self.passphrase.get_untracked();
        spawn_local(async move {
            let answer = api::call::<AppUnlockCall>(AppUnlock { passphrase }).await;
            self.working.try_set(false);
            match answer {
                Ok(status) => desk.status.put(status),
                Err(error) => self.refused(&error),
            }
        });
    }

    fn refused(self, error: &ErrorBody) {
        self.problem.try_set(Some(sentence(error)));
        browser::focus_soon("#unlock-passphrase");
    }
}

/// The passphrase that opens the database, or that is chosen at the first start.
#[component]
pub fn Unlock(first: bool) -> impl IntoView {
    let desk = use_desk();
    let gate = Gate {
        first,
        passphrase: RwSignal::new(String::new()),
        again: RwSignal::new(String::new()),
        problem: RwSignal::new(None),
        working: RwSignal::new(false),
    };
    browser::focus_soon("#unlock-passphrase");
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        gate.submit(desk);
    };
    let (title, text) =
        if first { (t!(gate.choose), t!(gate.choose_text)) } else { (t!(gate.unlock), t!(gate.unlock_text)) };
    view! {
        <form class="gate-panel" on:submit=submit>
            <span class="placeholder-icon"><Icon glyph=Glyph::Lock /></span>
            <h1 class="title">{title}</h1>
            <p class="text-muted">{text}</p>
            <Passphrase id="unlock-passphrase" label=t!(gate.passphrase) value=gate.passphrase first problem=gate.problem />
            {first.then(|| view! { <Passphrase id="unlock-passphrase-again" label=t!(gate.again) value=gate.again first /> })}
            <button
                type="submit"
                class="button is-primary self-start"
                data-testid="unlock-button"
                prop:disabled=move || gate.working.get()
            >
                {move || if gate.working.get() { t!(gate.working) } else { title_of_button(first) }}
            </button>
            {first.then(|| view! { <p class="caption">{t!(gate.no_way_back)}</p> })}
        </form>
    }
}

fn title_of_button(first: bool) -> &'static str {
    if first { t!(gate.create) } else { t!(gate.open) }
}

#[component]
fn Passphrase(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    first: bool,
    #[prop(optional, into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <TextField
            id
            label=label.to_owned()
            value
            on_input=move |text| value.set(text)
            kind="password"
            autocomplete=if first { "new-password" } else { "current-password" }
            problem
            test_id=id
        />
    }
}
