//! Opening the window, and saying why it cannot be opened: a machine without a display, or without the libraries that
//! a window needs, gets words and the names of packages instead of a panic.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use egui::{ViewportBuilder, vec2};

use super::screenshot::Outcome;
use super::window::Window;
use crate::Seed;
use crate::generate::Order;

/// How the desktop lab is opened.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Start this lesson at once: its name, or a path to its file.
    pub lesson: Option<String>,
    /// Go on with this saved session at once.
    pub session: Option<PathBuf>,
    /// Generate this incident at once.
    pub order: Option<Order>,
    /// The seed; the lesson's own unless given.
    pub seed: Option<Seed>,
    /// Bring this panel to the front, by the name on its tab.
    pub panel: Option<String>,
    /// Draw the window until it is calm, write a PNG of it here, and end.
    pub screenshot: Option<PathBuf>,
    /// Width and height of the window in points.
    pub size: Option<[f32; 2]>,
    /// The light theme, whatever was chosen before.
    pub light: bool,
    /// Who works; the name that was used before, or this machine's word for its user, unless given.
    pub who: Option<String>,
    /// Show the trainer's view of the first session at once.
    pub trainer: bool,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Neither a Wayland nor an X11 display answers.
    #[error("there is no display to open a window on ({0})")]
    NoDisplay(String),
    /// A library or driver that a window needs is missing.
    #[error(
        "a window needs libraries that are missing or do not work here ({0}); install them, on Debian and Ubuntu: \
         apt install libgl1 libegl1 libxkbcommon-x11-0 libx11-xcb1 libwayland-client0 libxcursor1 libxi6 libxrandr2; \
         on Fedora: dnf install mesa-libGL mesa-libEGL libxkbcommon-x11 libX11-xcb libwayland-client libXcursor libXi libXrandr"
    )]
    MissingLibraries(String),
    /// No panel has this name.
    #[error("there is no panel `{0}`; the panels are: {1}")]
    UnknownPanel(String, String),
    /// The picture could not be taken.
    #[error("no picture was taken: {0}")]
    Screenshot(String),
}

impl StartError {
    /// Whether the same lab in the terminal is the way to go on.
    pub fn terminal_helps(&self) -> bool {
        matches!(self, StartError::NoDisplay(_) | StartError::MissingLibraries(_))
    }
}

/// Opens the window, and comes back when it is closed.
pub fn run(options: RunOptions) -> Result<(), StartError> {
    if let Some(name) = &options.panel
        && super::dock::Panel::find(name).is_none()
    {
        let names: Vec<&str> = super::dock::Panel::ALL.iter().map(|panel| panel.title()).collect();
        return Err(StartError::UnknownPanel(name.clone(), names.join(", ")));
    }
    let outcome = Outcome::default();
    let picture = options.screenshot.is_some();
    let native = native_options(&options);
    let (window_options, window_outcome) = (options, outcome.clone());
    let started = Arc::new(Mutex::new(false));
    let open = started.clone();
    let run = move || {
        eframe::run_native(
            "allgreen",
            native,
            Box::new(move |creation| {
                *open.lock().unwrap_or_else(PoisonError::into_inner) = true;
                super::theme::install(&creation.egui_ctx);
                let storage = creation.storage.filter(|_| !picture);
                Ok(Box::new(Window::new(&creation.egui_ctx, storage, window_options, window_outcome)?))
            }),
        )
    };
    let result = quietly(run, &started);
    let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (result, outcome) {
        (Err(error), _) => Err(error),
        (Ok(()), Some(Err(problem))) => Err(StartError::Screenshot(problem)),
        (Ok(()), None) if picture => Err(StartError::Screenshot("the window was closed too soon".to_owned())),
        _ => Ok(()),
    }
}

/// The windowing crates panic where a library is missing. Until the window is there that is an error like any other.
fn quietly(run: impl FnOnce() -> eframe::Result, started: &Arc<Mutex<bool>>) -> Result<(), StartError> {
    let is_open = || *started.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = Arc::new(take_hook());
    let (inner, open) = (hook.clone(), started.clone());
    set_hook(Box::new(move |info| {
        if *open.lock().unwrap_or_else(PoisonError::into_inner) {
            inner(info);
        }
    }));
    let result = catch_unwind(AssertUnwindSafe(run));
    set_hook(Box::new(move |info| hook(info)));
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(reason(&error)),
        Err(panic) if is_open() => std::panic::resume_unwind(panic),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(StartError::MissingLibraries(text.unwrap_or_else(|| "the windowing system gave up".to_owned())))
        }
    }
}

fn reason(error: &eframe::Error) -> StartError {
    match error {
        eframe::Error::WinitEventLoop(_) | eframe::Error::Winit(_) => {
            // Before the last colon stands the place in the windowing crate.
            let text = error.to_string();
            let cause = text.rsplit(": ").next().unwrap_or(&text).trim_end_matches('.');
            StartError::NoDisplay(cause.to_owned())
        }
        _ => StartError::MissingLibraries(error.to_string()),
    }
}

fn native_options(options: &RunOptions) -> eframe::NativeOptions {
    let [width, height] = options.size.unwrap_or([1440.0, 900.0]);
    let viewport = ViewportBuilder::default()
        .with_title("allgreen")
        .with_app_id("allgreen")
        .with_inner_size(vec2(width, height))
        .with_min_inner_size(vec2(900.0, 600.0));
    let picture = options.screenshot.is_some();
    eframe::NativeOptions {
        viewport,
        persist_window: !picture,
        persistence_path: picture
            .then(|| std::env::temp_dir().join(format!("allgreen-picture-{}.ron", std::process::id()))),
        ..eframe::NativeOptions::default()
    }
}
