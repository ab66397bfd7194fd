use std::sync::Arc;

use contract::{Command, ErrorBody};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;

/// Something that the desk was asked for.
///
/// What was there stays until its successor arrives; an answer to an older question is dropped;
/// what arrives after the view has gone is dropped too.
pub struct Remote<T: Send + Sync + 'static> {
    pub value: RwSignal<Option<Arc<T>>>,
    pub error: RwSignal<Option<ErrorBody>>,
    pub loading: RwSignal<bool>,
    asked: StoredValue<u64>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Remote<T> {}

impl<T: Send + Sync + 'static> Default for Remote<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send + Sync + 'static> Remote<T> {
    pub fn new() -> Self {
        Self {
            value: RwSignal::new(None),
            error: RwSignal::new(None),
            loading: RwSignal::new(false),
            asked: StoredValue::new(0),
        }
    }

    /// Asks, and shows the answer once it is there.
    pub fn load<C: Command<Response = T>>(self, request: C::Request) {
        let Some(question) = self.ask() else { return };
        spawn_local(async move {
            let answer = api::call::<C>(request).await;
            self.answer(question, answer);
        });
    }

    /// Puts something there that was learnt otherwise.
    pub fn put(self, value: T) {
        if let Some(question) = self.ask() {
            self.answer(question, Ok(value));
        }
    }

    /// Forgets what is there.
    pub fn clear(self) {
        self.ask();
        self.value.try_set(None);
        put_if_new(self.error, None);
        put_if_new(self.loading, false);
    }

    fn ask(self) -> Option<u64> {
        let question = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        })?;
        put_if_new(self.loading, true);
        Some(question)
    }

    fn answer(self, question: u64, answer: Result<T, ErrorBody>) {
        if self.asked.try_get_value() != Some(question) {
            return;
        }
        match answer {
            Ok(value) => {
                self.value.try_set(Some(Arc::new(value)));
                put_if_new(self.error, None);
            }
            Err(error) => put_if_new(self.error, Some(error)),
        }
        put_if_new(self.loading, false);
    }
}

/// Whoever shows a value is not bothered with the same one again: a page that was drawn anew would
/// lose the focus and what is being typed.
fn put_if_new<V: PartialEq + Send + Sync + 'static>(signal: RwSignal<V>, value: V) {
    if signal.try_with_untracked(|present| *present != value) == Some(true) {
        signal.try_set(value);
    }
}
