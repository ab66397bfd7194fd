use contract::{CatalogueItem, CatalogueList, CatalogueListRequest, Page};
use domain::invoice::document::LineContent;
use domain::invoice::{Discount, Tax, TaxCategory};
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::sheet::{Dialogs, open_payment};
use super::store::Sheet;
use crate::browser;
use crate::components::icon::{Glyph, Icon};
use crate::state::Remote;
use crate::t;
use crate::view_model::invoice;

const HITS: u32 = 6;

/// What Enter would add.
#[derive(Clone, PartialEq)]
enum Choice {
    Item(CatalogueItem),
    /// What the catalogue does not have.
    Free(String),
}

/// A field that adds a line by a few letters of a service, and stays for the next one.
#[component]
pub fn AddLine(sheet: Sheet, dialogs: Dialogs) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let found = Remote::<Page<CatalogueItem>>::new();
    let choices = Memo::new(move |_| {
        let (_, text) = typed.with(|typed| invoice::parse_entry(typed));
        if text.is_empty() {
            return Vec::new();
        }
        let items = found.value.get();
        let items = items.iter().flat_map(|page| page.rows.iter().cloned().map(Choice::Item));
        items.chain([Choice::Free(text)]).collect()
    });
    let input = move |text: String| {
        at.set(0);
        let (_, name) = invoice::parse_entry(&text);
        match name.is_empty() {
            true => found.clear(),
            false => found.load::<CatalogueList>(CatalogueListRequest {
                text: name,
                limit: HITS,
                ..Default::default()
            }),
        }
        typed.set(text);
    };
    let add = move |choice: &Choice| {
        let (quantity, _) = typed.with_untracked(|typed| invoice::parse_entry(typed));
        sheet.add(vec![content(choice, quantity)]);
        input(String::new());
    };
    let keys = move |event: KeyboardEvent| {
        let length = choices.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if length > 0 => at.update(|at| *at = (*at + 1) % length),
            "ArrowUp" if length > 0 => at.update(|at| *at = (*at + length - 1) % length),
            "Enter" if event.ctrl_key() || event.meta_key() => open_payment(sheet, dialogs),
            // The answer to the last letter may still be on its way: what it brings is what is meant.
            "Enter" if length > 0 && !found.loading.get_untracked() => {
                choices.with_untracked(|choices| choices.get(at.get_untracked()).map(add));
            }
            "Enter" => {}
            "Escape" if !typed.with_untracked(String::is_empty) => input(String::new()),
            _ => return,
        }
        event.prevent_default();
    };
    let option = move |(place, choice): (usize, Choice)| {
        let shown = match &choice {
            Choice::Item(item) => view! {
                <span class="clip font-medium">{item.name.clone()}</span>
                <span class="caption">{item.code.clone()}</span>
                <span class="grow"></span>
                <span class="caption tabular">{invoice::money(sheet.currency(), item.price)}</span>
            }
            .into_any(),
            Choice::Free(text) => view! {
                <Icon glyph=Glyph::Add />
                <span class="clip">{t!(invoice.free_line, text = text.clone())}</span>
            }
            .into_any(),
        };
        view! {
            <div
                id=format!("line-new-{place}")
                class="picker-option"
                role="option"
                aria-selected=move || (at.get() == place).to_string()
                on:mousedown=move |event| {
                    event.prevent_default();
                    add(&choice);
                }
            >
                {shown}
            </div>
        }
    };
    let any = move || choices.with(|choices| !choices.is_empty());
    browser::focus_soon("#line-new");
    view! {
        <div class="invoice-add picker">
            <input
                id="line-new"
                class="input"
                role="combobox"
                aria-label=t!(invoice.line_add)
                aria-autocomplete="list"
                aria-expanded=move || any().to_string()
                aria-controls="line-new-list"
                aria-activedescendant=move || any().then(|| format!("line-new-{}", at.get()))
                autocomplete="off"
                spellcheck="false"
                placeholder=t!(invoice.line_add_text)
                prop:value=move || typed.get()
                on:input=move |event| input(event_target_value(&event))
                on:keydown=keys
            />
            <div
                id="line-new-list"
                class="picker-list"
                role="listbox"
                aria-label=t!(palette.results)
                hidden=move || !any()
            >
                {move || choices.get().into_iter().enumerate().map(option).collect_view()}
            </div>
        </div>
    }
}

fn content(choice: &Choice, quantity: i64) -> LineContent {
    let (item, description, price, tax) = match choice {
        Choice::Item(item) => (Some(item.id), item.name.clone(), item.price, item.tax),
        // Its price is typed where it stands.
        Choice::Free(text) => (None, text.clone(), 0, Tax { category: TaxCategory::Exempt, rate: 0 }),
    };
    LineContent { item, provider: None, description, quantity, price, discount: Discount::None, tax }
}
