//! LogQL's tokens. A function's name is one only before a parenthesis or a grouping; elsewhere it is a label's name.

use super::super::syntax::{SyntaxError, parse_bytes, parse_duration, parse_prometheus_duration, scan_string};

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A label's name.
    Name(String),
    /// A reserved word or a function's name, in lower case.
    Word(String),
    /// A string's value.
    Text(String),
    /// A number as written.
    Number(String),
    /// A duration in nanoseconds.
    Duration(i64),
    /// A size in bytes.
    Bytes(u64),
    /// `[5m]`, in nanoseconds.
    Range(i64),
    /// `--strict` and `--keep-empty`.
    Flag(String),
    /// Punctuation and operators.
    Sign(&'static str),
    /// The end.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

const SIGNS: [&str; 28] = [
    "|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=", "{", "}", "(", ")", ",", ".", "=", "|", ">", "<", "+",
    "-", "*", "/", "%", "^", "]", "!",
];

/// Words that are never a label's name.
pub(super) const RESERVED: [&str; 23] = [
    "unwrap",
    "by",
    "without",
    "bool",
    "offset",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "or",
    "and",
    "unless",
    "json",
    "regexp",
    "logfmt",
    "unpack",
    "pattern",
    "label_format",
    "line_format",
    "decolorize",
    "drop",
    "keep",
    "of",
];

/// Words that are reserved only before `(` or a grouping.
pub(super) const FUNCTIONS: [&str; 34] = [
    "rate",
    "rate_counter",
    "count_over_time",
    "bytes_rate",
    "bytes_over_time",
    "avg_over_time",
    "sum_over_time",
    "min_over_time",
    "max_over_time",
    "stdvar_over_time",
    "stddev_over_time",
    "quantile_over_time",
    "first_over_time",
    "last_over_time",
    "absent_over_time",
    "vector",
    "sum",
    "avg",
    "max",
    "min",
    "count",
    "stddev",
    "stdvar",
    "bottomk",
    "topk",
    "approx_topk",
    "sort",
    "sort_desc",
    "label_replace",
    "bytes",
    "duration",
    "duration_seconds",
    "ip",
    "variants",
];

/// Cuts a query into tokens; comments run from `#` to the end of the line.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = skip_blank(source, at);
        let start = at;
        let Some(c) = source[at..].chars().next() else {
            found.push(Token { kind: Kind::End, start, end: start });
            return Ok(found);
        };
        let (kind, end) = one(source, at, c)?;
        found.push(Token { kind, start, end });
        at = end;
    }
}

fn skip_blank(source: &str, mut at: usize) -> usize {
    loop {
        let rest = &source[at..];
        let blank = rest.len() - rest.trim_start().len();
        at += blank;
        if !source[at..].starts_with('#') {
            return at;
        }
        at += source[at..].find('\n').unwrap_or(source.len() - at);
    }
}

fn one(source: &str, at: usize, c: char) -> Result<(Kind, usize), SyntaxError> {
    let rest = &source[at..];
    match c {
        '"' | '`' => match scan_string(source, at) {
            Ok((text, end)) => Ok((Kind::Text(text), end)),
            Err((place, why)) => Err(SyntaxError::new(source, place, 1, why)),
        },
        '[' => range(source, at),
        c if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) => {
            Ok(quantity(source, at))
        }
        c if c.is_alphabetic() || c == '_' => Ok(word(source, at)),
        '-' => {
            if let Some(flag) = ["--strict", "--keep-empty"].into_iter().find(|flag| rest.starts_with(flag)) {
                return Ok((Kind::Flag(flag.to_owned()), at + flag.len()));
            }
            let length = 1 + span(&rest[1..], is_duration_char);
            match parse_duration(&rest[..length]) {
                Some(nanos) if length > 1 && rest[..length].ends_with(char::is_alphabetic) => {
                    Ok((Kind::Duration(nanos), at + length))
                }
                _ => Ok((Kind::Sign("-"), at + 1)),
            }
        }
        _ => match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            Some(sign) => Ok((Kind::Sign(sign), at + sign.len())),
            None => Err(SyntaxError::new(source, at, 1, format!("unexpected character {c:?}"))),
        },
    }
}

fn span(text: &str, accept: fn(char) -> bool) -> usize {
    text.find(|c| !accept(c)).unwrap_or(text.len())
}

fn is_duration_char(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | 'n' | 'u' | 'µ' | 'm' | 's' | 'h' | 'd' | 'w' | 'y')
}

fn is_bytes_char(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | 'B' | 'i' | 'k' | 'K' | 'M' | 'G' | 'T' | 'P')
}

fn range(source: &str, at: usize) -> Result<(Kind, usize), SyntaxError> {
    let body = &source[at + 1..];
    let Some(end) = body.find(']') else {
        return Err(SyntaxError::new(source, at, 1, "missing closing `]` in duration"));
    };
    match parse_prometheus_duration(body[..end].trim()) {
        Some(nanos) if nanos > 0 => Ok((Kind::Range(nanos), at + end + 2)),
        _ => {
            let message = format!("not a valid duration: {:?}", &body[..end]);
            Err(SyntaxError::new(source, at + 1, end, message).expecting(["a duration such as 5m or 1h30m"]))
        }
    }
}

fn quantity(source: &str, at: usize) -> (Kind, usize) {
    let rest = &source[at..];
    let length = number_length(rest);
    let with_unit = span(rest, is_duration_char);
    if with_unit > length
        && let Some(nanos) = parse_duration(&rest[..with_unit])
    {
        return (Kind::Duration(nanos), at + with_unit);
    }
    let with_unit = span(rest, is_bytes_char);
    if with_unit > length
        && let Some(bytes) = parse_bytes(&rest[..with_unit])
    {
        return (Kind::Bytes(bytes), at + with_unit);
    }
    (Kind::Number(rest[..length].to_owned()), at + length)
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
    if text.starts_with("0x") || text.starts_with("0X") {
        return 2 + bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
    }
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

fn word(source: &str, at: usize) -> (Kind, usize) {
    let end = at + span(&source[at..], |c| c.is_alphanumeric() || c == '_');
    let text = &source[at..end];
    let lower = text.to_lowercase();
    let kind = if FUNCTIONS.contains(&lower.as_str()) {
        if is_call(source, end) { Kind::Word(lower) } else { Kind::Name(text.to_owned()) }
    } else if RESERVED.contains(&lower.as_str()) {
        Kind::Word(lower)
    } else {
        Kind::Name(text.to_owned())
    };
    (kind, end)
}

fn is_call(source: &str, end: usize) -> bool {
    let rest = source[end..].trim_start();
    let grouping = ["by", "without"].into_iter().find_map(|word| {
        let head = rest.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then(|| rest[word.len()..].trim_start())
    });
    grouping.unwrap_or(rest).starts_with('(')
}

impl Kind {
    /// How an error names the token.
    pub fn shown(&self) -> String {
        match self {
            Kind::Name(name) => format!("name `{name}`"),
            Kind::Word(word) => format!("`{word}`"),
            Kind::Text(_) => "string".to_owned(),
            Kind::Number(text) => format!("number `{text}`"),
            Kind::Duration(_) => "duration".to_owned(),
            Kind::Bytes(_) => "byte size".to_owned(),
            Kind::Range(_) => "range in brackets".to_owned(),
            Kind::Flag(flag) => format!("`{flag}`"),
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::End => "end of query".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<Kind> {
        tokens(source).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn a_function_name_alone_is_a_label() {
        assert_eq!(kinds("rate"), [Kind::Name("rate".into()), Kind::End]);
        assert_eq!(kinds("rate (")[0], Kind::Word("rate".into()));
        assert_eq!(kinds("SUM by (")[0], Kind::Word("sum".into()));
        assert_eq!(kinds("sum bypass")[0], Kind::Name("sum".into()));
    }

    #[test]
    fn numbers_take_their_units() {
        assert_eq!(
            kinds("5 1.5h 2.5KiB -5m -5 1e3 .99 [1w] 20MB"),
            [
                Kind::Number("5".into()),
                Kind::Duration(5_400_000_000_000),
                Kind::Bytes(2560),
                Kind::Duration(-300_000_000_000),
                Kind::Sign("-"),
                Kind::Number("5".into()),
                Kind::Number("1e3".into()),
                Kind::Number(".99".into()),
                Kind::Range(604_800_000_000_000),
                Kind::Bytes(20_000_000),
                Kind::End,
            ]
        );
    }

    #[test]
    fn comments_are_skipped_but_not_in_strings() {
        assert_eq!(kinds("a # b\n\"#\" #"), [Kind::Name("a".into()), Kind::Text("#".into()), Kind::End]);
    }

    #[test]
    fn bad_ranges_are_errors() {
        for bad in ["[5minutes]", "[5", "[]", "[0]", "\"\\w\"", "'a'", "$"] {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }
}
