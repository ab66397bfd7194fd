use std::sync::Arc;
use std::time::Duration;

use contract::ErrorBody;
use leptos::prelude::*;

use crate::features::errors::sentence;
use crate::t;

/// How long a toast stays. Long enough to read it and to reach its button.
const STAY: Duration = Duration::from_secs(10);
const TOASTS_MAX: usize = 4;

/// What a button does.
pub type Action = Arc<dyn Fn() + Send + Sync>;

/// What kind of news it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    Done,
    Failed,
}

/// News of something that was done, with a way back.
#[derive(Clone)]
pub struct Toast {
    pub id: u64,
    pub kind: ToastKind,
    pub text: String,
    pub action: Option<(String, Action)>,
    /// Whether the action takes back what was done.
    pub undoes: bool,
}

/// The toasts on the screen, the newest last.
#[derive(Clone, Copy)]
pub struct Toasts {
    pub list: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

impl Toasts {
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Something was done.
    pub fn done(self, text: impl Into<String>) {
        self.push(ToastKind::Done, text.into(), None, false);
    }

    /// Something was done that can be taken back.
    pub fn undoable(self, text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
        let action = (t!(action.undo).to_owned(), Arc::new(undo) as Action);
        self.push(ToastKind::Done, text.into(), Some(action), true);
    }

    /// Something did not work.
    pub fn failed(self, error: &ErrorBody) {
        self.push(ToastKind::Failed, sentence(error), None, false);
    }

    /// Something did not work and can be tried again.
    pub fn failed_with_retry(self, error: &ErrorBody, retry: impl Fn() + Send + Sync + 'static) {
        let action = (t!(action.retry).to_owned(), Arc::new(retry) as Action);
        self.push(ToastKind::Failed, sentence(error), Some(action), false);
    }

    /// Takes back what was done last, if that can be.
    pub fn undo_last(self) {
        let last = self.list.with_untracked(|list| list.iter().rev().find(|toast| toast.undoes).cloned());
        if let Some(Toast { id, action: Some((_, undo)), .. }) = last {
            self.dismiss(id);
            undo();
        }
    }

    pub fn dismiss(self, id: u64) {
        self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }

    fn push(self, kind: ToastKind, text: String, action: Option<(String, Action)>, undoes: bool) {
        let id = self.next.try_update_value(|next| {
            *next += 1;
            *next
        });
        let Some(id) = id else { return };
        self.list.try_update(|list| {
            list.push(Toast { id, kind, text, action, undoes });
            let surplus = list.len().saturating_sub(TOASTS_MAX);
            list.drain(..surplus);
        });
        set_timeout(move || self.dismiss(id), STAY);
    }
}
