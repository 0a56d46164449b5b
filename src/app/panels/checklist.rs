//! Seven questions to answer before touching a log; each leads to the panel that answers it.

use egui::{RichText, ScrollArea, Ui};

use crate::app::act::{Act, Outbox};
use crate::app::dock::Panel;
use crate::app::widgets::small_button;
use crate::lab::{Command, Question};

/// The questions, with the panel that answers each.
const QUESTIONS: [(Question, &str, Panel); 7] = [
    (Question::Deploys, "Did anything deploy in the last 2 hours?", Panel::Changes),
    (Question::Traffic, "Did traffic volume spike or shift pattern?", Panel::Metrics),
    (Question::Subset, "Is this affecting ALL users or a subset?", Panel::BlastRadius),
    (Question::Dependencies, "Which downstream dependencies does this path touch?", Panel::Topology),
    (Question::Slas, "Have any dependency SLAs changed recently?", Panel::Changes),
    (Question::QueuesAndCaches, "Is there a queue or cache in this call path?", Panel::Stores),
    (Question::Infrastructure, "Did any infrastructure change (scaling, region, config)?", Panel::Changes),
];

/// Draws the list.
pub fn show(ui: &mut Ui, ticked: &[Question], out: &mut Outbox) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let words = format!("{} of 7 answered. Answer these before you touch a log.", ticked.len());
        ui.label(RichText::new(words).weak());
        for (question, text, panel) in QUESTIONS {
            ui.horizontal_top(|ui| {
                let mut done = ticked.contains(&question);
                let width = (ui.available_width() - 52.0).max(80.0);
                ui.allocate_ui(egui::vec2(width, 0.0), |ui| {
                    ui.set_width(width);
                    ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Wrap);
                    if ui.checkbox(&mut done, text).changed() {
                        out.push(Act::Do(Command::Tick(question, done)));
                    }
                });
                let name = format!("Look: {text}");
                if small_button(ui, "Look", &name).on_hover_text(format!("Opens {}", panel.title())).clicked() {
                    out.push(Act::Show(panel));
                }
            });
        }
    });
}
