//! Questions that stop everything else until they are answered.

use std::path::PathBuf;

use egui::{Context, Id, Key, Modal, RichText, Ui};

use super::act::{Act, Outbox};
use super::widgets::{paragraph, primary_button, search};
use crate::lab::{Command, Look};

/// A question.
pub enum Dialog {
    /// Why does this evidence matter?
    Pin {
        /// What is pinned.
        look: Look,
        /// The reason.
        why: String,
    },
    /// Where to save?
    Save {
        /// The file.
        path: String,
    },
    /// End the investigation?
    Debrief,
    /// Show the ground truth?
    Trainer,
    /// Leave without saving?
    Leave,
    /// Start again with the edited lesson without saving?
    Restart(PathBuf),
    /// Close the window without saving?
    Quit,
}

/// What the learner decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Still thinking.
    Open,
    /// Changed their mind.
    Cancelled,
    /// Decided; what follows is in the outbox.
    Done,
    /// Leave the session without saving it.
    Leave,
    /// Start again with the edited lesson.
    Restart,
    /// Close the window without saving.
    Quit,
    /// Save first.
    SaveFirst,
}

/// Draws the question.
pub fn ui(ctx: &Context, dialog: &mut Dialog, out: &mut Outbox) -> Decision {
    let modal = Modal::new(Id::unique("question"));
    let response = modal.show(ctx, |ui| {
        ui.set_width(420.0);
        match dialog {
            Dialog::Pin { look, why } => pin(ui, look, why, out),
            Dialog::Save { path } => save(ui, path, out),
            Dialog::Debrief => {
                ui.heading("End the investigation?");
                ui.label(
                    "The lab runs this incident on, with your fixes and without them, and tells what really happened. \
                     After that nothing more can be done in this session.",
                );
                choose(ui, "End it and debrief", |out| out.push(Act::Do(Command::Debrief)), out)
            }
            Dialog::Trainer => {
                ui.heading("Show the answers?");
                ui.label(
                    "The trainer's view tells what really happens in this system: the cause, the script, the harm. The \
                     session file will say that it was shown.",
                );
                choose(ui, "I am the trainer", |out| out.push(Act::Do(Command::Trainer)), out)
            }
            Dialog::Leave => unsaved(ui, "Leave this session?", Decision::Leave),
            Dialog::Restart(_) => unsaved(ui, "Start again with the edited lesson?", Decision::Restart),
            Dialog::Quit => unsaved(ui, "Close the lab?", Decision::Quit),
        }
    });
    if response.inner == Decision::Open && response.should_close() { Decision::Cancelled } else { response.inner }
}

fn pin(ui: &mut Ui, look: &Look, why: &mut String, out: &mut Outbox) -> Decision {
    ui.heading("Pin evidence");
    ui.label(RichText::new(look.words()).strong());
    let field = paragraph(ui, why, "Why it matters", "Why does this matter? What does it rule in or out?", 3);
    if ui.memory(|memory| memory.focused().is_none()) {
        field.request_focus();
    }
    let (look, why) = (look.clone(), why.trim().to_owned());
    choose(ui, "Pin it", move |out| out.push(Act::Do(Command::Pin { look, why })), out)
}

fn save(ui: &mut Ui, path: &mut String, out: &mut Outbox) -> Decision {
    ui.heading("Save the session");
    ui.label("One small file: the lesson, the seed and everything you did. Anyone can open it, replay it and go on.");
    let field = search(ui, path, "File to save to", f32::INFINITY);
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let chosen = PathBuf::from(path.trim());
    if entered && !path.trim().is_empty() {
        out.push(Act::Save(chosen));
        return Decision::Done;
    }
    choose(ui, "Save", move |out| out.push(Act::Save(chosen)), out)
}

fn choose(ui: &mut Ui, yes: &str, act: impl FnOnce(&mut Outbox), out: &mut Outbox) -> Decision {
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        if primary_button(ui, true, yes).clicked() {
            act(out);
            return Decision::Done;
        }
        if ui.button("Cancel").clicked() { Decision::Cancelled } else { Decision::Open }
    })
    .inner
}

fn unsaved(ui: &mut Ui, title: &str, decision: Decision) -> Decision {
    ui.heading(title);
    ui.label("What you did since the last save would be lost.");
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        if primary_button(ui, true, "Save first…").clicked() {
            return Decision::SaveFirst;
        }
        if ui.button("Don't save").clicked() {
            return decision;
        }
        if ui.button("Cancel").clicked() { Decision::Cancelled } else { Decision::Open }
    })
    .inner
}
