//! Files that the window writes for a person.

use leptos::task::spawn_local;

use crate::api::{self, ShellAction};
use crate::state::Desk;

/// Has the window ask where to and write the file; says `done` when it is written.
pub fn export(desk: Desk, action: ShellAction, done: &'static str) {
    spawn_local(async move {
        match api::shell(action).await {
            // Nothing comes back if the person thought better of it.
            Ok(serde_json::Value::Null) => {}
            Ok(_) => desk.toasts.done(done),
            Err(error) => desk.toasts.failed_with_retry(&error, move || export(desk, action, done)),
        }
    });
}
