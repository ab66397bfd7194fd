use contract::PatientSort;
use domain::id::PatientId;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::ResizeObserver;

use super::keys::on_key;
use super::row::Row;
use super::store::ListStore;
use super::{use_open, use_set_query};
use crate::components::icon::{Glyph, Icon};
use crate::t;
use crate::view_model::query::ListQuery;
use crate::view_model::window::Geometry;

/// The header stays where it is while the rows move under it.
pub const HEADER_PX: f64 = 32.0;

/// The word before a row's name that says what its box is for.
pub const PICK_ID: &str = "patients-pick";

/// Where the rows are scrolled to.
#[derive(Clone, Copy)]
pub struct View {
    pub store: ListStore,
    pub element: NodeRef<html::Div>,
    pub scroll_px: RwSignal<f64>,
    height_px: RwSignal<f64>,
    /// The patient whose page is beside the list.
    pub opened: Memo<Option<PatientId>>,
}

impl View {
    fn new(store: ListStore) -> Self {
        let path = use_location().pathname;
        let view = Self {
            store,
            element: NodeRef::new(),
            scroll_px: RwSignal::new(0.0),
            height_px: RwSignal::new(800.0),
            opened: Memo::new(move |_| path.with(|path| id_in(path))),
        };
        view.follow_height();
        view
    }

    /// The list's measures as they are now.
    pub fn geometry(&self) -> Geometry {
        Geometry {
            rows: self.store.length(),
            row_px: self.store.desk.preferences.density.get().row_px(),
            viewport_px: self.height_px.get(),
        }
    }

    /// Scrolls just far enough for row `index` to be seen.
    pub fn reveal(&self, index: usize) {
        let geometry = untrack(|| self.geometry());
        let target = geometry.reveal(index, self.scroll_px.get_untracked(), HEADER_PX);
        if let (Some(target), Some(element)) = (target, self.element.get_untracked()) {
            element.set_scroll_top(target.round() as i32);
        }
    }

    fn follow_height(self) {
        let observer = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn FnMut()>)>);
        Effect::new(move |_| {
            let Some(element) = self.element.get() else { return };
            let measured = element.clone();
            let changed = Closure::<dyn FnMut()>::new(move || {
                self.height_px.try_set(f64::from(measured.client_height()));
            });
            if let Ok(made) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
                made.observe(&element);
                observer.set_value(Some((made, changed)));
            }
        });
        on_cleanup(move || {
            observer.try_update_value(|observer| {
                if let Some((observer, _)) = observer.take() {
                    observer.disconnect();
                }
            });
        });
    }
}

/// The patient that a path is about.
fn id_in(path: &str) -> Option<PatientId> {
    path.strip_prefix("/patients/")?.split('/').next()?.parse().ok()
}

/// The rows in view, at their places in an element as tall as all of them.
#[component]
pub fn Grid(store: ListStore) -> impl IntoView {
    let view = View::new(store);
    let open = use_open();
    let keys = store.desk.shortcuts;
    keys.tell("↑↓", t!(keys.move_in_list));
    keys.tell("Enter", t!(keys.open));
    keys.tell("Space", t!(keys.pick));
    keys.tell("Shift+↑↓", t!(keys.pick_many));
    let visible = Memo::new(move |_| view.geometry().visible(view.scroll_px.get()));
    let first = Memo::new(move |_| visible.with(|rows| rows.start));
    let slots = Memo::new(move |_| view.geometry().slots());
    Effect::new(move |_| store.look_at(visible.get()));
    Effect::new(move |_| {
        if store.row(first.get()).is_some() {
            crate::pages::announce_ready();
        }
    });
    // Another list begins at its top.
    Effect::new(move |before: Option<(ListQuery, String)>| {
        let now = (store.query.get(), store.typed.get());
        if before.is_some_and(|before| before != now)
            && let Some(element) = view.element.get_untracked()
        {
            element.set_scroll_top(0);
        }
        now
    });
    let scrolled = move |_| {
        if let Some(element) = view.element.get_untracked() {
            view.scroll_px.set(f64::from(element.scroll_top()));
        }
    };
    let opened = open.clone();
    let active_row = move || format!("patient-row-{}", store.active.get());
    view! {
        <div
            node_ref=view.element
            class="patients-grid"
            class:is-short=move || view.geometry().height_px() + HEADER_PX <= view.height_px.get()
            role="grid"
            tabindex="0"
            aria-label=t!(patients.title)
            aria-rowcount=move || (store.length() + 1).to_string()
            aria-multiselectable="true"
            aria-activedescendant=active_row
            on:scroll=scrolled
            on:keydown=move |event| on_key(&event, view, &opened)
        >
            <Header store />
            <div
                class="patients-rows"
                role="rowgroup"
                style:height=move || format!("{}px", view.geometry().height_px())
            >
                <For each=move || 0..slots.get() key=|element| *element let:element>
                    <Row view element first slots open=open.clone() />
                </For>
            </div>
        </div>
    }
}

/// The columns' names; a press sorts.
#[component]
fn Header(store: ListStore) -> impl IntoView {
    use PatientSort::{Added, BirthDate, BirthDateDescending, Name, NameDescending};
    view! {
        <div class="patients-row patients-header" role="row" aria-rowindex="1">
            <span role="columnheader"><span id=PICK_ID class="spoken">{t!(patients.pick)}</span></span>
            <Sortable store label=t!(patients.name) up=Some(Name) down=Some(NameDescending) />
            <Sortable store label=t!(patients.born) up=Some(BirthDate) down=Some(BirthDateDescending) />
            <span role="columnheader" class="is-phone">{t!(patients.phone)}</span>
            <span role="columnheader" class="is-email">{t!(patients.email)}</span>
            <span role="columnheader" class="is-tags">{t!(patients.tags)}</span>
            <span role="columnheader" class="is-tier">{t!(patients.tier)}</span>
            <Sortable store label=t!(patients.added) up=None down=Some(Added) class="is-added" />
        </div>
    }
}

#[component]
fn Sortable(
    store: ListStore,
    label: &'static str,
    up: Option<PatientSort>,
    down: Option<PatientSort>,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let set = use_set_query();
    let sort = move || Some(store.query.with(|query| query.sort)).filter(|_| !store.is_searching());
    let direction = move || match sort() {
        None => None,
        sorted if sorted == up => Some(("ascending", Glyph::SortUp)),
        sorted if sorted == down => Some(("descending", Glyph::SortDown)),
        _ => None,
    };
    let press = move |_| {
        let next = if sort() == up || up.is_none() { down } else { up };
        if let Some(sort) = next {
            set(ListQuery { sort, ..store.query.get_untracked() });
        }
    };
    view! {
        <span role="columnheader" class=class aria-sort=move || direction().map_or("none", |(word, _)| word)>
            <button type="button" class="patients-sort" tabindex="-1" on:click=press>
                {label}
                {move || direction().map(|(_, glyph)| view! { <Icon glyph /> })}
            </button>
        </span>
    }
}
