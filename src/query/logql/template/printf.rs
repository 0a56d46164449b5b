//! Go's `printf`, for the values a template has.

use super::super::super::syntax::quote;
use super::value::Value;

#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats the arguments.
pub(super) fn printf(format: &str, args: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut args = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '0' | '+' | ' ' | '#')) {
            match flag {
                '-' => spec.left = true,
                '0' => spec.zero = true,
                '+' => spec.plus = true,
                _ => {}
            }
        }
        let mut number = || {
            let mut total = None;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                total = Some(total.unwrap_or(0_usize).saturating_mul(10).saturating_add(digit as usize - '0' as usize));
            }
            total
        };
        spec.width = number().unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            let mut total = 0_usize;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                total = total.saturating_mul(10).saturating_add(digit as usize - '0' as usize);
            }
            spec.precision = Some(total);
        }
        if spec.width > 10_000 || spec.precision.is_some_and(|precision| precision > 10_000) {
            return Err("printf: width or precision is too large".to_owned());
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match args.next() {
                Some(value) => pad(&one(verb, value, &spec), &spec, &mut out),
                None => out.push_str(&format!("%!{verb}(MISSING)")),
            },
        }
    }
    Ok(out)
}

fn one(verb: char, value: &Value, spec: &Spec) -> String {
    let cut = |text: String| match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    let sign = |text: String| if spec.plus && !text.starts_with('-') { format!("+{text}") } else { text };
    match (verb, value) {
        ('s' | 'v', value) => cut(value.text()),
        ('q', value) => quote(&cut(value.text())),
        ('d', Value::Int(number)) => sign(number.to_string()),
        ('x', Value::Int(number)) => format!("{number:x}"),
        ('X', Value::Int(number)) => format!("{number:X}"),
        ('o', Value::Int(number)) => format!("{number:o}"),
        ('b', Value::Int(number)) => format!("{number:b}"),
        ('x', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('t', Value::Bool(flag)) => flag.to_string(),
        ('f' | 'F', Value::Float(number)) => sign(format!("{number:.*}", spec.precision.unwrap_or(6))),
        ('e', Value::Float(number)) => sign(format!("{number:.*e}", spec.precision.unwrap_or(6))),
        ('g', Value::Float(_)) => sign(value.text()),
        (verb, value) => format!("%!{verb}({}={})", kind(value), value.text()),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "string",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Bool(_) => "bool",
        _ => "interface {}",
    }
}

fn pad(text: &str, spec: &Spec, out: &mut String) {
    let missing = spec.width.saturating_sub(text.chars().count());
    if spec.left {
        out.push_str(text);
        out.extend(std::iter::repeat_n(' ', missing));
    } else if spec.zero && text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+')) {
        let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
        out.push_str(sign);
        out.extend(std::iter::repeat_n('0', missing));
        out.push_str(digits);
    } else {
        out.extend(std::iter::repeat_n(' ', missing));
        out.push_str(text);
    }
}
