use chrono::{DateTime, Utc};
use contract::{KeyRequest, PreferenceLoad, PreferenceSet, PreferenceSetCall};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{api, browser};

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How close rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    #[default]
    Comfortable,
    Compact,
}

impl Density {
    pub const ALL: [Self; 2] = [Self::Comfortable, Self::Compact];

    pub fn word(self) -> &'static str {
        match self {
            Self::Comfortable => "comfortable",
            Self::Compact => "compact",
        }
    }

    /// Height of a list's row; `--row` in the style sheet is the same.
    pub fn row_px(self) -> f64 {
        match self {
            Self::Comfortable => 36.0,
            Self::Compact => 30.0,
        }
    }
}

/// Settings of this device.
#[derive(Clone, Copy)]
pub struct Preferences {
    pub theme: RwSignal<Theme>,
    pub density: RwSignal<Density>,
    /// Whether the rail shows icons alone.
    pub narrow_rail: RwSignal<bool>,
    /// When somebody last looked at what other desks changed.
    pub arrivals_seen: RwSignal<Option<DateTime<Utc>>>,
}

impl Preferences {
    /// As this window remembers them, until the store has answered.
    pub fn new() -> Self {
        let preferences = Self {
            theme: RwSignal::new(last("theme")),
            density: RwSignal::new(last("density")),
            narrow_rail: RwSignal::new(last("rail")),
            arrivals_seen: RwSignal::new(last("arrivals_seen")),
        };
        Effect::new(move |_| preferences.show());
        preferences
    }

    /// Asks the store.
    pub fn load(self) {
        load_into("theme", self.theme);
        load_into("density", self.density);
        load_into("rail", self.narrow_rail);
        load_into("arrivals_seen", self.arrivals_seen);
    }

    pub fn set_theme(self, theme: Theme) {
        self.theme.set(theme);
        keep("theme", &theme);
    }

    pub fn set_density(self, density: Density) {
        self.density.set(density);
        keep("density", &density);
    }

    pub fn toggle_rail(self) {
        self.narrow_rail.update(|narrow| *narrow = !*narrow);
        keep("rail", &self.narrow_rail.get_untracked());
    }

    pub fn set_arrivals_seen(self, at: DateTime<Utc>) {
        self.arrivals_seen.set(Some(at));
        keep("arrivals_seen", &Some(at));
    }

    fn show(self) {
        let Some(root) = browser::document().and_then(|document| document.document_element()) else { return };
        let _ = match self.theme.get() {
            Theme::System => root.remove_attribute("data-theme"),
            theme => root.set_attribute("data-theme", theme.word()),
        };
        let _ = root.set_attribute("data-density", self.density.get().word());
    }
}

fn last<T: DeserializeOwned + Default>(key: &str) -> T {
    browser::remembered(key).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn load_into<T>(key: &'static str, into: RwSignal<T>)
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    spawn_local(async move {
        let Ok(answer) = api::call::<PreferenceLoad>(KeyRequest { key: key.to_owned() }).await else {
            return;
        };
        if let Some(value) = answer.value.and_then(|value| serde_json::from_value::<T>(value).ok()) {
            remember(key, &value);
            into.try_set(value);
        }
    });
}

fn keep<T: Serialize>(key: &'static str, value: &T) {
    remember(key, value);
    let Ok(value) = serde_json::to_value(value) else { return };
    spawn_local(async move {
        // If it cannot be kept, it still holds until the app is closed.
        let _ = api::call::<PreferenceSetCall>(PreferenceSet { key: key.to_owned(), value }).await;
    });
}

fn remember<T: Serialize>(key: &str, value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        browser::remember(key, &text);
    }
}
