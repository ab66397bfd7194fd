use domain::date::{DateOrder, age_years, birth_date};
use domain::patient::{Tier, Word};
use leptos::prelude::*;

use super::Group;
use super::store::EditStore;
use crate::components::field::{Field, TextField};
use crate::features::words;
use crate::view_model::form::Form;
use crate::view_model::format;
use crate::{browser, t};

/// A text of the form, tied to its field.
#[component]
pub fn Bound(
    store: EditStore,
    id: &'static str,
    /// As the request spells it.
    field: &'static str,
    label: &'static str,
    read: fn(&Form) -> &String,
    write: fn(&mut Form) -> &mut String,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let value = Signal::derive(move || store.form.with(|form| read(form).clone()));
    view! {
        <TextField
            id
            label=label.to_owned()
            value
            on_input=move |text| store.change(field, |form| *write(form) = text)
            problem=store.problem(field)
            class
        />
    }
}

macro_rules! bound {
    ($store:ident, $id:literal, $label:expr, $($path:ident).+ $(, $class:literal)?) => {
        view! {
            <Bound
                store=$store
                id=$id
                field=stringify!($($path).+)
                label=$label
                read=|form| &form.$($path).+
                write=|form| &mut form.$($path).+
                $(class=$class)?
            />
        }
    };
}

/// Name, birth date, pronouns, tier.
#[component]
pub fn Identity(store: EditStore) -> impl IntoView {
    view! {
        <Group title=t!(edit.identity)>
            {bound!(store, "name-given", t!(edit.given), name.given)}
            {bound!(store, "name-family", t!(edit.family), name.family)}
            {bound!(store, "preferred-name", t!(edit.preferred_name), preferred_name)}
            {bound!(store, "name-middle", t!(edit.middle), name.middle)}
            {bound!(store, "name-prefix", t!(edit.prefix), name.prefix)}
            {bound!(store, "name-suffix", t!(edit.suffix), name.suffix)}
            <BirthDate store />
            {bound!(store, "pronouns", t!(edit.pronouns), pronouns)}
            <TierSelect store />
            {bound!(store, "external-id", t!(edit.external_id), external_id)}
            {bound!(store, "source", t!(patient.source), source)}
        </Group>
    }
}

/// Typed any way; what was understood stands below.
#[component]
fn BirthDate(store: EditStore) -> impl IntoView {
    let typed = move || store.form.with(|form| form.birth_date.trim().to_owned());
    let read = move || birth_date(&typed(), DateOrder::MonthFirst, browser::today());
    let understood = Signal::derive(move || {
        let date = read().ok()?;
        let age = age_years(date, browser::today()).unwrap_or_default();
        Some(t!(edit.understood, date = format::date(date), count = age))
    });
    let judge = move |_| {
        let problem = untrack(|| if typed().is_empty() { None } else { read().err() });
        store.judge("birth_date", problem);
    };
    view! {
        <div on:focusout=judge>
            <TextField
                id="birth-date"
                label=t!(patients.born).to_owned()
                value=Signal::derive(move || store.form.with(|form| form.birth_date.clone()))
                on_input=move |text| store.change("birth_date", |form| form.birth_date = text)
                problem=store.problem("birth_date")
                hint=understood
                placeholder=t!(edit.birth_date_example)
            />
        </div>
    }
}

#[component]
fn TierSelect(store: EditStore) -> impl IntoView {
    let choose = move |event| {
        if let Some(tier) = Tier::from_word(&event_target_value(&event)) {
            store.change("tier", |form| form.tier = tier);
        }
    };
    let option = move |(tier, word): &(Tier, &'static str)| {
        let tier = *tier;
        view! {
            <option value=*word prop:selected=move || store.form.with(|form| form.tier == tier)>
                {words::tier(tier)}
            </option>
        }
    };
    view! {
        <Field id="tier" label=t!(patients.tier).to_owned() problem=store.problem("tier")>
            <select id="tier" class="select" on:change=choose>{Tier::WORDS.iter().map(option).collect_view()}</select>
        </Field>
    }
}

/// Where the patient lives.
#[component]
pub fn Address(store: EditStore) -> impl IntoView {
    view! {
        <Group title=t!(patient.address)>
            {bound!(store, "address-line1", t!(edit.line1), address.line1, "is-wide")}
            {bound!(store, "address-line2", t!(edit.line2), address.line2, "is-wide")}
            {bound!(store, "address-city", t!(edit.city), address.city)}
            {bound!(store, "address-region", t!(edit.region), address.region)}
            {bound!(store, "address-postcode", t!(edit.postcode), address.postcode)}
            {bound!(store, "address-country", t!(edit.country), address.country)}
        </Group>
    }
}
