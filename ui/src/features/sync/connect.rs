use contract::{ErrorBody, SyncPair, SyncPairCall};
use domain::field::{FieldError, Problem};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::field::{Field, TextField};
use crate::features::errors::{self, sentence};
use crate::state::{Desk, use_desk};
use crate::{api, browser, t};

/// What is typed to connect this desk.
#[derive(Clone, Copy)]
struct Form {
    address: RwSignal<String>,
    code: RwSignal<String>,
    device_name: RwSignal<String>,
    authority: RwSignal<String>,
    own_authority: RwSignal<bool>,
    problems: RwSignal<Vec<FieldError>>,
    failure: RwSignal<Option<ErrorBody>>,
    working: RwSignal<bool>,
}

impl Form {
    /// A desk that was connected before keeps its server and its name.
    fn new(desk: Desk, again: bool) -> Self {
        let server = desk
            .sync
            .value
            .with_untracked(|status| status.as_ref().and_then(|status| status.server.clone()))
            .filter(|_| again);
        let (address, device_name) =
            server.map(|server| (server.address, server.device_name)).unwrap_or_default();
        Self {
            address: RwSignal::new(address),
            code: RwSignal::new(String::new()),
            device_name: RwSignal::new(device_name),
            authority: RwSignal::new(String::new()),
            own_authority: RwSignal::new(false),
            problems: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
            working: RwSignal::new(false),
        }
    }

    fn request(self) -> SyncPair {
        let trimmed = |field: RwSignal<String>| field.with_untracked(|text| text.trim().to_owned());
        let authority = Some(trimmed(self.authority))
            .filter(|authority| self.own_authority.get_untracked() && !authority.is_empty());
        SyncPair {
            address: trimmed(self.address),
            code: trimmed(self.code),
            device_name: trimmed(self.device_name),
            authority,
        }
    }

    fn submit(self, desk: Desk) {
        if self.working.get_untracked() {
            return;
        }
        let request = self.request();
        let missing = missing(&request);
        self.failure.set(None);
        if !missing.is_empty() {
            return self.refuse(missing);
        }
        self.problems.set(Vec::new());
        self.working.set(true);
        spawn_local(async move {
            let answer = api::call::<SyncPairCall>(request).await;
            self.working.try_set(false);
            match answer {
                Ok(_) => {
                    desk.load_sync();
                    desk.toasts.done(t!(sync.connected));
                    browser::focus_if_lost("#content");
                }
                Err(error) if !error.fields.is_empty() => self.refuse(error.fields),
                Err(error) => drop(self.failure.try_set(Some(error))),
            }
        });
    }

    fn refuse(self, problems: Vec<FieldError>) {
        if let Some(first) = problems.first() {
            browser::focus_soon(format!("#{}", field_id(&first.field)));
        }
        // What is wrong has to be in view to be put right.
        if problems.iter().any(|problem| problem.field == "authority") {
            self.own_authority.try_set(true);
        }
        self.problems.try_set(problems);
    }

    /// What is wrong with a field.
    fn problem(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let problem = self.problems.with(|problems| {
                problems.iter().find(|problem| problem.field == field).map(|problem| problem.problem)
            })?;
            Some(words(field, problem).to_owned())
        })
    }
}

/// What has to be there before anybody is asked.
fn missing(request: &SyncPair) -> Vec<FieldError> {
    [("address", &request.address), ("code", &request.code), ("device_name", &request.device_name)]
        .into_iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(field, _)| FieldError::new(field, Problem::Required))
        .collect()
}

fn field_id(field: &str) -> &'static str {
    match field {
        "address" => "sync-address",
        "code" => "sync-code",
        "authority" => "sync-authority",
        _ => "sync-device-name",
    }
}

fn words(field: &str, problem: Problem) -> &'static str {
    match (field, problem) {
        (_, Problem::Required | Problem::TooLong) => errors::problem(problem),
        ("address", _) => t!(sync.address_problem),
        ("code", _) => t!(sync.code_problem),
        ("authority", _) => t!(sync.authority_problem),
        _ => errors::problem(problem),
    }
}

/// Connects this desk to the clinic's server by a one-time code.
#[component]
pub fn Connect(
    /// It was connected before and was shut out.
    again: bool,
) -> impl IntoView {
    let desk = use_desk();
    let form = Form::new(desk, again);
    browser::focus_soon(if again { "#sync-code" } else { "#sync-address" });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit(desk);
    };
    let label = move || if form.working.get() { t!(sync.connecting) } else { t!(sync.connect) };
    let (title, text) = match again {
        true => (t!(sync.connect_again), t!(sync.connect_again_text)),
        false => (t!(sync.connect_title), t!(sync.connect_text)),
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>{title}</h2></div>
            <p class="text-muted max-w-2xl mb-4">{text}</p>
            <form class="sync-form" novalidate on:submit=submit>
                <Fields form />
                <Authority form />
                {move || form.failure.get().map(|error| {
                    view! { <p class="field-problem" role="alert">{sentence(&error)}</p> }
                })}
                <button
                    type="submit"
                    class="button is-primary self-start"
                    data-testid="sync-connect"
                    prop:disabled=move || form.working.get()
                >
                    {label}
                </button>
                <p class="caption">{t!(sync.connect_keeps)}</p>
            </form>
        </section>
    }
}

#[component]
fn Fields(form: Form) -> impl IntoView {
    view! {
        <TextField
            id="sync-address"
            label=t!(sync.address).to_owned()
            value=form.address
            on_input=move |text| form.address.set(text)
            problem=form.problem("address")
            placeholder=t!(sync.address_example)
            kind="url"
            test_id="sync-address"
        />
        <TextField
            id="sync-code"
            label=t!(sync.code).to_owned()
            value=form.code
            on_input=move |text| form.code.set(text)
            problem=form.problem("code")
            hint=Signal::stored(Some(t!(sync.code_hint).to_owned()))
            test_id="sync-code"
        />
        <TextField
            id="sync-device-name"
            label=t!(sync.device_name).to_owned()
            value=form.device_name
            on_input=move |text| form.device_name.set(text)
            problem=form.problem("device_name")
            hint=Signal::stored(Some(t!(sync.device_name_hint).to_owned()))
            placeholder=t!(sync.device_name_example)
            test_id="sync-device-name"
        />
    }
}

/// Only for a server whose certificate no public authority has signed.
#[component]
fn Authority(form: Form) -> impl IntoView {
    let problem = form.problem("authority");
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=move || form.own_authority.get()
                on:change=move |event| form.own_authority.set(event_target_checked(&event))
            />
            {t!(sync.own_authority)}
        </label>
        <Show when=move || form.own_authority.get()>
            <Field
                id="sync-authority"
                label=t!(sync.authority).to_owned()
                problem
                hint=Signal::stored(Some(t!(sync.authority_hint).to_owned()))
            >
                <textarea
                    id="sync-authority"
                    class="textarea sync-pem"
                    rows="6"
                    spellcheck="false"
                    placeholder=t!(sync.authority_example)
                    aria-describedby="sync-authority-below"
                    aria-invalid=move || problem.get().map(|_| "true")
                    prop:value=move || form.authority.get()
                    on:input=move |event| form.authority.set(event_target_value(&event))
                ></textarea>
            </Field>
        </Show>
    }
}
