use contract::{
    Cursor, ErrorBody, InvoiceFilter, InvoiceList, InvoiceListRequest, InvoiceListResponse, InvoiceRow,
};
use domain::money::Currency;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_navigate, use_query_map};
use web_sys::KeyboardEvent;

use crate::api;
use crate::browser;
use crate::components::button::{Button, Weight};
use crate::components::icon::Glyph;
use crate::components::mark::{Mark, Tone};
use crate::components::placeholder::{Empty, Failure, Skeleton};
use crate::components::segmented::Segmented;
use crate::features::errors::sentence;
use crate::features::words;
use crate::state::use_desk;
use crate::t;
use crate::view_model::{format, invoice};

/// Rows that one question brings.
const PAGE_ROWS: u32 = 50;
/// Tables that a list shows.
const COLLECTIONS: [&str; 5] = ["invoice", "invoice_line", "invoice_document", "payment", "patient"];

/// The rows that are shown, as far as somebody has asked for more.
#[derive(Clone, Copy)]
struct Store {
    filter: Memo<InvoiceFilter>,
    rows: RwSignal<Option<Vec<InvoiceRow>>>,
    /// How many there are, and what they count in.
    about: RwSignal<Option<(contract::Count, Currency)>>,
    next: RwSignal<Option<Cursor>>,
    error: RwSignal<Option<ErrorBody>>,
    asked: StoredValue<u64>,
    /// The row that the keys are at.
    at: RwSignal<usize>,
}

impl Store {
    fn new(filter: Memo<InvoiceFilter>) -> Self {
        Self {
            filter,
            rows: RwSignal::new(None),
            about: RwSignal::new(None),
            next: RwSignal::new(None),
            error: RwSignal::new(None),
            asked: StoredValue::new(0),
            at: RwSignal::new(0),
        }
    }

    /// As many rows as there are, or as one question may bring.
    fn refresh(self) {
        let shown = self.rows.with_untracked(|rows| rows.as_ref().map_or(0, Vec::len));
        let limit = u32::try_from(shown).unwrap_or(contract::PAGE_LIMIT_MAX);
        self.ask(None, limit.clamp(PAGE_ROWS, contract::PAGE_LIMIT_MAX));
    }

    fn more(self) {
        if let Some(after) = self.next.get_untracked() {
            self.ask(Some(after), PAGE_ROWS);
        }
    }

    fn ask(self, after: Option<Cursor>, limit: u32) {
        let continues = after.is_some();
        let question = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        let filter = self.filter.get_untracked();
        spawn_local(async move {
            let request = InvoiceListRequest { filter, after, limit, ..InvoiceListRequest::default() };
            let answer = api::call::<InvoiceList>(request).await;
            if question.is_none() || self.asked.try_get_value() != question {
                return;
            }
            match answer {
                Ok(page) => self.take(page, continues),
                Err(error) => drop(self.error.try_set(Some(error))),
            }
        });
    }

    fn take(self, answer: InvoiceListResponse, continues: bool) {
        self.error.try_set(None);
        self.about.try_set(Some((answer.count, answer.currency)));
        self.next.try_set(answer.page.next);
        self.rows.try_update(|rows| match rows {
            Some(rows) if continues => rows.extend(answer.page.rows),
            rows => *rows = Some(answer.page.rows),
        });
    }

    fn length(self) -> usize {
        self.rows.with_untracked(|rows| rows.as_ref().map_or(0, Vec::len))
    }
}

fn filter_of(word: &str) -> InvoiceFilter {
    serde_json::from_value(serde_json::Value::from(word)).unwrap_or_default()
}

/// The word of a filter in the URL.
fn word_of(filter: InvoiceFilter) -> String {
    serde_json::to_value(filter).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// All invoices, by what state they are in.
#[component]
pub fn InvoicesList() -> impl IntoView {
    let desk = use_desk();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(|query| filter_of(&query.get("filter").unwrap_or_default())));
    let store = Store::new(filter);
    Effect::new(move |_| {
        desk.changes.follow(&COLLECTIONS);
        store.refresh();
    });
    Effect::new(move |before: Option<InvoiceFilter>| {
        let now = filter.get();
        if before.is_some_and(|before| before != now) {
            store.rows.set(None);
            store.at.set(0);
            store.refresh();
        }
        now
    });
    let there = Memo::new(move |_| store.rows.with(Option::is_some));
    let any = Memo::new(move |_| store.rows.with(|rows| rows.as_ref().is_some_and(|rows| !rows.is_empty())));
    crate::pages::announce_ready();
    view! {
        <div class="invoices">
            <Toolbar store />
            {move || match (there.get(), any.get(), store.error.get()) {
                (false, _, Some(error)) => view! { <Failure error retry=move || store.refresh() /> }.into_any(),
                (false, _, None) => view! { <Skeleton lines=10 /> }.into_any(),
                (true, false, _) => view! { <Nothing filter /> }.into_any(),
                (true, true, _) => view! { <Grid store /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Toolbar(store: Store) -> impl IntoView {
    let navigate = use_navigate();
    let choose = move |filter: InvoiceFilter| {
        let path = match filter {
            InvoiceFilter::All => "/invoices".to_owned(),
            filter => format!("/invoices?filter={}", word_of(filter)),
        };
        navigate(&path, Default::default());
    };
    let count = move || {
        store
            .about
            .get()
            .map(|(count, _)| t!(invoice.count, count = count.n, n = format::count(count.n, count.or_more)))
    };
    view! {
        <div class="invoices-toolbar">
            <Segmented
                name="invoice-filter"
                label=t!(invoice.filter)
                choices=invoice::filters()
                value=store.filter
                on_choose=choose
            />
            <span class="caption tabular" role="status">{count}</span>
        </div>
    }
}

#[component]
fn Nothing(filter: Memo<InvoiceFilter>) -> impl IntoView {
    move || {
        match filter.get() {
        InvoiceFilter::All => {
            view! { <Empty glyph=Glyph::Invoice title=t!(invoice.none) text=t!(invoice.none_text) /> }.into_any()
        }
        _ => view! { <Empty glyph=Glyph::Invoice title=t!(invoice.none_here) text=t!(invoice.none_here_text) /> }
            .into_any(),
    }
    }
}

#[component]
fn Grid(store: Store) -> impl IntoView {
    let navigate = use_navigate();
    let open = StoredValue::new(move |row: &InvoiceRow| {
        navigate(&format!("/invoices/{}", row.id), Default::default());
    });
    let open_at = move |at: usize| {
        store.rows.with_untracked(|rows| {
            if let Some(row) = rows.as_ref().and_then(|rows| rows.get(at)) {
                open.with_value(|open| open(row));
            }
        });
    };
    let keys = move |event: KeyboardEvent| {
        let last = store.length().saturating_sub(1);
        let at = store.at.get_untracked().min(last);
        match event.key().as_str() {
            "ArrowDown" if at == last => store.more(),
            "ArrowDown" => store.at.set(at + 1),
            "ArrowUp" => store.at.set(at.saturating_sub(1)),
            "Home" => store.at.set(0),
            "End" => store.at.set(last),
            "Enter" => open_at(at),
            _ => return,
        }
        event.prevent_default();
        browser::reveal_soon(format!("#invoice-row-{}", store.at.get_untracked()));
    };
    browser::focus_if_lost(".invoices-grid");
    let currency = move || store.about.get_untracked().map(|(_, currency)| currency);
    let rows = move || {
        let rows = store.rows.get().unwrap_or_default();
        let currency = currency();
        rows.into_iter()
            .enumerate()
            .filter_map(|(at, row)| Some(view! { <Line at row currency=currency? store open_at /> }))
            .collect_view()
    };
    let failure = move || {
        store.error.get().map(|error| view! { <p class="field-problem" role="alert">{sentence(&error)}</p> })
    };
    view! {
        <div class="invoices-scroll">
            <table
                class="data-table invoices-grid"
                role="grid"
                tabindex="0"
                aria-label=t!(invoice.title)
                aria-activedescendant=move || format!("invoice-row-{}", store.at.get())
                on:keydown=keys
            >
                <thead>
                    <tr>
                        <th scope="col">{t!(invoice.number)}</th>
                        <th scope="col">{t!(invoice.patient)}</th>
                        <th scope="col">{t!(invoice.billed)}</th>
                        <th scope="col">{t!(invoice.date)}</th>
                        <th scope="col">{t!(invoice.status)}</th>
                        <th scope="col" class="is-number">{t!(invoice.total)}</th>
                        <th scope="col" class="is-number">{t!(invoice.balance)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {failure}
            <Show when=move || store.next.with(Option::is_some)>
                <div class="invoices-more">
                    <Button label=t!(action.more).to_owned() weight=Weight::Quiet on_press=move |_| store.more() />
                </div>
            </Show>
        </div>
    }
}

#[component]
fn Line(
    at: usize,
    row: InvoiceRow,
    currency: Currency,
    store: Store,
    open_at: impl Fn(usize) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let (tone, word) = invoice::status(&row);
    let number = if row.number.is_empty() { t!(invoice.draft).to_owned() } else { row.number.clone() };
    view! {
        <tr
            id=format!("invoice-row-{at}")
            class="invoices-row"
            role="row"
            aria-selected=move || (store.at.get() == at).to_string()
            on:mousedown=move |_| store.at.set(at)
            on:click=move |_| open_at(at)
        >
            <td class="tabular" class:text-muted=row.number.is_empty()>{number}</td>
            <td class="font-medium clip">{words::or_nameless(row.patient_name.clone())}</td>
            <td class="clip invoices-billed">{summary(&row.summary)}</td>
            <td class="tabular" title=words::exact(row.at)>{words::day(row.at)}</td>
            <td>
                <Mark tone label=word />
                {row.is_faulty.then(|| view! { <Mark tone=Tone::Danger label=t!(invoice.faulty) /> })}
            </td>
            <td class="is-number tabular">{invoice::money(currency, invoice::charged(&row))}</td>
            <td class="is-number tabular">{due(currency, row.balance)}</td>
        </tr>
    }
}

/// The first lines in one.
fn summary(lines: &[String]) -> String {
    const SHOWN: usize = 2;
    let first = lines.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match lines.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first}  {}", t!(invoice.more_lines, n = more)),
    }
}

/// What is due, or that too much was paid; nothing where it is even.
fn due(currency: Currency, balance: i64) -> AnyView {
    match balance {
        0 => ().into_any(),
        due if due > 0 => {
            view! { <span class="invoices-due">{invoice::money(currency, due)}</span> }.into_any()
        }
        over => {
            let amount = invoice::money(currency, over.saturating_neg());
            view! { <span class="text-muted">{t!(invoice.credit_of, amount = amount)}</span> }.into_any()
        }
    }
}
