use contract::{
    CatalogueItem, CatalogueItemSave, CatalogueItemSaveCall, CatalogueList, CatalogueListRequest, ClinicLoad,
    ClinicProfile, Cursor, ErrorBody, Nothing, Page,
};
use domain::invoice::ItemKind;
use domain::money::Currency;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::item::ItemDialog;
use crate::components::button::{Button, IconButton, Weight};
use crate::components::icon::Glyph;
use crate::components::placeholder::{Empty, Skeleton};
use crate::features::errors::sentence;
use crate::state::{Desk, Remote, use_desk};
use crate::view_model::invoice;
use crate::{api, t};

const PAGE_ROWS: u32 = 50;

/// What is sold, as far as it is shown; cheap to copy.
#[derive(Clone, Copy)]
struct Store {
    desk: Desk,
    text: RwSignal<String>,
    archived: RwSignal<bool>,
    rows: RwSignal<Option<Vec<CatalogueItem>>>,
    next: RwSignal<Option<Cursor>>,
    error: RwSignal<Option<ErrorBody>>,
    asked: StoredValue<u64>,
    clinic: Remote<ClinicProfile>,
    /// The item in the dialog; none stands for a new one.
    edited: RwSignal<Option<CatalogueItem>>,
    open: RwSignal<bool>,
}

impl Store {
    fn ask(self, after: Option<Cursor>) {
        let continues = after.is_some();
        let question = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        let request = CatalogueListRequest {
            text: self.text.get_untracked(),
            archived: self.archived.get_untracked(),
            after,
            limit: PAGE_ROWS,
        };
        spawn_local(async move {
            let answer = api::call::<CatalogueList>(request).await;
            if question.is_none() || self.asked.try_get_value() != question {
                return;
            }
            match answer {
                Ok(Page { rows, next }) => {
                    self.error.try_set(None);
                    self.next.try_set(next);
                    self.rows.try_update(|shown| match shown {
                        Some(shown) if continues => shown.extend(rows),
                        shown => *shown = Some(rows),
                    });
                }
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }

    fn edit(self, item: Option<CatalogueItem>) {
        self.edited.set(item);
        self.open.set(true);
    }
}

/// What would be saved of an item that nobody changed.
pub fn request_of(item: &CatalogueItem) -> CatalogueItemSave {
    CatalogueItemSave {
        id: Some(item.id),
        name: item.name.clone(),
        code: item.code.clone(),
        kind: item.kind,
        price: item.price,
        tax_rate: item.tax_rate,
        service: item.service,
        sessions: item.sessions,
        archived: item.archived,
    }
}

fn set_archived(desk: Desk, item: CatalogueItem, archived: bool) {
    let request = CatalogueItemSave { archived, ..request_of(&item) };
    spawn_local(async move {
        match api::call::<CatalogueItemSaveCall>(request).await {
            Ok(_) if archived => {
                let name = item.name.clone();
                desk.toasts.undoable(t!(billing.archived, name = name), move || {
                    set_archived(desk, item.clone(), false)
                });
            }
            Ok(_) => {}
            Err(error) => desk.toasts.failed(&error),
        }
    });
}

/// Everything that is sold, found by a few letters.
#[component]
pub fn Catalogue() -> impl IntoView {
    let desk = use_desk();
    let store = Store {
        desk,
        text: RwSignal::new(String::new()),
        archived: RwSignal::new(false),
        rows: RwSignal::new(None),
        next: RwSignal::new(None),
        error: RwSignal::new(None),
        asked: StoredValue::new(0),
        clinic: Remote::new(),
        edited: RwSignal::new(None),
        open: RwSignal::new(false),
    };
    Effect::new(move |_| {
        desk.changes.follow(&["catalogue_item", "tax_rate", "clinic_profile"]);
        store.text.get();
        store.archived.get();
        store.ask(None);
        store.clinic.load::<ClinicLoad>(Nothing {});
    });
    let any = Memo::new(move |_| store.rows.with(|rows| rows.as_ref().is_some_and(|rows| !rows.is_empty())));
    let nothing = move || store.rows.with(|rows| rows.as_ref().is_some_and(Vec::is_empty));
    let currency = move || store.clinic.value.with(|clinic| clinic.as_ref().map(|clinic| clinic.currency));
    let rows = move || {
        let currency = currency()?;
        let rows = store.rows.get().unwrap_or_default();
        Some(rows.into_iter().map(|item| view! { <Line store item currency /> }).collect_view())
    };
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{t!(billing.catalogue)}</h2>
                <Button
                    label=t!(billing.item_new).to_owned()
                    glyph=Glyph::Add
                    weight=Weight::Quiet
                    on_press=move |_| store.edit(None)
                />
            </div>
            <div class="billing-new">
                <input
                    class="input"
                    type="search"
                    aria-label=t!(billing.search)
                    placeholder=t!(billing.search)
                    autocomplete="off"
                    prop:value=move || store.text.get()
                    on:input=move |event| store.text.set(event_target_value(&event))
                />
                <label class="check caption">
                    <input
                        type="checkbox"
                        prop:checked=move || store.archived.get()
                        on:change=move |event| store.archived.set(event_target_checked(&event))
                    />
                    {t!(billing.show_archived)}
                </label>
            </div>
            {move || store.error.get().map(|error| view! { <p class="field-problem" role="alert">{sentence(&error)}</p> })}
            <Show when=move || store.rows.with(Option::is_none)><Skeleton lines=4 /></Show>
            <Show when=nothing>
                <Empty glyph=Glyph::Tag title=t!(billing.no_items) text=t!(billing.no_items_text) />
            </Show>
            <Show when=move || any.get()>
                <table class="data-table billing-items">
                    <thead>
                        <tr>
                            <th scope="col">{t!(billing.name)}</th>
                            <th scope="col">{t!(billing.code)}</th>
                            <th scope="col">{t!(billing.kind)}</th>
                            <th scope="col" class="is-number">{t!(billing.price)}</th>
                            <th scope="col" class="is-number">{t!(invoice.tax)}</th>
                            <th><span class="spoken">{t!(action.archive)}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Show>
            <Show when=move || store.next.with(Option::is_some)>
                <Button
                    label=t!(action.more).to_owned()
                    weight=Weight::Quiet
                    on_press=move |_| store.ask(store.next.get_untracked())
                />
            </Show>
            <ItemDialog edited=store.edited open=store.open currency=Signal::derive(currency) />
        </section>
    }
}

pub fn kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Service => t!(billing.service),
        ItemKind::Product => t!(billing.product),
        ItemKind::Package => t!(billing.package),
    }
}

#[component]
fn Line(store: Store, item: CatalogueItem, currency: Currency) -> impl IntoView {
    let archived = item.archived;
    let (label, glyph) = match archived {
        true => (t!(action.restore), Glyph::Restore),
        false => (t!(action.archive), Glyph::Archive),
    };
    let tax = match item.tax.rate {
        0 => t!(invoice.no_tax).to_owned(),
        rate => invoice::percent(rate),
    };
    let (edited, kept) = (item.clone(), item.clone());
    view! {
        <tr>
            <td>
                <button type="button" class="link" on:click=move |_| store.edit(Some(edited.clone()))>
                    {item.name}
                </button>
            </td>
            <td class="text-muted">{item.code}</td>
            <td>{kind(item.kind)}</td>
            <td class="is-number">{invoice::money(currency, item.price)}</td>
            <td class="is-number">{tax}</td>
            <td class="billing-line-actions">
                <IconButton
                    label=label.to_owned()
                    glyph
                    on_press=move |_| set_archived(store.desk, kept.clone(), !archived)
                />
            </td>
        </tr>
    }
}
