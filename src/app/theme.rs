//! Design tokens: the only place that names a colour, a size or a space. Knows light and dark; must never know what is
//! drawn with it. Meaning is never carried by colour alone: each severity and kind has a word or a shape too.

use egui::{
    Color32, CornerRadius, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Visuals, vec2,
};

use crate::world::{Kind, Severity};

/// Between things.
pub const SPACE_M: f32 = 8.0;
/// Between groups.
pub const SPACE_L: f32 = 16.0;
/// A row of a table.
pub const ROW: f32 = 22.0;
/// The margin inside a panel.
pub const PANEL_MARGIN: Margin = Margin::same(8);
/// The margin inside a card.
pub const CARD_MARGIN: Margin = Margin::symmetric(10, 8);

/// The colours of one theme.
#[derive(Debug)]
pub struct Palette {
    /// Behind everything.
    pub base: Color32,
    /// Behind a panel.
    pub panel: Color32,
    /// Behind a card or a table's other rows.
    pub raised: Color32,
    /// Behind a control.
    pub control: Color32,
    /// Behind a control under the pointer.
    pub control_hot: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Ordinary text.
    pub text: Color32,
    /// Text that stands back.
    pub weak: Color32,
    /// Text that stands out.
    pub strong: Color32,
    /// What is chosen, and links.
    pub accent: Color32,
    /// Behind what is chosen.
    pub accent_fill: Color32,
    /// Good.
    pub good: Color32,
    /// Take care.
    pub warn: Color32,
    /// Bad.
    pub bad: Color32,
    /// Lines of a chart, in turn (after Okabe and Ito: told apart by colour-blind people too).
    pub series: [Color32; 8],
}

/// The dark theme.
pub const DARK: Palette = Palette {
    base: Color32::from_rgb(0x0d, 0x11, 0x17),
    panel: Color32::from_rgb(0x14, 0x19, 0x21),
    raised: Color32::from_rgb(0x1c, 0x23, 0x2d),
    control: Color32::from_rgb(0x27, 0x30, 0x3d),
    control_hot: Color32::from_rgb(0x33, 0x3f, 0x50),
    line: Color32::from_rgb(0x35, 0x40, 0x4e),
    text: Color32::from_rgb(0xd3, 0xda, 0xe3),
    weak: Color32::from_rgb(0x9a, 0xa6, 0xb4),
    strong: Color32::from_rgb(0xf4, 0xf7, 0xfa),
    accent: Color32::from_rgb(0x6c, 0xb6, 0xff),
    accent_fill: Color32::from_rgb(0x1d, 0x3f, 0x66),
    good: Color32::from_rgb(0x4c, 0xc3, 0x8a),
    warn: Color32::from_rgb(0xe8, 0xb3, 0x39),
    bad: Color32::from_rgb(0xff, 0x7b, 0x72),
    series: [
        Color32::from_rgb(0x56, 0xb4, 0xe9),
        Color32::from_rgb(0xe6, 0x9f, 0x00),
        Color32::from_rgb(0x2f, 0xbf, 0x8f),
        Color32::from_rgb(0xe5, 0x8b, 0xbf),
        Color32::from_rgb(0xf0, 0xe4, 0x42),
        Color32::from_rgb(0x8a, 0xa8, 0xff),
        Color32::from_rgb(0xff, 0x7a, 0x4d),
        Color32::from_rgb(0xb8, 0xc0, 0xcc),
    ],
};

/// The light theme.
pub const LIGHT: Palette = Palette {
    base: Color32::from_rgb(0xe4, 0xe8, 0xed),
    panel: Color32::from_rgb(0xfb, 0xfc, 0xfd),
    raised: Color32::from_rgb(0xf0, 0xf3, 0xf6),
    control: Color32::from_rgb(0xe2, 0xe7, 0xed),
    control_hot: Color32::from_rgb(0xd3, 0xdb, 0xe4),
    line: Color32::from_rgb(0xc3, 0xcc, 0xd6),
    text: Color32::from_rgb(0x24, 0x2b, 0x33),
    weak: Color32::from_rgb(0x52, 0x5d, 0x6a),
    strong: Color32::from_rgb(0x0b, 0x10, 0x16),
    accent: Color32::from_rgb(0x09, 0x57, 0xb3),
    accent_fill: Color32::from_rgb(0xcd, 0xe2, 0xfa),
    good: Color32::from_rgb(0x12, 0x6b, 0x3a),
    warn: Color32::from_rgb(0x85, 0x55, 0x00),
    bad: Color32::from_rgb(0xb4, 0x22, 0x18),
    series: [
        Color32::from_rgb(0x00, 0x63, 0xa3),
        Color32::from_rgb(0x9c, 0x4c, 0x00),
        Color32::from_rgb(0x00, 0x73, 0x55),
        Color32::from_rgb(0xa2, 0x3b, 0x78),
        Color32::from_rgb(0x73, 0x64, 0x00),
        Color32::from_rgb(0x3f, 0x56, 0xc4),
        Color32::from_rgb(0xb8, 0x38, 0x00),
        Color32::from_rgb(0x4a, 0x55, 0x63),
    ],
};

/// The colours that fit the visuals in use.
pub fn palette(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

impl Palette {
    /// The colour of a severity.
    pub fn severity(&self, severity: Severity) -> Color32 {
        match severity {
            Severity::Debug => self.weak,
            Severity::Info => self.accent,
            Severity::Warn => self.warn,
            Severity::Error => self.bad,
        }
    }

    /// The colour of a kind of node.
    pub fn kind(&self, kind: Kind) -> Color32 {
        let [sky, orange, green, pink, yellow, blue, vermilion, grey] = self.series;
        match kind {
            Kind::Users => self.strong,
            Kind::LoadBalancer => grey,
            Kind::Gateway => blue,
            Kind::Service => sky,
            Kind::Cache => yellow,
            Kind::Database => green,
            Kind::Queue => orange,
            Kind::Worker => pink,
            Kind::External => vermilion,
            Kind::Job => grey,
        }
    }

    /// The colour of the n-th line of a chart.
    pub fn line_of(&self, nth: usize) -> Color32 {
        self.series.get(nth % self.series.len()).copied().unwrap_or(self.text)
    }

    /// The colour of an HTTP status.
    pub fn status(&self, code: u16) -> Color32 {
        match code {
            200..=299 => self.good,
            300..=399 => self.accent,
            400..=499 => self.warn,
            _ => self.bad,
        }
    }
}

/// A kind of node in words.
pub fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Users => "users",
        Kind::LoadBalancer => "load balancer",
        Kind::Gateway => "gateway",
        Kind::Service => "service",
        Kind::Cache => "cache",
        Kind::Database => "database",
        Kind::Queue => "queue",
        Kind::Worker => "worker",
        Kind::External => "external",
        Kind::Job => "job",
    }
}

/// A severity as logs write it.
pub fn severity_words(severity: Severity) -> &'static str {
    match severity {
        Severity::Debug => "DEBUG",
        Severity::Info => "INFO",
        Severity::Warn => "WARN",
        Severity::Error => "ERROR",
    }
}

/// Gives a context both themes, and the signs that the text font lacks (arrows, dots) from the other one.
pub fn install(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    let fixed = fonts.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    fonts.families.entry(FontFamily::Proportional).or_default().extend(fixed);
    ctx.set_fonts(fonts);
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.set_visuals_of(theme, visuals(theme, palette));
        ctx.style_mut_of(theme, |style| {
            style.spacing.item_spacing = vec2(SPACE_M, 6.0);
            style.spacing.button_padding = vec2(8.0, 3.0);
            style.spacing.interact_size.y = 22.0;
            style.spacing.menu_margin = Margin::same(6);
            style.spacing.scroll = egui::style::ScrollStyle::solid();
            style.spacing.scroll.bar_width = 8.0;
            style.spacing.tooltip_width = 420.0;
            for (text_style, size, family) in [
                (TextStyle::Small, 11.5, FontFamily::Proportional),
                (TextStyle::Body, 13.5, FontFamily::Proportional),
                (TextStyle::Button, 13.5, FontFamily::Proportional),
                (TextStyle::Heading, 17.0, FontFamily::Proportional),
                (TextStyle::Monospace, 12.5, FontFamily::Monospace),
            ] {
                style.text_styles.insert(text_style, FontId::new(size, family));
            }
        });
    }
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    let radius = CornerRadius::same(4);
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.raised;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.extreme_bg_color = palette.base;
    visuals.text_edit_bg_color = Some(if theme == Theme::Dark { palette.base } else { palette.panel });
    visuals.faint_bg_color = palette.raised;
    visuals.code_bg_color = palette.control;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.weak_text_color = Some(palette.weak);
    visuals.selection.bg_fill = palette.accent_fill;
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    let states = [
        (&mut visuals.widgets.noninteractive, palette.panel, palette.line, palette.text),
        (&mut visuals.widgets.inactive, palette.control, palette.line, palette.text),
        (&mut visuals.widgets.hovered, palette.control_hot, palette.accent, palette.strong),
        (&mut visuals.widgets.active, palette.control_hot, palette.accent, palette.strong),
        (&mut visuals.widgets.open, palette.control, palette.accent, palette.strong),
    ];
    for (state, fill, edge, text) in states {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, edge);
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color32) -> f64 {
        let channel = |value: u8| {
            let c = f64::from(value) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn all_text_can_be_read_on_all_grounds() {
        for palette in [&DARK, &LIGHT] {
            let texts =
                [palette.text, palette.weak, palette.strong, palette.accent, palette.good, palette.warn, palette.bad];
            for ground in [palette.base, palette.panel, palette.raised] {
                for text in texts.iter().chain(&palette.series) {
                    let got = contrast(*text, ground);
                    assert!(got >= 4.5, "{text:?} on {ground:?} has contrast {got:.2}");
                }
            }
            for ground in [palette.control, palette.control_hot, palette.accent_fill] {
                for text in [palette.text, palette.strong] {
                    let got = contrast(text, ground);
                    assert!(got >= 4.5, "{text:?} on {ground:?} has contrast {got:.2}");
                }
            }
        }
    }
}
