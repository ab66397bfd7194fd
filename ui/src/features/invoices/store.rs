use contract::{
    Command, Cursor, ErrorBody, ErrorCode, InvoiceDetail, InvoiceLine, InvoiceLoad, InvoiceRef,
    InvoiceUpdate, InvoiceUpdateRequest, LineAdd, LineAddRequest, LineList, LineListRequest, LineRemove,
    LineRemoveRequest, LineUpdate, LineUpdateRequest, Nothing, TaxRateList, TaxRates,
};
use domain::id::{InvoiceId, LineId};
use domain::invoice::document::LineContent;
use domain::invoice::{Discount, InvoiceStatus, Tax, TaxCategory, Totals};
use domain::money::Currency;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::{Desk, Remote};
use crate::view_model::invoice;
use crate::{api, t};

/// Tables that an invoice shows.
const COLLECTIONS: [&str; 7] =
    ["invoice", "invoice_line", "invoice_document", "payment", "patient", "tax_rate", "day_close"];

/// One invoice on the screen; cheap to copy. What is changed shows at once, and again as the desk has it.
#[derive(Clone, Copy)]
pub struct Sheet {
    pub desk: Desk,
    pub id: InvoiceId,
    pub remote: Remote<InvoiceDetail>,
    pub rates: Remote<TaxRateList>,
    pub lines: RwSignal<Vec<InvoiceLine>>,
    pub next: RwSignal<Option<Cursor>>,
    pub discount: RwSignal<Discount>,
    /// A line that somebody else changed meanwhile, and what was to be written.
    pub stale: RwSignal<Option<(LineId, LineContent)>>,
}

impl Sheet {
    pub fn new(desk: Desk, id: InvoiceId) -> Self {
        let sheet = Self {
            desk,
            id,
            remote: Remote::new(),
            rates: Remote::new(),
            lines: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            discount: RwSignal::new(Discount::None),
            stale: RwSignal::new(None),
        };
        let unsent = desk.unsent();
        Effect::new(move |_| {
            desk.changes.follow(&COLLECTIONS);
            unsent.get();
            sheet.load();
        });
        Effect::new(move |_| {
            if let Some(detail) = sheet.remote.value.get() {
                sheet.take(&detail);
            }
        });
        sheet
    }

    pub fn load(self) {
        self.remote.load::<InvoiceLoad>(InvoiceRef { id: self.id });
        self.rates.load::<TaxRates>(Nothing {});
    }

    fn take(self, detail: &InvoiceDetail) {
        // Lines that were asked for beyond the first page stay as they were shown, until they are asked for again.
        self.lines.update(|lines| {
            let first = detail.lines.rows.len();
            let rest = if lines.len() > first && detail.lines.next.is_some() {
                lines.split_off(first)
            } else {
                Vec::new()
            };
            lines.clone_from(&detail.lines.rows);
            lines.extend(rest);
        });
        if self.lines.with_untracked(Vec::len) == detail.lines.rows.len() {
            self.next.set(detail.lines.next.clone());
        }
        self.discount.set(detail.discount);
    }

    /// One piece of what the desk has.
    pub fn piece<T: Clone + PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&InvoiceDetail) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.remote.value.with(|detail| detail.as_deref().map(&read)))
    }

    /// What is there of it without waiting.
    pub fn detail(self) -> Option<std::sync::Arc<InvoiceDetail>> {
        self.remote.value.get_untracked()
    }

    pub fn currency(self) -> Currency {
        let known = self.remote.value.with_untracked(|detail| detail.as_ref().map(|detail| detail.currency));
        known.unwrap_or(Currency::USUAL)
    }

    pub fn is_draft(self) -> bool {
        self.remote.value.with_untracked(|detail| {
            detail.as_ref().is_some_and(|detail| detail.row.status == InvoiceStatus::Draft)
        })
    }

    /// What it comes to, as it is on the screen.
    pub fn totals(self) -> Totals {
        let detail = self.remote.value.get();
        let Some(detail) = detail else { return Totals::default() };
        let shown = self.lines.get();
        if detail.row.status != InvoiceStatus::Draft
            || !invoice::has_all(&shown, shown_count(&detail, &shown))
        {
            return detail.totals.clone();
        }
        invoice::draft_totals(shown.iter().map(|line| &line.content), self.discount.get())
    }

    pub fn more(self) {
        let Some(after) = self.next.get_untracked() else { return };
        spawn_local(async move {
            let request = LineListRequest { invoice: self.id, after: Some(after), limit: 200 };
            match api::call::<LineList>(request).await {
                Ok(page) => {
                    self.next.try_set(page.next);
                    self.lines.try_update(|lines| lines.extend(page.rows));
                }
                Err(error) => self.desk.toasts.failed(&error),
            }
        });
    }

    /// Adds lines at the end.
    pub fn add(self, lines: Vec<LineContent>) {
        self.run::<LineAdd>(LineAddRequest { invoice: self.id, lines });
    }

    /// Takes a line off; adding it again brings it back.
    pub fn remove(self, id: LineId) {
        let gone = self.lines.with_untracked(|lines| lines.iter().find(|line| line.id == id).cloned());
        let Some(gone) = gone else { return };
        self.lines.update(|lines| lines.retain(|line| line.id != id));
        self.run::<LineRemove>(LineRemoveRequest { invoice: self.id, ids: vec![id] });
        self.desk.toasts.undoable(t!(invoice.line_removed), move || self.add(vec![gone.content.clone()]));
    }

    /// Changes a line.
    pub fn change(self, id: LineId, change: impl FnOnce(&mut LineContent)) {
        let line = self.lines.with_untracked(|lines| lines.iter().find(|line| line.id == id).cloned());
        let Some(line) = line else { return };
        let mut content = line.content.clone();
        change(&mut content);
        if content == line.content {
            return;
        }
        self.lines.update(|lines| {
            if let Some(shown) = lines.iter_mut().find(|shown| shown.id == id) {
                shown.net = content.net().ok();
                shown.content = content.clone();
            }
        });
        self.write(LineUpdateRequest { id, content, versions: line.versions, overwrite: false });
    }

    /// Writes a line, over what somebody else wrote if that is wanted.
    pub fn write(self, request: LineUpdateRequest) {
        let (id, content) = (request.id, request.content.clone());
        spawn_local(async move {
            match api::call::<LineUpdate>(request).await {
                Ok(Nothing {}) => drop(self.stale.try_set(None)),
                Err(error) if error.code == ErrorCode::Stale => {
                    self.stale.try_set(Some((id, content)));
                    self.load();
                }
                Err(error) => self.failed(&error),
            }
        });
    }

    pub fn set_discount(self, discount: Discount) {
        let Some(detail) = self.detail() else { return };
        self.discount.set(discount);
        self.run::<InvoiceUpdate>(InvoiceUpdateRequest {
            id: self.id,
            discount: Some(discount),
            note: None,
            versions: detail.versions.clone(),
            overwrite: false,
        });
    }

    fn run<C: Command>(self, request: C::Request) {
        spawn_local(async move {
            if let Err(error) = api::call::<C>(request).await {
                self.failed(&error);
            }
        });
    }

    /// What was shown before the desk said no is no longer true.
    fn failed(self, error: &ErrorBody) {
        self.desk.toasts.failed(error);
        self.load();
    }

    /// The taxes to choose from, each with its word: those in use, and `present`.
    pub fn taxes(self, present: Tax) -> Vec<(Tax, String)> {
        let none = Tax { category: TaxCategory::Exempt, rate: 0 };
        let mut taxes = vec![(none, t!(invoice.no_tax).to_owned())];
        let rates = self.rates.value.get();
        for rate in rates.iter().flat_map(|rates| &rates.rates).filter(|rate| !rate.archived) {
            if !taxes.iter().any(|(tax, _)| *tax == rate.tax) {
                let word = format!("{} {}", rate.name, invoice::percent(rate.tax.rate));
                taxes.push((rate.tax, word));
            }
        }
        if !taxes.iter().any(|(tax, _)| *tax == present) {
            taxes.push((present, invoice::percent(present.rate)));
        }
        taxes
    }
}

/// How many lines there are with those that the desk has not told of yet.
fn shown_count(detail: &InvoiceDetail, shown: &[InvoiceLine]) -> u64 {
    if detail.lines.next.is_some() { detail.line_count } else { shown.len() as u64 }
}
