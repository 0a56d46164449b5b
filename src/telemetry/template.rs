//! Text with arguments: what a log line or a span says, as a template id and small numbers. Rendered when looked at.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::names::{Names, Symbol};

/// How an argument (32 bits) is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgKind {
    /// A symbol of the telemetry's [`Names`].
    Name,
    /// A whole number.
    Count,
    /// Microseconds, shown as milliseconds.
    Micros,
    /// A floating-point number (its bits).
    Float,
    /// True or false.
    Flag,
}

/// An argument that has no value this time: shown as nothing, exported as no attribute.
pub const ABSENT: u32 = u32::MAX;

impl ArgKind {
    /// The argument as text, without a unit.
    pub fn text(self, names: &Names, arg: u32) -> String {
        let mut text = String::new();
        self.text_into(names, arg, &mut text);
        text
    }

    /// The argument as text, without a unit, appended to `out`.
    pub fn text_into(self, names: &Names, arg: u32, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            _ if arg == ABSENT => Ok(()),
            ArgKind::Name => out.write_str(names.text(Symbol(arg))),
            ArgKind::Count => write!(out, "{arg}"),
            // Rounding to tenths needs no floating point, but for ties.
            ArgKind::Micros if arg % 100 != 50 => {
                let tenths = (u64::from(arg) + 50) / 100;
                write!(out, "{}.{}", tenths / 10, tenths % 10)
            }
            ArgKind::Micros => write!(out, "{:.1}", f64::from(arg) / 1000.0),
            ArgKind::Float => write!(out, "{:.3}", f32::from_bits(arg)),
            ArgKind::Flag => write!(out, "{}", arg != 0),
        };
    }
}

/// A named argument of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name: an OpenTelemetry attribute.
    pub name: Symbol,
    /// How it is read.
    pub kind: ArgKind,
}

/// Words with holes: `"published order to {messaging.destination.name}"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The words, with `{}` for each field that is shown, in order; further fields are attributes only.
    pub text: String,
    /// The arguments.
    pub fields: Vec<Field>,
}

impl Template {
    /// The words with the arguments filled in, appended to `out`.
    pub fn render_into(&self, names: &Names, args: &[u32], out: &mut String) {
        let mut pieces = self.text.split("{}");
        if let Some(first) = pieces.next() {
            out.push_str(first);
        }
        for (piece, (field, arg)) in pieces.zip(self.fields.iter().zip(args)) {
            field.kind.text_into(names, *arg, out);
            out.push_str(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_rounded_as_floating_point_is() {
        let names = Names::default();
        for arg in (0..20_000).chain([ABSENT - 1, 4_000_000_049, 4_000_000_050, 999_950, 999_949]) {
            assert_eq!(ArgKind::Micros.text(&names, arg), format!("{:.1}", f64::from(arg) / 1000.0));
        }
        assert_eq!(ArgKind::Micros.text(&names, ABSENT), "");
    }
}
