use std::collections::BTreeMap;
use std::time::Duration;

use contract::{
    DraftLoad, DraftSave, DraftSaveCall, DuplicateRequest, DuplicateResponse, ErrorBody, KeyRequest,
    PatientDuplicates,
};
use domain::field::Problem;
use domain::id::PatientId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::browser::{self, Debounce};
use crate::features::errors;
use crate::state::{Desk, Remote};
use crate::view_model::draft::{self, Base, Draft};
use crate::view_model::form::Form;

const DRAFT_DELAY: Duration = Duration::from_millis(400);
const DUPLICATES_DELAY: Duration = Duration::from_millis(150);

/// A form that is being filled in; cheap to copy.
#[derive(Clone, Copy)]
pub struct EditStore {
    pub desk: Desk,
    /// Absent for a new one.
    pub patient: Option<PatientId>,
    pub form: RwSignal<Form>,
    /// What an edit began with.
    pub base: RwSignal<Option<Base>>,
    /// By the form's names for its fields.
    pub problems: RwSignal<BTreeMap<String, Problem>>,
    /// Why it was not saved, if that is about no field.
    pub failure: RwSignal<Option<String>>,
    /// Somebody else changed the same fields.
    pub stale: RwSignal<Option<ErrorBody>>,
    pub saving: RwSignal<bool>,
    /// An earlier draft that is waiting for a decision.
    pub found: RwSignal<Option<Draft>>,
    /// Whether what is typed is kept as a draft.
    pub kept: RwSignal<bool>,
    pub likely: Remote<DuplicateResponse>,
    saved: StoredValue<bool>,
}

impl EditStore {
    pub fn new(desk: Desk, patient: Option<PatientId>, base: Option<Base>) -> Self {
        let form = base.as_ref().map_or_else(Form::new, |base| base.form.clone());
        let store = Self {
            desk,
            patient,
            form: RwSignal::new(form),
            base: RwSignal::new(base),
            problems: RwSignal::new(BTreeMap::new()),
            failure: RwSignal::new(None),
            stale: RwSignal::new(None),
            saving: RwSignal::new(false),
            found: RwSignal::new(None),
            kept: RwSignal::new(false),
            likely: Remote::new(),
            saved: StoredValue::new(false),
        };
        store.find_draft();
        store.keep_drafts();
        store.watch_for_duplicates();
        store
    }

    /// What the form was loaded with; empty for a new patient.
    pub fn before(self) -> Form {
        self.base.with_untracked(|base| base.as_ref().map(|base| base.form.clone())).unwrap_or_default()
    }

    /// Changes the form; what was said about `field` no longer holds.
    pub fn change(self, field: &str, change: impl FnOnce(&mut Form)) {
        self.form.update(change);
        if self.problems.with_untracked(|problems| problems.contains_key(field)) {
            self.problems.update(|problems| {
                problems.remove(field);
            });
        }
    }

    /// The sentence beside `field`, if something is wrong with it.
    pub fn problem(self, field: impl Into<String>) -> Signal<Option<String>> {
        let field = field.into();
        Signal::derive(move || {
            self.problems
                .with(|problems| problems.get(&field).map(|problem| errors::problem(*problem).to_owned()))
        })
    }

    /// Says what is wrong with `field`, or that nothing is.
    pub fn judge(self, field: &str, problem: Option<Problem>) {
        self.problems.update(|problems| {
            match problem {
                Some(problem) => problems.insert(field.to_owned(), problem),
                None => problems.remove(field),
            };
        });
    }

    /// It was saved: there is nothing left to keep.
    pub fn forget_draft(self) {
        self.saved.set_value(true);
        keep(draft::key(self.patient), None);
    }

    /// The form is filled in anew: what is typed from now on is kept again.
    pub fn reopen(self) {
        self.saved.set_value(false);
    }

    fn find_draft(self) {
        spawn_local(async move {
            let request = KeyRequest { key: draft::key(self.patient) };
            let Ok(answer) = api::call::<DraftLoad>(request).await else { return };
            if let Some(found) = answer.value.and_then(Draft::read).filter(Draft::matters) {
                self.found.try_set(Some(found));
                browser::focus_soon("#draft-continue");
            }
        });
    }

    /// Keeps what is typed, a moment after it was typed and again when the form is left.
    fn keep_drafts(self) {
        let debounce = StoredValue::new_local(Debounce::default());
        let first = self.form.get_untracked();
        let key = draft::key(self.patient);
        let keep_now = {
            let key = key.clone();
            move || {
                let draft = Draft {
                    at_ms: browser::now_ms(),
                    form: self.form.try_get_untracked()?,
                    base: self.base.try_get_untracked()?,
                };
                let value = if draft.matters() { serde_json::to_value(&draft).ok() } else { None };
                self.kept.try_set(value.is_some());
                keep(key.clone(), value);
                Some(())
            }
        };
        let later = keep_now.clone();
        Effect::new(move |touched: Option<bool>| {
            let changed = self.form.with(|form| *form != first);
            let touched = touched.unwrap_or(false) || changed;
            if touched && self.found.with_untracked(Option::is_none) {
                let later = later.clone();
                debounce.with_value(|debounce| {
                    debounce.run(DRAFT_DELAY, move || {
                        later();
                    })
                });
            }
            touched
        });
        on_cleanup(move || {
            let pending = debounce.try_with_value(Debounce::cancel).unwrap_or(false);
            if pending && self.saved.try_get_value() == Some(false) {
                keep_now();
            }
        });
    }

    /// Looks, while a new patient is typed, for records of the same person.
    fn watch_for_duplicates(self) {
        if self.patient.is_some() {
            return;
        }
        let debounce = StoredValue::new_local(Debounce::default());
        let question = Memo::new(move |_| self.form.with(question));
        Effect::new(move |_| {
            let question = question.get();
            let found = self.likely;
            debounce.with_value(|debounce| {
                debounce.run(DUPLICATES_DELAY, move || match question {
                    Some(question) => found.load::<PatientDuplicates>(question),
                    None => found.clear(),
                });
            });
        });
        on_cleanup(move || {
            debounce.try_with_value(Debounce::cancel);
        });
    }
}

/// What to ask; nothing as long as no name and no contact was typed.
fn question(form: &Form) -> Option<DuplicateRequest> {
    let draft = form.draft();
    let named =
        !draft.name.given.is_empty() || !draft.name.family.is_empty() || !draft.preferred_name.is_empty();
    (named || !draft.contacts.is_empty()).then_some(DuplicateRequest {
        id: None,
        name: draft.name,
        preferred_name: draft.preferred_name,
        birth_date: draft.birth_date,
        contacts: draft.contacts,
        address: draft.address,
        not_the_same_as: draft.not_the_same_as,
    })
}

fn keep(key: String, value: Option<serde_json::Value>) {
    spawn_local(async move {
        // A draft that cannot be kept is still in the form.
        let _ = api::call::<DraftSaveCall>(DraftSave { key, value }).await;
    });
}
