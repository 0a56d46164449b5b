//! Text with arguments: what a log line or a span says, as a template id and small numbers. Rendered when looked at.

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

impl ArgKind {
    /// The argument as text, without a unit.
    pub fn text(self, names: &Names, arg: u32) -> String {
        match self {
            ArgKind::Name => names.text(Symbol(arg)).to_owned(),
            ArgKind::Count => arg.to_string(),
            ArgKind::Micros => format!("{:.1}", f64::from(arg) / 1000.0),
            ArgKind::Float => format!("{:.3}", f32::from_bits(arg)),
            ArgKind::Flag => (arg != 0).to_string(),
        }
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
            out.push_str(&field.kind.text(names, *arg));
            out.push_str(piece);
        }
    }
}
