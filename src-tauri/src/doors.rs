//! The two doors between a page and the app. `build.rs` lists them: nothing else can be called.

use std::io::Write;

use contract::{ErrorBody, ErrorCode};
use serde::Deserialize;
use serde_json::Value;
use tauri::{AppHandle, State, WebviewWindow};

use crate::backend::Backend;
use crate::window;

/// Passes a command of the contract on. No logic here: who may do what is the use case's business.
#[tauri::command]
pub async fn call(name: String, request: Value, backend: State<'_, Backend>) -> Result<Value, ErrorBody> {
    backend.call(&name, request).await
}

/// What only the window can do.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShellAction {
    /// Opens another window of the same desk.
    WindowNew,
    /// Closes the window that asks.
    WindowClose,
    /// Opens the system's print dialog for the page as it stands.
    Print,
    /// Ends the app, all windows included.
    Quit,
    /// The first content is on the screen.
    Ready,
}

/// Does what a page asks of the window around it.
#[tauri::command]
pub async fn shell(action: ShellAction, app: AppHandle, window: WebviewWindow) -> Result<(), ErrorBody> {
    match action {
        ShellAction::WindowNew => window::open_another(&app),
        ShellAction::WindowClose => window.close(),
        ShellAction::Print => window.print(),
        ShellAction::Quit => {
            app.exit(0);
            Ok(())
        }
        ShellAction::Ready => {
            announce_ready();
            Ok(())
        }
    }
    .map_err(|error| {
        tracing::error!(?action, %error, "the window refused");
        ErrorBody::new(ErrorCode::Internal, "The window could not do that. Try again, or restart the app.")
    })
}

/// For whoever started this and waits: the run command, the benchmark of the start, a script.
fn announce_ready() {
    let mut output = std::io::stdout().lock();
    // Nobody has to listen, and a closed pipe is no reason to fail.
    let _ = writeln!(output, "frontdesk: ready");
    let _ = output.flush();
}
