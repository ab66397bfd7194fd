//! The parts that pages are made of, each with its styles and its ARIA.

pub mod button;
pub mod dialog;
pub mod field;
pub mod icon;
pub mod mark;
pub mod menu;
pub mod picker;
pub mod placeholder;
pub mod progress;
pub mod segmented;
pub mod toasts;
