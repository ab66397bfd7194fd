use domain::patient::{Alert, AlertLevel, Allergy, Severity, Tag, Word};
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::Group;
use super::store::EditStore;
use crate::components::button::{Button, IconButton, Weight};
use crate::components::field::Below;
use crate::components::icon::{Glyph, Icon};
use crate::features::words;
use crate::t;

/// A choice of words.
#[component]
fn WordSelect<T: Word + PartialEq + Send + Sync>(
    label: &'static str,
    #[prop(into)] value: Signal<Option<T>>,
    name: fn(T) -> &'static str,
    on_choose: impl Fn(T) + 'static,
) -> impl IntoView {
    let choose = move |event| {
        if let Some(chosen) = T::from_word(&event_target_value(&event)) {
            on_choose(chosen);
        }
    };
    let option = |(choice, word): &(T, &'static str)| {
        let choice = *choice;
        view! { <option value=*word prop:selected=move || value.get() == Some(choice)>{name(choice)}</option> }
    };
    view! {
        <select class="select line-label" aria-label=label on:change=choose>
            {T::WORDS.iter().map(option).collect_view()}
        </select>
    }
}

/// A text of one line of a list.
#[component]
fn LineInput(
    #[prop(into)] id: String,
    label: &'static str,
    #[prop(into)] value: Signal<String>,
    problem: Signal<Option<String>>,
    on_input: impl Fn(String) + 'static,
) -> impl IntoView {
    view! {
        <input
            id=id.clone()
            class="input"
            autocomplete="off"
            aria-label=label
            placeholder=label
            aria-invalid=move || problem.get().map(|_| "true")
            aria-describedby=format!("{id}-below")
            prop:value=move || value.get()
            on:input=move |event| on_input(event_target_value(&event))
        />
    }
}

fn forget_problems(store: EditStore, list: &'static str) {
    store.problems.update(|problems| problems.retain(|field, _| !field.starts_with(list)));
}

/// What the patient must not be given.
#[component]
pub fn Allergies(store: EditStore) -> impl IntoView {
    let indexes = move || store.form.with(|form| (0..form.allergies.len()).collect::<Vec<_>>());
    let blank = || Allergy {
        id: None,
        substance: String::new(),
        reaction: String::new(),
        severity: Severity::Unknown,
    };
    let add = move |_| {
        store.change("allergies", |form| form.allergies.push(blank()));
        let last = store.form.with_untracked(|form| form.allergies.len().saturating_sub(1));
        crate::browser::focus_soon(format!("#allergy-{last}"));
    };
    view! {
        <Group title=t!(patient.allergies)>
            <div class="lines is-wide">
                <For each=indexes key=|index| *index let:index><AllergyLine store index /></For>
                <Button label=t!(edit.add_allergy).to_owned() glyph=Glyph::Add weight=Weight::Quiet on_press=add />
            </div>
        </Group>
    }
}

#[component]
fn AllergyLine(store: EditStore, index: usize) -> impl IntoView {
    let field = format!("allergies.{index}");
    let id = format!("allergy-{index}");
    let problem = store.problem(field.clone());
    let allergy = Memo::new(move |_| store.form.with(|form| form.allergies.get(index).cloned()));
    let read =
        move |of: fn(Allergy) -> String| Signal::derive(move || allergy.get().map(of).unwrap_or_default());
    let set = move |change: &dyn Fn(&mut Allergy)| {
        store.change(&field, |form| form.allergies.get_mut(index).map_or((), change));
    };
    let (substance, reaction, severity) = (set.clone(), set.clone(), set);
    let remove = move |_| {
        forget_problems(store, "allergies");
        store.change("allergies", |form| {
            drop((index < form.allergies.len()).then(|| form.allergies.remove(index)))
        });
    };
    view! {
        <div class="line">
            <LineInput
                id=id.clone()
                label=t!(edit.substance)
                value=read(|allergy| allergy.substance)
                problem
                on_input=move |text| substance(&|allergy| allergy.substance = text.clone())
            />
            <LineInput
                id=format!("{id}-reaction")
                label=t!(edit.reaction)
                value=read(|allergy| allergy.reaction)
                problem=Signal::stored(None)
                on_input=move |text| reaction(&|allergy| allergy.reaction = text.clone())
            />
            <WordSelect
                label=t!(edit.severity)
                value=Signal::derive(move || allergy.get().map(|allergy| allergy.severity))
                name=words::severity
                on_choose=move |chosen| severity(&|allergy| allergy.severity = chosen)
            />
            <IconButton label=t!(edit.remove_line).to_owned() glyph=Glyph::Close on_press=remove />
        </div>
        <Below id problem hint=Signal::stored(None) />
    }
}

/// What nobody may miss.
#[component]
pub fn Alerts(store: EditStore) -> impl IntoView {
    let indexes = move || store.form.with(|form| (0..form.alerts.len()).collect::<Vec<_>>());
    let add = move |_| {
        let blank = Alert { id: None, level: AlertLevel::AlertOnly, text: String::new() };
        store.change("alerts", |form| form.alerts.push(blank));
        let last = store.form.with_untracked(|form| form.alerts.len().saturating_sub(1));
        crate::browser::focus_soon(format!("#alert-{last}"));
    };
    view! {
        <Group title=t!(edit.alerts)>
            <div class="lines is-wide">
                <For each=indexes key=|index| *index let:index><AlertLine store index /></For>
                <Button label=t!(edit.add_alert).to_owned() glyph=Glyph::Add weight=Weight::Quiet on_press=add />
            </div>
        </Group>
    }
}

#[component]
fn AlertLine(store: EditStore, index: usize) -> impl IntoView {
    let field = format!("alerts.{index}");
    let id = format!("alert-{index}");
    let problem = store.problem(field.clone());
    let alert = Memo::new(move |_| store.form.with(|form| form.alerts.get(index).cloned()));
    let set = move |change: &dyn Fn(&mut Alert)| {
        store.change(&field, |form| form.alerts.get_mut(index).map_or((), change));
    };
    let (text, level) = (set.clone(), set);
    let remove = move |_| {
        forget_problems(store, "alerts");
        store.change("alerts", |form| drop((index < form.alerts.len()).then(|| form.alerts.remove(index))));
    };
    view! {
        <div class="line">
            <LineInput
                id=id.clone()
                label=t!(edit.alert_text)
                value=Signal::derive(move || alert.get().map(|alert| alert.text).unwrap_or_default())
                problem
                on_input=move |typed| text(&|alert| alert.text = typed.clone())
            />
            <WordSelect
                label=t!(edit.alert_level)
                value=Signal::derive(move || alert.get().map(|alert| alert.level))
                name=words::alert_level
                on_choose=move |chosen| level(&|alert| alert.level = chosen)
            />
            <IconButton label=t!(edit.remove_line).to_owned() glyph=Glyph::Close on_press=remove />
        </div>
        <Below id problem hint=Signal::stored(None) />
    }
}

/// Words the clinic groups its patients by.
#[component]
pub fn Tags(store: EditStore) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let add = move || {
        let label = typed.get_untracked().trim().to_owned();
        let known = store
            .form
            .with_untracked(|form| form.tags.iter().any(|tag| tag.label.eq_ignore_ascii_case(&label)));
        if !label.is_empty() && !known {
            store.change("tags", |form| form.tags.push(Tag { id: None, label }));
        }
        typed.set(String::new());
    };
    let keys = move |event: KeyboardEvent| {
        if (event.key() == "Enter" && !event.ctrl_key()) || event.key() == "," {
            event.prevent_default();
            add();
        }
    };
    let tag = move |(index, tag): (usize, Tag)| {
        let name = t!(edit.remove_tag, tag = tag.label.as_str());
        let remove = move |_| {
            store.change("tags", |form| drop((index < form.tags.len()).then(|| form.tags.remove(index))))
        };
        view! {
            <button type="button" class="chip" aria-label=name on:click=remove>
                {tag.label}
                <Icon glyph=Glyph::Close />
            </button>
        }
    };
    view! {
        <Group title=t!(patients.tags)>
            <div class="is-wide flex flex-wrap items-center gap-2">
                {move || store.form.with(|form| form.tags.clone()).into_iter().enumerate().map(tag).collect_view()}
                <input
                    id="tag-new"
                    class="input tag-input"
                    autocomplete="off"
                    aria-label=t!(edit.add_tag)
                    placeholder=t!(edit.add_tag)
                    prop:value=move || typed.get()
                    on:input=move |event| typed.set(event_target_value(&event))
                    on:keydown=keys
                    on:blur=move |_| add()
                />
            </div>
        </Group>
    }
}
