use contract::{PatientDetail, PatientRow};
use domain::patient::{Address, Allergy, Contact, ContactKind, Severity};
use leptos::prelude::*;

use super::copy;
use crate::components::button::IconButton;
use crate::components::icon::{Glyph, Icon};
use crate::components::mark::{Mark, Tone};
use crate::features::patients::list::use_open;
use crate::features::words;
use crate::state::{Remote, use_desk};
use crate::t;
use crate::view_model::format;

/// A part of the page with its title.
#[component]
pub fn Part(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="patient-part" aria-label=title>
            <h3>{title}</h3>
            {children()}
        </section>
    }
}

/// Phones and addresses, each copied by one press.
#[component]
pub fn Contacts(contacts: Memo<Vec<Contact>>) -> impl IntoView {
    let lines = move || {
        let mut contacts = contacts.get();
        contacts.sort_by_key(|contact| (contact.kind, !contact.primary));
        let mut seen = Vec::new();
        let line = |contact: Contact| {
            let first = !seen.contains(&contact.kind);
            seen.push(contact.kind);
            view! { <ContactLine contact first /> }
        };
        contacts.into_iter().map(line).collect_view()
    };
    let none = move || contacts.with(Vec::is_empty);
    view! {
        <Part title=t!(patient.contacts)>
            <ul>{lines}</ul>
            <Show when=none><p class="text-muted">{t!(patient.no_contacts)}</p></Show>
        </Part>
    }
}

#[component]
fn ContactLine(contact: Contact, first: bool) -> impl IntoView {
    let desk = use_desk();
    let (glyph, shown, key, label) = match contact.kind {
        ContactKind::Phone => (Glyph::Phone, format::phone(&contact.value), "c", t!(patient.copy_phone)),
        ContactKind::Email => (Glyph::Mail, contact.value.clone(), "m", t!(patient.copy_email)),
    };
    let value = contact.value.clone();
    view! {
        <li class="patient-contact">
            <Icon glyph />
            <span class="clip tabular" title=contact.value.clone()>{shown}</span>
            {(!contact.label.is_empty()).then(|| view! { <span class="caption clip">{contact.label.clone()}</span> })}
            {contact.primary.then(|| view! { <span class="caption">{t!(patient.primary)}</span> })}
            <IconButton
                label=label.to_owned()
                glyph=Glyph::Copy
                key=if first { key } else { "" }
                on_press=move |_| copy(desk, value.clone())
            />
        </li>
    }
}

/// What the patient must not be given; the gravest first.
#[component]
pub fn Allergies(allergies: Memo<Vec<Allergy>>) -> impl IntoView {
    let lines = move || {
        let mut allergies = allergies.get();
        allergies.sort_by_key(|allergy| std::cmp::Reverse(allergy.severity));
        allergies.into_iter().map(|allergy| view! { <AllergyLine allergy /> }).collect_view()
    };
    let none = move || allergies.with(Vec::is_empty);
    view! {
        <Part title=t!(patient.allergies)>
            <ul>{lines}</ul>
            <Show when=none><p class="text-muted">{t!(patient.no_allergies)}</p></Show>
        </Part>
    }
}

#[component]
fn AllergyLine(allergy: Allergy) -> impl IntoView {
    let tone = match allergy.severity {
        Severity::Severe => Tone::Danger,
        Severity::Moderate => Tone::Waiting,
        Severity::Mild | Severity::Unknown => Tone::Neutral,
    };
    view! {
        <li class="patient-allergy">
            <strong class="font-semibold">{allergy.substance}</strong>
            <span class="text-muted">{allergy.reaction}</span>
            <Mark tone label=words::severity(allergy.severity) />
        </li>
    }
}

/// Tags, address, source, since when.
#[component]
pub fn Facts(remote: Remote<PatientDetail>) -> impl IntoView {
    let content = move || {
        let detail = remote.value.get()?;
        let tags = detail
            .tags
            .iter()
            .map(|tag| view! { <span class="tag">{tag.label.clone()}</span> })
            .collect_view();
        let address = address_lines(&detail.address);
        let fact = |label: &'static str, value: AnyView| view! { <dt>{label}</dt> <dd>{value}</dd> };
        Some(view! {
            {(!detail.tags.is_empty())
                .then(|| fact(t!(patients.tags), view! { <span class="flex flex-wrap gap-1">{tags}</span> }.into_any()))}
            {(!address.is_empty()).then(|| fact(t!(patient.address), address_view(address).into_any()))}
            {(!detail.source.is_empty()).then(|| fact(t!(patient.source), detail.source.clone().into_any()))}
            {fact(
                t!(patients.added),
                view! { <span class="tabular" title=words::exact(detail.created_at)>{words::day(detail.created_at)}</span> }
                    .into_any(),
            )}
        })
    };
    view! { <Part title=t!(patient.facts)><dl class="patient-facts">{content}</dl></Part> }
}

fn address_lines(address: &Address) -> Vec<String> {
    let place = [&address.city, &address.region, &address.postcode]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    [address.line1.clone(), address.line2.clone(), place, address.country.clone()]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect()
}

fn address_view(lines: Vec<String>) -> impl IntoView {
    lines.into_iter().map(|line| view! { <div>{line}</div> }).collect_view()
}

/// Who lives with the patient and who pays.
#[component]
pub fn Household(remote: Remote<PatientDetail>) -> impl IntoView {
    let people = Memo::new(move |_| {
        remote.value.with(|detail| {
            let Some(detail) = detail else { return (Vec::new(), None) };
            let members =
                detail.household.as_ref().map(|household| household.members.clone()).unwrap_or_default();
            (members, detail.guarantor.clone())
        })
    });
    move || {
        let (members, guarantor) = people.get();
        (!members.is_empty() || guarantor.is_some()).then(|| {
            let members = members.into_iter().map(|row| view! { <Relative row role="" /> }).collect_view();
            let guarantor = guarantor.map(|row| view! { <Relative row role=t!(patient.guarantor) /> });
            view! { <Part title=t!(patient.household)><ul>{members} {guarantor}</ul></Part> }
        })
    }
}

#[component]
fn Relative(row: PatientRow, role: &'static str) -> impl IntoView {
    let open = use_open();
    let id = row.id;
    view! {
        <li class="patient-relative">
            <button type="button" class="link clip" on:click=move |_| open(&format!("/patients/{id}"))>
                {words::name(&row)}
            </button>
            <span class="caption tabular">{words::birth(row.birth_date)}</span>
            <span class="caption">{role}</span>
        </li>
    }
}
