//! What all windows of one test run share: where the programs are.

use std::path::PathBuf;

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
