//! The desk behind the windows: on its way while they open, and their only source of anything.

use app::{Desk, DeskOptions};
use contract::{ErrorBody, ErrorCode, Event};
use serde_json::Value;
use std::path::Path;
use tauri::{AppHandle, Emitter, async_runtime};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// The event that carries every [`Event`] of the contract to every window.
const EVENT: &str = "frontdesk";

/// Answers what a page asks, from the moment that the desk has started.
#[derive(Clone, Debug)]
pub struct Backend(watch::Receiver<Option<Desk>>);

impl Backend {
    /// Starts the desk beside whatever else is being started: a key takes a while to derive, and so
    /// does a window to open.
    pub fn start(options: DeskOptions) -> Self {
        let (started, backend) = watch::channel(None);
        async_runtime::spawn(async move {
            let desk = Desk::start(options).await;
            // Nobody waits any more when the app ended meanwhile.
            let _ = started.send(Some(desk));
        });
        Self(backend)
    }

    /// Runs one command of the contract; the answer is JSON text, which nobody on the way reads.
    pub async fn call(&self, name: &str, request: Value) -> Result<String, ErrorBody> {
        self.desk().await?.answer(name, request).await.0
    }

    /// Writes every patient to a CSV file; returns how many there were.
    pub async fn export_patients(&self, path: &Path) -> Result<u64, ErrorBody> {
        app::export_patients(&self.desk().await?, path).await
    }

    /// Writes what the server has not acknowledged to a file; returns how many saves there were. The person has agreed to
    /// replace what is there.
    pub async fn export_unsent(&self, path: &Path) -> Result<u64, ErrorBody> {
        app::export_unsent(&self.desk().await?, path, true).await
    }

    /// Lets the windows of `app` hear of everything that changes.
    pub fn forward_events(&self, app: AppHandle) {
        let backend = self.clone();
        async_runtime::spawn(async move {
            let Ok(desk) = backend.desk().await else { return };
            let mut events = desk.subscribe();
            loop {
                match events.recv().await {
                    Ok(event) => emit(&app, &event),
                    // A page that missed some asks for all that it shows.
                    Err(RecvError::Lagged(_)) => emit(&app, &app::everything_changed()),
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    /// Puts the data in order; nothing can be asked afterwards.
    pub async fn close(&self) {
        if let Ok(desk) = self.desk().await {
            desk.close().await;
        }
    }

    async fn desk(&self) -> Result<Desk, ErrorBody> {
        let mut started = self.0.clone();
        let desk = started.wait_for(Option::is_some).await.ok().and_then(|desk| desk.clone());
        desk.ok_or_else(|| {
            ErrorBody::new(ErrorCode::Internal, "The app could not start. Restart it; the log says why.")
        })
    }
}

fn emit(app: &AppHandle, event: &Event) {
    if let Err(error) = app.emit(EVENT, event) {
        tracing::warn!(%error, "the windows were not told of a change");
    }
}
