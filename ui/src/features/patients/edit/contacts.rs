use domain::patient::{Contact, ContactKind};
use leptos::prelude::*;

use super::Group;
use super::store::EditStore;
use crate::components::button::{Button, IconButton, Weight};
use crate::components::field::Below;
use crate::components::icon::Glyph;
use crate::t;
use crate::view_model::form_lists::{blank_contact, make_primary};
use crate::view_model::format;

/// Phones and e-mail addresses, one of each the primary one.
#[component]
pub fn Contacts(store: EditStore) -> impl IntoView {
    let indexes = move || store.form.with(|form| (0..form.contacts.len()).collect::<Vec<_>>());
    let add = move |kind| store.change("contacts", |form| form.contacts.push(blank_contact(kind)));
    view! {
        <Group title=t!(patient.contacts)>
            <div class="lines is-wide">
                <For each=indexes key=|index| *index let:index>
                    <Line store index />
                </For>
                <div class="flex gap-2">
                    <Button
                        label=t!(edit.add_phone).to_owned()
                        glyph=Glyph::Add
                        weight=Weight::Quiet
                        on_press=move |_| add(ContactKind::Phone)
                    />
                    <Button
                        label=t!(edit.add_email).to_owned()
                        glyph=Glyph::Add
                        weight=Weight::Quiet
                        on_press=move |_| add(ContactKind::Email)
                    />
                </div>
            </div>
        </Group>
    }
}

#[component]
fn Line(store: EditStore, index: usize) -> impl IntoView {
    let field = format!("contacts.{index}");
    let contact = Memo::new(move |_| {
        store
            .form
            .with(|form| form.contacts.get(index).cloned())
            .unwrap_or_else(|| blank_contact(ContactKind::Phone))
    });
    let name = move || match contact.with(|contact| contact.kind) {
        ContactKind::Phone => t!(patients.phone),
        ContactKind::Email => t!(patients.email),
    };
    let changed = field.clone();
    let set = move |change: &dyn Fn(&mut Contact)| {
        store.change(&changed, |form| form.contacts.get_mut(index).map_or((), change));
    };
    let (value, label) = (set.clone(), set);
    let problem = store.problem(field.clone());
    let id = format!("contact-{index}");
    view! {
        <div class="line">
            <span class="line-kind">{name}</span>
            <input
                id=id.clone()
                class="input tabular"
                autocomplete="off"
                spellcheck="false"
                aria-label=name
                aria-invalid=move || problem.get().map(|_| "true")
                aria-describedby=format!("{id}-below")
                prop:value=move || contact.with(|contact| contact.value.clone())
                on:input=move |event| value(&|contact| contact.value = event_target_value(&event))
            />
            <input
                class="input line-label"
                autocomplete="off"
                aria-label=t!(edit.contact_label)
                placeholder=t!(edit.contact_label)
                prop:value=move || contact.with(|contact| contact.label.clone())
                on:input=move |event| label(&|contact| contact.label = event_target_value(&event))
            />
            <Primary store index contact />
            <IconButton
                label=t!(edit.remove_line).to_owned()
                glyph=Glyph::Close
                on_press=move |_| remove(store, index)
            />
        </div>
        <div class="line-below">
            <Below id problem hint=Signal::derive(move || understood(&contact.get())) />
        </div>
    }
}

#[component]
fn Primary(store: EditStore, index: usize, contact: Memo<Contact>) -> impl IntoView {
    let group = move || match contact.with(|contact| contact.kind) {
        ContactKind::Phone => "primary-phone",
        ContactKind::Email => "primary-email",
    };
    view! {
        <label class="check caption">
            <input
                type="radio"
                name=group
                prop:checked=move || contact.with(|contact| contact.primary)
                on:change=move |_| store.change("contacts", |form| make_primary(&mut form.contacts, index))
            />
            {t!(patient.primary)}
        </label>
    }
}

/// A saved number as it is read; what is being typed is judged by the desk.
fn understood(contact: &Contact) -> Option<String> {
    let shown = (contact.kind == ContactKind::Phone).then(|| format::phone(&contact.value))?;
    (shown != contact.value).then_some(shown)
}

fn remove(store: EditStore, index: usize) {
    // Lines below move up: what was said about them would stand beside others.
    store.problems.update(|problems| problems.retain(|field, _| !field.starts_with("contacts")));
    store.change("contacts", |form| {
        if index < form.contacts.len() {
            form.contacts.remove(index);
        }
    });
}
