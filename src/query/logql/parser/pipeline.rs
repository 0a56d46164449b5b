//! The stages of a pipeline.

use std::net::IpAddr;

use super::super::super::syntax::{SyntaxError, compile_regex, nearest, parse_float};
use super::super::ast::{IpRange, LabelFilter, LabelFormat, LineFilter, LineTest, NameOrMatcher, Stage};
use super::super::json_path::JsonPath;
use super::super::ops::Compare;
use super::super::pattern::Pattern;
use super::super::template::Template;
use super::super::token::{Kind, Token};
use super::{Parsed, Parser};

const STAGES: [&str; 12] = [
    "json",
    "logfmt",
    "regexp",
    "unpack",
    "pattern",
    "label_format",
    "line_format",
    "decolorize",
    "drop",
    "keep",
    "unwrap",
    "duration",
];

impl Parser<'_> {
    /// Stages up to the end, a range or `| unwrap`.
    pub(super) fn pipeline(&mut self) -> Parsed<Vec<Stage>> {
        let mut stages = Vec::new();
        loop {
            match self.peek() {
                Kind::Sign("|=" | "|~" | "|>" | "!=" | "!~" | "!>") => stages.push(Stage::Line(self.line_filter()?)),
                Kind::Sign("|") if matches!(self.peek_at(1), Kind::Word(word) if word == "unwrap") => {
                    return Ok(stages);
                }
                Kind::Sign("|") => {
                    self.at += 1;
                    stages.push(self.stage()?);
                }
                _ => return Ok(stages),
            }
        }
    }

    fn line_filter(&mut self) -> Parsed<LineFilter> {
        let Kind::Sign(op) = self.advance().kind else { return Err(self.unexpected(["a line filter"])) };
        let mut tests = Vec::new();
        loop {
            tests.push(self.line_test(op)?);
            if !self.take_word("or") {
                return Ok(LineFilter { negated: op.starts_with('!'), tests });
            }
        }
    }

    fn line_test(&mut self, op: &str) -> Parsed<LineTest> {
        if self.is_word("ip") {
            if !matches!(op, "|=" | "!=") {
                return Err(self.error("ip() goes with `|=` and `!=` only"));
            }
            return Ok(LineTest::Ip(self.ip()?));
        }
        let Ok((text, token)) = self.text() else { return Err(self.unexpected(["a quoted string", "ip(…)"])) };
        match &op[1..] {
            "=" => Ok(LineTest::Contains(text)),
            "~" if !self.runs => Ok(LineTest::Contains(text)),
            "~" => match compile_regex(&text) {
                Ok(regex) => Ok(LineTest::Matches(regex)),
                Err(why) => Err(self.error_at(&token, format!("bad regular expression: {why}"))),
            },
            _ => Pattern::filter(&text).map(LineTest::Pattern).map_err(|why| self.error_at(&token, why)),
        }
    }

    fn ip(&mut self) -> Parsed<IpRange> {
        self.at += 1;
        self.expect("(")?;
        let (text, token) = self.text()?;
        let range = ip_range(&text)
            .ok_or_else(|| self.error_at(&token, "not an IP address, a range (a-b) or a network (a/bits)"))?;
        self.expect(")")?;
        Ok(range)
    }

    fn stage(&mut self) -> Parsed<Stage> {
        let token = self.token().clone();
        let Kind::Word(word) = &token.kind else {
            // A label filter, unless it can only be a misspelt stage.
            let compared = matches!(self.peek_at(1), Kind::Sign(sign) if *sign != "|");
            if matches!(token.kind, Kind::Name(_)) && !compared {
                self.at += 1;
                let mut error = self.unexpected(["a comparison"]);
                if let Kind::Name(name) = &token.kind
                    && let Some(near) = nearest(name, STAGES)
                {
                    error = self.error_at(&token, format!("unknown stage `{name}`"));
                    error.suggestion = Some(near.to_owned());
                }
                return Err(error);
            }
            return Ok(Stage::Labels(self.label_filter()?));
        };
        self.at += 1;
        match word.as_str() {
            "json" => {
                let wanted = self.extractions()?;
                let mut paths = Vec::new();
                for (label, path, token) in wanted {
                    let path = JsonPath::parse(&path).map_err(|why| self.error_at(&token, why))?;
                    paths.push((label, path));
                }
                Ok(Stage::Json(paths))
            }
            "logfmt" => {
                let (mut strict, mut keep_empty) = (false, false);
                while let Kind::Flag(flag) = self.peek() {
                    strict |= flag == "--strict";
                    keep_empty |= flag == "--keep-empty";
                    self.at += 1;
                }
                let mut wanted = Vec::new();
                for (label, key, token) in self.extractions()? {
                    if key.is_empty() || key.contains(|c: char| c.is_whitespace() || matches!(c, '=' | '"')) {
                        return Err(self.error_at(&token, format!("{key:?} is no logfmt key")));
                    }
                    wanted.push((label, key));
                }
                Ok(Stage::Logfmt { strict, keep_empty, wanted })
            }
            "regexp" => {
                let (text, token) = self.text()?;
                let regex = compile_regex(&text)
                    .map_err(|why| self.error_at(&token, format!("bad regular expression: {why}")))?;
                let names: Vec<&str> = regex.capture_names().flatten().collect();
                if names.is_empty() {
                    return Err(self.error_at(&token, "at least one named group such as (?P<name>…) is required"));
                }
                Ok(Stage::Regexp(regex))
            }
            "pattern" => {
                let (text, token) = self.text()?;
                Pattern::parser(&text).map(Stage::Pattern).map_err(|why| self.error_at(&token, why))
            }
            "unpack" => Ok(Stage::Unpack),
            "decolorize" => Ok(Stage::Decolorize),
            "line_format" => {
                let (text, token) = self.text()?;
                Ok(Stage::LineFormat(self.template(&text, &token)?))
            }
            "label_format" => self.label_format(),
            "drop" => Ok(Stage::Drop(self.list(Self::name_or_matcher)?)),
            "keep" => Ok(Stage::Keep(self.list(Self::name_or_matcher)?)),
            _ => {
                self.at -= 1;
                Err(self.unexpected(["a parser", "a label filter", "a format"]))
            }
        }
    }

    fn template(&self, text: &str, token: &Token) -> Parsed<Template> {
        Template::parse(text).map_err(|(at, why)| {
            // The place within the string; right where the string has no escapes.
            let place = (token.start + 1 + at).min(token.end.saturating_sub(1));
            SyntaxError::new(self.source, place, 1, format!("bad template: {why}"))
        })
    }

    fn extractions(&mut self) -> Parsed<Vec<(String, String, Token)>> {
        if !matches!(self.peek(), Kind::Name(_)) {
            return Ok(Vec::new());
        }
        self.list(|parser| {
            let token = parser.token().clone();
            let name = parser.name()?;
            if !parser.take_sign("=") {
                return Ok((name.clone(), name, token));
            }
            let (text, token) = parser.text()?;
            Ok((name, text, token))
        })
    }

    fn label_format(&mut self) -> Parsed<Stage> {
        let mut seen: Vec<String> = Vec::new();
        let formats = self.list(|parser| {
            let token = parser.token().clone();
            let to = parser.name()?;
            if to == "__error__" {
                return Err(parser.error_at(&token, "`__error__` cannot be formatted"));
            }
            if seen.contains(&to) {
                return Err(parser.error_at(&token, format!("label `{to}` is set twice in one label_format")));
            }
            seen.push(to.clone());
            parser.expect("=")?;
            match parser.peek() {
                Kind::Text(_) => {
                    let (text, token) = parser.text()?;
                    Ok(LabelFormat::Template(to, parser.template(&text, &token)?))
                }
                Kind::Name(_) => Ok(LabelFormat::Rename { to, from: parser.name()? }),
                _ => Err(parser.unexpected(["a label's name", "a quoted template"])),
            }
        })?;
        Ok(Stage::LabelFormat(formats))
    }

    fn name_or_matcher(&mut self) -> Parsed<NameOrMatcher> {
        let name = self.name()?;
        if matches!(self.peek(), Kind::Sign("=" | "!=" | "=~" | "!~")) && matches!(self.peek_at(1), Kind::Text(_)) {
            return Ok(NameOrMatcher::Matcher(self.matcher(name)?));
        }
        Ok(NameOrMatcher::Name(name))
    }

    /// Conditions: `and` binds tighter than `or`; a comma, or nothing, takes in all that follows it.
    pub(super) fn label_filter(&mut self) -> Parsed<LabelFilter> {
        self.deeper(|parser| parser.label_filters(0))
    }

    fn label_filters(&mut self, least: u8) -> Parsed<LabelFilter> {
        let mut left = self.label_condition()?;
        loop {
            left = match self.peek() {
                Kind::Word(word) if word == "or" && least <= 1 => {
                    self.at += 1;
                    joined(left, self.label_filters(2)?, false)
                }
                Kind::Word(word) if word == "and" => {
                    if least > 2 {
                        return Ok(left);
                    }
                    self.at += 1;
                    joined(left, self.label_filters(3)?, true)
                }
                Kind::Sign(",") => {
                    self.at += 1;
                    let right = self.label_filter()?;
                    joined(left, right, true)
                }
                Kind::Name(_) | Kind::Sign("(") => {
                    let right = self.label_filter()?;
                    joined(left, right, true)
                }
                _ => return Ok(left),
            };
        }
    }

    fn label_condition(&mut self) -> Parsed<LabelFilter> {
        if self.take_sign("(") {
            let inner = self.label_filter()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let name = self.name()?;
        let compare = match self.peek() {
            Kind::Sign("=" | "==") => Compare::Equal,
            Kind::Sign("!=") => Compare::NotEqual,
            Kind::Sign(">") => Compare::Greater,
            Kind::Sign(">=") => Compare::GreaterEqual,
            Kind::Sign("<") => Compare::Less,
            Kind::Sign("<=") => Compare::LessEqual,
            Kind::Sign("=~" | "!~") => return Ok(LabelFilter::Text(self.matcher(name)?)),
            _ => return Err(self.unexpected(["`=`", "`!=`", "`=~`", "`!~`", "`>`", "`>=`", "`<`", "`<=`"])),
        };
        let single = !self.is_sign("==");
        let equality = single && matches!(compare, Compare::Equal | Compare::NotEqual);
        if equality && matches!(self.peek_at(1), Kind::Text(_)) {
            return Ok(LabelFilter::Text(self.matcher(name)?));
        }
        self.at += 1;
        if equality && self.is_word("ip") {
            return Ok(LabelFilter::Ip { name, negated: compare == Compare::NotEqual, range: self.ip()? });
        }
        let expected =
            if equality { "a string, number, duration, size or ip(…)" } else { "a number, duration or size" };
        match self.peek().clone() {
            Kind::Duration(nanos) => {
                self.at += 1;
                Ok(LabelFilter::Duration(name, compare, nanos))
            }
            Kind::Bytes(bytes) => {
                self.at += 1;
                Ok(LabelFilter::Bytes(name, compare, bytes))
            }
            Kind::Number(_) | Kind::Sign("+" | "-") => Ok(LabelFilter::Number(name, compare, self.number()?)),
            _ => Err(self.unexpected([expected])),
        }
    }

    /// A number with an optional sign.
    pub(super) fn number(&mut self) -> Parsed<f64> {
        let sign = if self.take_sign("-") { -1.0 } else { 1.0 };
        if sign > 0.0 {
            self.take_sign("+");
        }
        let Kind::Number(text) = self.peek() else { return Err(self.unexpected(["a number"])) };
        let Some(number) = parse_float(text) else { return Err(self.error("not a number")) };
        self.at += 1;
        Ok(sign * number)
    }
}

fn joined(left: LabelFilter, right: LabelFilter, and: bool) -> LabelFilter {
    match (left, and) {
        (LabelFilter::And(mut all), true) => {
            all.push(right);
            LabelFilter::And(all)
        }
        (LabelFilter::Or(mut all), false) => {
            all.push(right);
            LabelFilter::Or(all)
        }
        (left, true) => LabelFilter::And(vec![left, right]),
        (left, false) => LabelFilter::Or(vec![left, right]),
    }
}

fn ip_range(text: &str) -> Option<IpRange> {
    let text = text.trim();
    if let Some((first, last)) = text.split_once('-') {
        let range = IpRange { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
        return (range.first.is_ipv4() == range.last.is_ipv4() && range.first <= range.last).then_some(range);
    }
    let Some((address, bits)) = text.split_once('/') else {
        let address: IpAddr = text.parse().ok()?;
        return Some(IpRange { first: address, last: address });
    };
    let bits: u32 = bits.parse().ok()?;
    Some(match address.parse().ok()? {
        IpAddr::V4(address) if bits <= 32 => {
            let mask = u32::MAX.checked_shr(bits).unwrap_or(0);
            let number = u32::from(address);
            IpRange { first: IpAddr::V4((number & !mask).into()), last: IpAddr::V4((number | mask).into()) }
        }
        IpAddr::V6(address) if bits <= 128 => {
            let mask = u128::MAX.checked_shr(bits).unwrap_or(0);
            let number = u128::from(address);
            IpRange { first: IpAddr::V6((number & !mask).into()), last: IpAddr::V6((number | mask).into()) }
        }
        _ => return None,
    })
}
