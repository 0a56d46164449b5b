//! Notices when the lesson that is open, its world or its words are edited on disk: checks them, says what is wrong, and
//! offers to start again. Knows files; what the learner does is never touched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egui::{RichText, ScrollArea, Ui};

use super::act::{Act, Outbox};
use super::theme::palette;
use super::widgets::{primary_button, small_button};
use super::worker::{News, Teller};
use crate::Lesson;
use crate::builtin;
use crate::lesson::{translation_path, world_file};
use crate::watch::Watch;

/// How soon the thread hears that nobody wants to know any more.
const PATIENCE: Duration = Duration::from_millis(300);

/// What became of the files of the lesson that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// They are as they were when the session began.
    Back,
    /// They are different, and good.
    Good(PathBuf),
    /// They are different, and this is wrong with them.
    Wrong(PathBuf, String),
}

/// Watches until dropped.
pub(super) struct Editing(Arc<AtomicBool>);

impl Drop for Editing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Editing {
    /// Watches the files of a lesson; `told` hears when they are no longer those of the lesson as it was begun.
    pub(super) fn watch(lesson: PathBuf, begun: Option<Lesson>, told: Teller) -> Result<Editing, String> {
        let before = begun.or_else(|| builtin::lesson_at(&lesson).ok());
        let mut files = vec![lesson.clone()];
        if let Some(before) = &before {
            files.extend(world_file(&lesson, &before.spec().world));
        }
        files.extend(
            crate::language::wanted().iter().map(|tag| translation_path(&lesson, tag)).filter(|path| path.is_file()),
        );
        let watch = Watch::new(files.iter().map(PathBuf::as_path))?;
        let files: BTreeSet<PathBuf> = files.iter().map(|path| whole(path)).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let work = move || {
            while !stopped.load(Ordering::Relaxed) {
                let changed = watch.wait(PATIENCE);
                if changed.iter().any(|path| files.contains(&whole(path)))
                    && !told.tell(News::Edited(look(&lesson, before.as_ref())))
                {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("edits".into()).spawn(work).map_err(|error| error.to_string())?;
        Ok(Editing(stop))
    }
}

/// The path by which two ways to a file are compared.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

fn look(path: &Path, before: Option<&Lesson>) -> Edited {
    match builtin::lesson_at(path) {
        Err(problems) => Edited::Wrong(path.to_owned(), problems.to_string()),
        Ok(now) => {
            let same = |before: &Lesson| before.spec() == now.spec() && before.world().spec() == now.world().spec();
            if before.is_some_and(same) { Edited::Back } else { Edited::Good(path.to_owned()) }
        }
    }
}

/// The bar that tells of edits. Answers whether it was put away.
pub fn bar(ui: &mut Ui, edited: &Edited, out: &mut Outbox) -> bool {
    let palette = palette(ui.visuals());
    let name = |path: &Path| path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let mut put_away = false;
    ui.horizontal_wrapped(|ui| {
        match edited {
            Edited::Back => return,
            Edited::Good(path) => {
                ui.colored_label(palette.good, format!("{} or its world was edited, and is good.", name(path)));
                if primary_button(ui, true, "Restart with the edited lesson…").clicked() {
                    out.push(Act::AskRestart(path.clone()));
                }
            }
            Edited::Wrong(path, _) => {
                ui.colored_label(palette.bad, format!("{} or its world was edited, and has problems.", name(path)));
            }
        }
        ui.label(RichText::new("This session goes on with the lesson as it was.").weak());
        put_away = small_button(ui, "Dismiss", "Dismiss the notice of edits").clicked();
    });
    if let Edited::Wrong(_, problems) = edited {
        ScrollArea::both().max_height(180.0).min_scrolled_height(180.0).auto_shrink([false, true]).show(ui, |ui| {
            ui.add(egui::Label::new(RichText::new(problems).monospace()).selectable(true).extend());
        });
    }
    put_away
}
