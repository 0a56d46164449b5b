//! Keys that work everywhere. Knows keys; what they do is asked of the window.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::act::Act;
use super::dock::Panel;
use super::window::Window;

const NUMBERS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

impl Window {
    /// Hears the keys of this frame.
    pub(super) fn keys(&mut self, ctx: &Context) {
        let pressed =
            |key, modifiers| ctx.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(modifiers, key)));
        if pressed(Key::F1, Modifiers::NONE) {
            self.help_open = !self.help_open;
        }
        if self.desk.is_none() || self.dialog.is_some() {
            return;
        }
        if pressed(Key::S, Modifiers::COMMAND) {
            self.act(Act::AskSave);
        }
        if pressed(Key::F, Modifiers::COMMAND) {
            self.act(Act::Show(Panel::Logs));
            if let Some(desk) = &mut self.desk {
                desk.logs.focus_search = true;
            }
        }
        for (key, panel) in NUMBERS.into_iter().zip(Panel::ALL) {
            if pressed(key, Modifiers::COMMAND) {
                self.act(Act::Show(panel));
            }
        }
        let typing = ctx.text_edit_focused() || ctx.memory(|memory| memory.focused().is_some());
        if !typing && pressed(Key::Space, Modifiers::NONE) {
            self.toggle_play();
        }
    }
}
