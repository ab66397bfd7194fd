//! The windows and the app's life: what opens, and what happens before it ends.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use app::DeskOptions;
use tauri::utils::config::WindowConfig;
use tauri::{App, AppHandle, Manager, RunEvent, WebviewWindow, WebviewWindowBuilder, Wry};
use tauri_plugin_window_state::StateFlags;

use crate::backend::Backend;
use crate::cli::WindowSize;
use crate::{doors, instance};

/// The label of the first window; the others are numbered.
const FIRST: &str = "main";

/// Opens the window and returns when the last one is closed and the data is in order.
pub fn run(mut options: DeskOptions, size: Option<WindowSize>) -> Result<()> {
    options.sync = true;
    let data_dir = options.data_dir.clone();
    let backend = Backend::start(options);
    let mut builder = tauri::Builder::default()
        .plugin(instance::plugin(&data_dir))
        .plugin(tauri_plugin_dialog::init())
        .manage(backend.clone())
        .invoke_handler(tauri::generate_handler![doors::call, doors::shell])
        .setup(move |app| set_up(app, size));
    if size.is_none() {
        builder = builder.plugin(remembered_size(&data_dir));
    }
    let app = builder
        .build(tauri::generate_context!())
        .context("the window cannot be opened; is there a display (DISPLAY or WAYLAND_DISPLAY)?")?;
    app.run(move |_app, event| {
        if matches!(event, RunEvent::Exit) {
            tauri::async_runtime::block_on(backend.close());
        }
    });
    Ok(())
}

fn set_up(app: &mut App, size: Option<WindowSize>) -> Result<(), Box<dyn std::error::Error>> {
    end_on_signal(app.handle().clone());
    app.state::<Backend>().forward_events(app.handle().clone());
    let mut config = window_config(app.handle())?;
    if let Some(size) = size {
        config.width = size.width;
        config.height = size.height;
        config.min_width = None;
        config.min_height = None;
    }
    open(app.handle(), &config)?;
    Ok(())
}

/// Opens one more window of the same desk.
pub fn open_another(app: &AppHandle) -> tauri::Result<()> {
    static OPENED: AtomicUsize = AtomicUsize::new(2);
    let mut config = window_config(app)?;
    config.label = format!("desk-{}", OPENED.fetch_add(1, Ordering::Relaxed));
    config.center = false;
    open(app, &config)?.set_focus()
}

fn open(app: &AppHandle, config: &WindowConfig) -> tauri::Result<WebviewWindow> {
    let window = WebviewWindowBuilder::from_config(app, config)?.build()?;
    #[cfg(target_os = "linux")]
    draw_without_gpu(&window)?;
    Ok(window)
}

/// Lists and forms need no GPU. Without one WebKit would compute its work on the processor: twice the
/// memory, and scrolling takes 2.7 times as long (docs/adr/0015-drawn-without-gpu.md).
#[cfg(target_os = "linux")]
fn draw_without_gpu(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

/// How a window looks is told in one place: `tauri.conf.json`.
fn window_config(app: &AppHandle) -> tauri::Result<WindowConfig> {
    let windows = &app.config().app.windows;
    windows.iter().find(|config| config.label == FIRST).cloned().ok_or(tauri::Error::WindowNotFound)
}

/// Size and place of the first window, kept with the data that it shows.
fn remembered_size(data_dir: &Path) -> tauri::plugin::TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::default()
        .with_filename(data_dir.join(app::files::WINDOW).to_string_lossy())
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filter(|label| label == FIRST)
        .build()
}

/// Being told to end by the system is like closing the last window.
fn end_on_signal(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        match next_signal().await {
            Ok(()) => app.exit(0),
            Err(error) => tracing::warn!(%error, "signals cannot be watched: close the window to end"),
        }
    });
}

/// Waits until the system asks the app to end.
#[cfg(unix)]
pub async fn next_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// Waits until the system asks the app to end.
#[cfg(not(unix))]
pub async fn next_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
