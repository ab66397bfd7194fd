use contract::{ClinicLoad, ClinicProfile, ClinicSave, ErrorBody, Nothing};
use domain::money::Currency;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::KeyboardEvent;

use crate::components::button::{Button, Weight};
use crate::components::field::{Field, TextField};
use crate::components::placeholder::{Failure, Skeleton};
use crate::features::errors::{self, sentence};
use crate::state::{Desk, Remote, use_desk};
use crate::{api, t};

/// The clinic's particulars as they are typed; cheap to copy.
#[derive(Clone, Copy)]
struct Form {
    desk: Desk,
    profile: RwSignal<ClinicProfile>,
    currency: RwSignal<String>,
    changed: RwSignal<bool>,
    error: RwSignal<Option<ErrorBody>>,
}

impl Form {
    fn edit(self, edit: impl FnOnce(&mut ClinicProfile)) {
        self.profile.update(edit);
        self.changed.set(true);
    }

    fn save(self) {
        let mut profile = self.profile.get_untracked();
        let Ok(currency) = Currency::from_code(&self.currency.get_untracked().trim().to_uppercase()) else {
            self.error.set(Some(ErrorBody::invalid(vec![domain::field::FieldError::new(
                "currency",
                domain::field::Problem::NotAChoice,
            )])));
            return;
        };
        profile.currency = currency;
        spawn_local(async move {
            match api::call::<ClinicSave>(profile).await {
                Ok(Nothing {}) => {
                    self.error.try_set(None);
                    self.changed.try_set(false);
                    self.desk.toasts.done(t!(billing.saved));
                }
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }

    fn problem(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error.with(|error| {
                let found = error.as_ref()?.fields.iter().find(|wrong| wrong.field == field)?;
                Some(errors::problem(found.problem).to_owned())
            })
        })
    }
}

/// The form of the clinic's particulars, once they are there.
#[component]
pub fn Clinic() -> impl IntoView {
    let desk = use_desk();
    let remote = Remote::<ClinicProfile>::new();
    let load = move || remote.load::<ClinicLoad>(Nothing {});
    let shown = RwSignal::new(None::<Form>);
    Effect::new(move |_| {
        desk.changes.follow(&["clinic_profile", "invoice_document"]);
        load();
    });
    Effect::new(move |_| {
        let Some(profile) = remote.value.get() else { return };
        match shown.get_untracked() {
            // What is being typed stays; what another desk wrote meanwhile is told on saving.
            Some(form) if form.changed.get_untracked() => {}
            Some(form) => {
                form.currency.set(profile.currency.code().to_owned());
                form.profile.set((*profile).clone());
            }
            None => shown.set(Some(Form {
                desk,
                currency: RwSignal::new(profile.currency.code().to_owned()),
                profile: RwSignal::new((*profile).clone()),
                changed: RwSignal::new(false),
                error: RwSignal::new(None),
            })),
        }
    });
    view! {
        <section class="section">
            <div class="section-head"><h2>{t!(billing.clinic)}</h2></div>
            <p class="text-muted max-w-2xl mb-3">{t!(billing.clinic_text)}</p>
            {move || match (shown.get(), remote.error.get()) {
                (Some(form), _) => view! { <Fields form /> }.into_any(),
                (None, Some(error)) => view! { <Failure error retry=load /> }.into_any(),
                (None, None) => view! { <Skeleton lines=5 /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn Fields(form: Form) -> impl IntoView {
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            form.save();
        }
    };
    macro_rules! line {
        ($id:literal, $label:expr, $field:literal, $($path:ident).+) => {
            view! {
                <TextField
                    id=$id
                    label=$label.to_owned()
                    value=Signal::derive(move || form.profile.with(|profile| profile.letterhead.$($path).+.clone()))
                    problem=form.problem($field)
                    on_input=move |text| form.edit(|profile| profile.letterhead.$($path).+ = text)
                />
            }
        };
    }
    let has_issued = move || form.profile.with(|profile| profile.has_issued);
    let told = move || {
        form.error.get().filter(|error| error.fields.is_empty()).map(|error| {
            view! { <p class="field-problem" role="alert">{sentence(&error)}</p> }
        })
    };
    view! {
        <div class="billing-form" on:keydown=keys>
            {line!("clinic-name", t!(billing.name), "name", name)}
            {line!("clinic-line1", t!(column.line1), "address.line1", address.line1)}
            {line!("clinic-line2", t!(column.line2), "address.line2", address.line2)}
            {line!("clinic-city", t!(column.city), "address.city", address.city)}
            {line!("clinic-region", t!(column.region), "address.region", address.region)}
            {line!("clinic-postcode", t!(column.postcode), "address.postcode", address.postcode)}
            {line!("clinic-country", t!(column.country), "address.country", address.country)}
            {line!("clinic-phone", t!(billing.phone), "phone", phone)}
            {line!("clinic-email", t!(billing.email), "email", email)}
            {line!("clinic-website", t!(billing.website), "website", website)}
            {line!("clinic-tax", t!(billing.tax_id), "tax_id", tax_id)}
            <Field
                id="clinic-currency"
                label=t!(billing.currency).to_owned()
                problem=form.problem("currency")
                hint=Signal::derive(move || has_issued().then(|| t!(billing.currency_stays).to_owned()))
            >
                <input
                    id="clinic-currency"
                    class="input"
                    maxlength="3"
                    autocomplete="off"
                    aria-describedby="clinic-currency-below"
                    prop:disabled=has_issued
                    prop:value=move || form.currency.get()
                    on:input=move |event| {
                        form.currency.set(event_target_value(&event));
                        form.changed.set(true);
                    }
                />
            </Field>
            <Field id="clinic-footer" label=t!(billing.footer).to_owned() problem=form.problem("footer") class="is-wide">
                <textarea
                    id="clinic-footer"
                    class="textarea"
                    rows="2"
                    prop:value=move || form.profile.with(|profile| profile.letterhead.footer.clone())
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        form.edit(|profile| profile.letterhead.footer = text);
                    }
                ></textarea>
            </Field>
            {told}
            <div class="billing-actions">
                <Button
                    label=t!(action.save).to_owned()
                    weight=Weight::Primary
                    key="Ctrl+Enter"
                    disabled=Signal::derive(move || !form.changed.get())
                    on_press=move |_| form.save()
                />
            </div>
        </div>
    }
}
