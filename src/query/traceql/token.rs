//! TraceQL's tokens. An attribute is one token: `span.http.method`, `."a b".c`, `trace:rootName`.

use super::super::syntax::{SyntaxError, nearest, parse_duration, parse_float, scan_string};
use super::ast::{Attribute, Intrinsic, Scope};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Text(String),
    Int(i64),
    Float(f64),
    Duration(i64),
    Attribute(Attribute),
    Word(String),
    Sign(&'static str),
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

const SIGNS: [&str; 37] = [
    "!>>", "!<<", "&>>", "&<<", "!=", "=~", "!~", ">=", "<=", "&&", "||", ">>", "<<", "!>", "!<", "&~", "&>", "&<",
    ",", "{", "}", "(", ")", "=", ">", "<", "+", "-", "/", "%", "*", "^", "!", "|", "~", "[", "]",
];

use Intrinsic as I;

/// Intrinsics without a scope.
pub const INTRINSICS: [(&str, Intrinsic); 12] = [
    ("duration", I::Duration),
    ("childCount", I::ChildCount),
    ("name", I::Name),
    ("status", I::Status),
    ("statusMessage", I::StatusMessage),
    ("kind", I::Kind),
    ("rootName", I::RootName),
    ("rootServiceName", I::RootService),
    ("traceDuration", I::TraceDuration),
    ("nestedSetLeft", I::NestedSetLeft),
    ("nestedSetRight", I::NestedSetRight),
    ("nestedSetParent", I::NestedSetParent),
];

/// Intrinsics with a scope.
const SCOPED: [(&str, Intrinsic); 18] = [
    ("trace:duration", I::TraceDuration),
    ("trace:rootName", I::RootName),
    ("trace:rootService", I::RootService),
    ("trace:id", I::TraceId),
    ("span:duration", I::Duration),
    ("span:name", I::Name),
    ("span:kind", I::Kind),
    ("span:status", I::Status),
    ("span:statusMessage", I::StatusMessage),
    ("span:id", I::SpanId),
    ("span:parentID", I::ParentId),
    ("span:childCount", I::ChildCount),
    ("event:name", I::EventName),
    ("event:timeSinceStart", I::EventTimeSinceStart),
    ("link:traceID", I::LinkTraceId),
    ("link:spanID", I::LinkSpanId),
    ("instrumentation:name", I::InstrumentationName),
    ("instrumentation:version", I::InstrumentationVersion),
];

const SCOPES: [(&str, Scope); 5] = [
    ("span", Scope::Span),
    ("resource", Scope::Resource),
    ("event", Scope::Event),
    ("link", Scope::Link),
    ("instrumentation", Scope::Instrumentation),
];

pub(super) fn intrinsic_name(intrinsic: Intrinsic) -> &'static str {
    let named = INTRINSICS.iter().chain(&SCOPED).find(|(_, known)| *known == intrinsic);
    named.map_or("parent", |(name, _)| name)
}

pub(super) fn tokens(source: &str) -> Result<Vec<Placed>, SyntaxError> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = skipped(source, at)?;
        let start = at;
        let Some(c) = source[at..].chars().next() else {
            found.push(Placed { token: Token::End, start, end: start });
            return Ok(found);
        };
        let (token, end) = one(source, at, c)?;
        found.push(Placed { token, start, end });
        at = end;
    }
}

/// Where the next token is: after blanks and comments, which are Go's.
fn skipped(source: &str, mut at: usize) -> Result<usize, SyntaxError> {
    loop {
        let rest = source[at..].trim_start();
        at = source.len() - rest.len();
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(body) = rest.strip_prefix("/*") {
            let Some(end) = body.find("*/") else {
                return Err(SyntaxError::new(source, at, 2, "comment is not closed"));
            };
            at += end + "/**/".len();
        } else {
            return Ok(at);
        }
    }
}

fn one(source: &str, at: usize, c: char) -> Result<(Token, usize), SyntaxError> {
    let rest = &source[at..];
    let second_is_digit = rest[c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    match c {
        '"' | '`' => scan_string(source, at)
            .map(|(text, end)| (Token::Text(text), end))
            .map_err(|(place, why)| SyntaxError::new(source, place, 1, why)),
        c if c.is_ascii_digit() || c == '.' && second_is_digit => number(source, at),
        '.' => attribute(source, at, at + 1, Scope::Any, false),
        c if c.is_alphabetic() || c == '_' => word(source, at),
        _ => match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            Some(sign) => Ok((Token::Sign(sign), at + sign.len())),
            None => Err(SyntaxError::new(source, at, 1, format!("unexpected character {c:?}"))),
        },
    }
}

fn number(source: &str, at: usize) -> Result<(Token, usize), SyntaxError> {
    let rest = &source[at..];
    let span = |accept: fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
    let long = span(|c| c.is_ascii_digit() || matches!(c, '.' | 'n' | 's' | 'u' | 'm' | 'h' | 'µ' | 'd' | 'w' | 'y'));
    if rest[..long].ends_with(char::is_alphabetic)
        && let Some(nanos) = parse_duration(&rest[..long])
    {
        return Ok((Token::Duration(nanos), at + long));
    }
    let mut short = span(|c| c.is_ascii_digit() || c == '.');
    if rest[short..].starts_with(['e', 'E']) {
        let body = rest[short + 1..].trim_start_matches(['+', '-']);
        let digits = body.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            short = rest.len() - body.len() + digits;
        }
    }
    let text = &rest[..short];
    let token = match (text.parse::<i64>(), parse_float(text)) {
        (Ok(whole), _) => Token::Int(whole),
        (_, Some(number)) if text.contains(['.', 'e', 'E']) => Token::Float(number),
        _ => return Err(SyntaxError::new(source, at, short, format!("bad number {text:?}"))),
    };
    Ok((token, at + short))
}

fn word(source: &str, at: usize) -> Result<(Token, usize), SyntaxError> {
    let rest = &source[at..];
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (text, after) = rest.split_at(length);
    let scope = SCOPES.iter().find(|(name, _)| *name == text);
    if let Some(tail) = after.strip_prefix('.') {
        if let Some((_, scope)) = scope {
            return attribute(source, at, at + length + 1, *scope, false);
        }
        if text == "parent" {
            let inner =
                SCOPES.iter().find(|(name, _)| tail.strip_prefix(name).is_some_and(|tail| tail.starts_with('.')));
            let (skip, scope) = inner.map_or((0, Scope::Any), |(name, scope)| (name.len() + 1, *scope));
            return attribute(source, at, at + length + 1 + skip, scope, true);
        }
        let error = SyntaxError::new(source, at, length, format!("unknown scope `{text}`"));
        let names = SCOPES.iter().map(|(name, _)| *name).chain(["parent"]);
        return Err(error.expecting(["span.", "resource.", "."]).suggesting(text, names));
    }
    if let Some(tail) = after.strip_prefix(':').filter(|_| scope.is_some() || text == "trace") {
        let end = length + 1 + tail.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(tail.len());
        let full = &rest[..end];
        return match SCOPED.iter().find(|(name, _)| *name == full) {
            Some((_, intrinsic)) => Ok((Token::Attribute(Attribute::Intrinsic(*intrinsic)), at + end)),
            None => {
                let error = SyntaxError::new(source, at, end, format!("unknown intrinsic `{full}`"));
                Err(error.suggesting(full, SCOPED.iter().map(|(name, _)| *name)))
            }
        };
    }
    let token = match INTRINSICS.iter().find(|(name, _)| *name == text) {
        Some((_, intrinsic)) => Token::Attribute(Attribute::Intrinsic(*intrinsic)),
        None if text == "parent" => Token::Attribute(Attribute::Intrinsic(Intrinsic::Parent)),
        None => Token::Word(text.to_owned()),
    };
    Ok((token, at + length))
}

/// The name of an attribute: all up to a blank or an operator that cannot be in a name; quoted parts may hold any.
fn attribute(
    source: &str,
    start: usize,
    from: usize,
    scope: Scope,
    parent: bool,
) -> Result<(Token, usize), SyntaxError> {
    let mut name = String::new();
    let mut at = from;
    while let Some(c) = source[at..].chars().next() {
        if c == '"' {
            let (text, end) = scan_string(source, at)
                .map_err(|(place, why)| SyntaxError::new(source, place, 1, format!("attribute: {why}")))?;
            name.push_str(&text);
            at = end;
            continue;
        }
        if c.is_whitespace() || "{}()=~!<>&|^,[]".contains(c) {
            break;
        }
        name.push(c);
        at += c.len_utf8();
    }
    if name.is_empty() {
        return Err(SyntaxError::new(source, start, at - start, "an attribute's name is missing")
            .expecting(["a name such as .http.method"]));
    }
    Ok((Token::Attribute(Attribute::Named { scope, parent, name }), at))
}

/// The intrinsic nearest to a word.
pub(super) fn near_word<'a>(word: &str, more: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, INTRINSICS.iter().map(|(name, _)| *name).chain(more))
}

impl Token {
    pub fn shown(&self) -> String {
        match self {
            Token::Text(_) => "string".to_owned(),
            Token::Int(number) => format!("number `{number}`"),
            Token::Float(number) => format!("number `{number}`"),
            Token::Duration(_) => "duration".to_owned(),
            Token::Attribute(attribute) => format!("attribute `{attribute}`"),
            Token::Word(word) => format!("`{word}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "end of query".to_owned(),
        }
    }
}
