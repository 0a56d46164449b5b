//! What is kept from one start to the next: the arrangement, the theme, recent sessions. Nothing of a session itself.

use std::path::PathBuf;

use egui::ThemePreference;

use super::dock::Dock;

const DOCK: &str = "allgreen layout 1";
const THEME: &str = "allgreen theme";
const RECENT: &str = "allgreen recent sessions";
const WHO: &str = "allgreen who";

/// Recent sessions that are kept.
pub const MOST_RECENT: usize = 8;

/// What was kept.
pub struct Settings {
    /// The arrangement of the panels.
    pub dock: Option<Dock>,
    /// Light, dark, or as the system is.
    pub theme: ThemePreference,
    /// Session files, newest first.
    pub recent: Vec<PathBuf>,
    /// Who works here.
    pub who: String,
}

impl Settings {
    /// Reads what was kept; anything that cannot be read is as on the first start.
    pub fn load(storage: Option<&dyn eframe::Storage>) -> Settings {
        let Some(storage) = storage else {
            let who = crate::lab::local_name();
            return Settings { dock: None, theme: ThemePreference::Dark, recent: Vec::new(), who };
        };
        let mut recent: Vec<PathBuf> = eframe::get_value(storage, RECENT).unwrap_or_default();
        recent.retain(|path| path.exists());
        let theme = match storage.get_string(THEME).as_deref() {
            Some("light") => ThemePreference::Light,
            Some("system") => ThemePreference::System,
            _ => ThemePreference::Dark,
        };
        let who = storage.get_string(WHO).unwrap_or_else(crate::lab::local_name);
        Settings { dock: eframe::get_value(storage, DOCK), theme, recent, who }
    }

    /// Keeps it.
    pub fn save(
        storage: &mut dyn eframe::Storage,
        dock: &Dock,
        recent: &[PathBuf],
        (theme, who): (ThemePreference, &str),
    ) {
        eframe::set_value(storage, DOCK, dock);
        eframe::set_value(storage, RECENT, &recent.to_vec());
        storage.set_string(WHO, who.to_owned());
        let theme = match theme {
            ThemePreference::Light => "light",
            ThemePreference::System => "system",
            ThemePreference::Dark => "dark",
        };
        storage.set_string(THEME, theme.to_owned());
    }

    /// Where sessions are saved unless another place is named.
    pub fn session_folder() -> PathBuf {
        eframe::storage_dir("allgreen").map_or_else(|| PathBuf::from("."), |folder| folder.join("sessions"))
    }
}
