//! The two doors between a page and the app. `build.rs` lists them: nothing else can be called.

use std::io::Write;
use std::path::PathBuf;

use contract::{ErrorBody, ErrorCode};
use serde::Deserialize;
use serde_json::Value;
use tauri::ipc::Response;
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_dialog::DialogExt;

use crate::backend::Backend;
use crate::window;

/// Passes a command of the contract on. No logic here: who may do what is the use case's business.
#[tauri::command]
pub async fn call(name: String, request: Value, backend: State<'_, Backend>) -> Result<Response, ErrorBody> {
    backend.call(&name, request).await.map(Response::new)
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
    /// Asks for a place, and writes every patient there as CSV.
    ExportPatients,
    /// Asks for a place, and writes there what the server has not acknowledged.
    ExportUnsent,
}

/// Does what a page asks of the window around it.
#[tauri::command]
pub async fn shell(
    action: ShellAction,
    app: AppHandle,
    window: WebviewWindow,
    backend: State<'_, Backend>,
) -> Result<Value, ErrorBody> {
    match action {
        ShellAction::ExportPatients => {
            return match place(&window, "patients.csv", "CSV", "csv").await {
                Some(path) => backend.export_patients(&path).await.map(Value::from),
                None => Ok(Value::Null),
            };
        }
        ShellAction::ExportUnsent => {
            return match place(&window, "unsent.jsonl", "JSON", "jsonl").await {
                Some(path) => backend.export_unsent(&path).await.map(Value::from),
                None => Ok(Value::Null),
            };
        }
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
    .map(|()| Value::Null)
    .map_err(|error| {
        tracing::error!(?action, %error, "the window refused");
        ErrorBody::new(ErrorCode::Internal, "The window could not do that. Try again, or restart the app.")
    })
}

/// Where the person wants a file; nothing if they thought better of it.
async fn place(window: &WebviewWindow, name: &str, kind: &str, extension: &str) -> Option<PathBuf> {
    let (tell, told) = tokio::sync::oneshot::channel();
    window.dialog().file().set_parent(window).set_file_name(name).add_filter(kind, &[extension]).save_file(
        move |chosen| {
            // Nobody waits any more if the window was closed meanwhile.
            let _ = tell.send(chosen);
        },
    );
    told.await.ok().flatten().and_then(|chosen| chosen.into_path().ok())
}

/// For whoever started this and waits: the run command, the benchmark of the start, a script.
fn announce_ready() {
    let mut output = std::io::stdout().lock();
    // Nobody has to listen, and a closed pipe is no reason to fail.
    let _ = writeln!(output, "frontdesk: ready");
    let _ = output.flush();
}
