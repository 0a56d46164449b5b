//! Notices at the lower right. What went wrong stays until it was read; what went well goes by itself.

use egui::{Align2, Area, Context, Frame, Id, Order, RichText, vec2};

use super::theme::{CARD_MARGIN, palette};
use super::widgets::small_button;
use crate::lab::Refusal;

/// Seconds that good news stays.
const SHORT_SECS: f64 = 6.0;
/// Notices that are kept at most.
const MOST: usize = 8;

/// All notices.
#[derive(Default)]
pub struct Toasts {
    list: Vec<Toast>,
}

struct Toast {
    bad: bool,
    title: String,
    text: String,
    until: Option<f64>,
}

impl Toasts {
    /// Good news.
    pub fn done(&mut self, title: impl Into<String>, now: f64) {
        self.push(Toast { bad: false, title: title.into(), text: String::new(), until: Some(now + SHORT_SECS) });
    }

    /// Something to read at leisure.
    pub fn note(&mut self, title: impl Into<String>, text: impl Into<String>) {
        self.push(Toast { bad: false, title: title.into(), text: text.into(), until: None });
    }

    /// Something that could not be done.
    pub fn failed(&mut self, title: impl Into<String>, text: impl Into<String>) {
        self.push(Toast { bad: true, title: title.into(), text: text.into(), until: None });
    }

    /// A command that was refused.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.failed(refusal.what.clone(), refusal.remedy.clone());
    }

    fn push(&mut self, toast: Toast) {
        self.list.retain(|old| (&old.title, &old.text) != (&toast.title, &toast.text));
        self.list.push(toast);
        if self.list.len() > MOST {
            self.list.remove(0);
        }
    }

    /// Draws the notices.
    pub fn ui(&mut self, ctx: &Context, now: f64) {
        self.list.retain(|toast| toast.until.is_none_or(|until| until > now));
        if self.list.is_empty() {
            return;
        }
        if let Some(next) = self.list.iter().filter_map(|toast| toast.until).reduce(f64::min) {
            ctx.request_repaint_after_secs((next - now).max(0.05) as f32);
        }
        let mut read = None;
        Area::new(Id::unique("notices"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -36.0))
            .show(ctx, |ui| {
                ui.set_max_width(380.0);
                for (nth, toast) in self.list.iter().enumerate() {
                    let palette = palette(ui.visuals());
                    let edge = if toast.bad { palette.bad } else { palette.good };
                    let frame = Frame::new()
                        .fill(palette.raised)
                        .stroke(egui::Stroke::new(1.0, edge))
                        .corner_radius(6.0)
                        .inner_margin(CARD_MARGIN)
                        .shadow(ui.visuals().popup_shadow);
                    frame.show(ui, |ui| {
                        ui.set_width(350.0);
                        ui.label(RichText::new(&toast.title).strong().color(edge));
                        if !toast.text.is_empty() {
                            ui.add(egui::Label::new(&toast.text).wrap().selectable(true));
                        }
                        if small_button(ui, "Dismiss", &format!("Dismiss notice {}", nth + 1)).clicked() {
                            read = Some(nth);
                        }
                    });
                }
            });
        if let Some(nth) = read {
            self.list.remove(nth);
        }
    }
}
