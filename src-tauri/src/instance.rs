//! One running app for each data folder: a second start opens another window of the first.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use tauri::Wry;
use tauri::plugin::TauriPlugin;

use crate::window;

/// Hands a second start over to the running app. Without a session bus each start is on its own,
/// and the lock on the data folder is what keeps them apart.
pub fn plugin(data_dir: &Path) -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::Builder::new()
        .callback(|app, _arguments, _folder| {
            if let Err(error) = window::open_another(app) {
                tracing::error!(%error, "no window for the second start");
            }
        })
        .dbus_id(bus_name(data_dir))
        .build()
}

/// Two data folders are two desks, so the folder is part of the name. Elsewhere than on Linux the
/// plugin knows one name for each app only.
fn bus_name(data_dir: &Path) -> String {
    let folder = data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned());
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("org.frontdesk.desk.d{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_data_folder_has_a_name_of_its_own() {
        assert_ne!(bus_name(Path::new("/one")), bus_name(Path::new("/two")));
        assert_eq!(bus_name(Path::new("/one")), bus_name(Path::new("/one")));
    }
}
