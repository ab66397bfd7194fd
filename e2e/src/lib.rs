//! The real window, driven as a person would: a display of its own, the app as it ships, keys and
//! clicks through WebDriver. The tests are in `tests/window`.

mod axe;
mod data;
mod desk;
mod driver;
mod keys;
mod stage;

pub use axe::Violation;
pub use data::{DataFolder, PASSPHRASE};
pub use desk::{Desk, Setup};
pub use headless::ScreenSize;
pub use stage::Programs;
pub use thirtyfour::WebElement;
