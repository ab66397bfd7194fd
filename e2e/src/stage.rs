//! What all windows of one test run share: where the programs are, and the display.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::Result;
use headless::{Headless, ScreenSize};

/// The programs under test, as `cargo xtask test` names them.
#[derive(Clone, Debug)]
pub struct Programs {
    pub app: PathBuf,
    pub driver: PathBuf,
}

impl Programs {
    /// Nothing, with a notice, when the tests were started in another way and nothing is prepared.
    pub fn find() -> Option<Self> {
        let named = |variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.exists());
        let programs = named("FRONTDESK_E2E_APP").zip(named("FRONTDESK_E2E_DRIVER"));
        if programs.is_none() {
            eprintln!("skipped: the window is tested by `cargo xtask test`, which builds it first");
        }
        programs.map(|(app, driver)| Self { app, driver })
    }
}

/// The display, started with the first window and ended with the last.
pub fn shared_display() -> Result<Arc<Headless>> {
    // A plain static would never be dropped, and the display would outlive the tests.
    static DISPLAY: Mutex<Weak<Headless>> = Mutex::new(Weak::new());
    let mut display = DISPLAY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = display.upgrade() {
        return Ok(running);
    }
    let started = Arc::new(Headless::start(ScreenSize::LARGE)?);
    *display = Arc::downgrade(&started);
    Ok(started)
}
