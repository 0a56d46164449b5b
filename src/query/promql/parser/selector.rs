//! Selectors, and what may follow them: ranges, subqueries and times.

use super::super::ast::{At, Expr, ExprKind, Kind, Selector, Shift};
use super::super::error::{Error, Result};
use super::super::labels::METRIC_NAME;
use super::super::lexer::Token;
use super::super::matcher::{MatchOp, Matcher};
use super::super::number;
use super::Parser;

impl Parser {
    /// `name{label="value", …}`; the name has been read, if there is one.
    pub(super) fn selector(&mut self, name: Option<(&str, usize)>) -> Result<Expr> {
        let start = name.map_or(self.span().start, |(_, start)| start);
        let mut matchers = Vec::new();
        if let Some((name, _)) = name {
            matchers.push(Matcher::new(METRIC_NAME, MatchOp::Equal, name)?);
        }
        if self.eat("{") {
            while !self.eat("}") {
                matchers.push(self.matcher(name.is_some())?);
                if !self.eat(",") && *self.peek() != Token::Mark("}") {
                    return Err(self.unexpected("\",\" or \"}\" after a label matcher"));
                }
            }
        }
        let span = start..self.last_end();
        let names = matchers.iter().filter(|m| *m.name == *METRIC_NAME);
        if name.is_some() && names.count() > 1 {
            return Err(Error::parse(span, "metric name must not be set twice"));
        }
        if matchers.iter().all(|m| m.matches("")) {
            return Err(Error::parse(span, "vector selector must contain at least one non-empty matcher"));
        }
        self.node(ExprKind::Selector(Selector { matchers, shift: Shift::default() }), start, &[])
    }

    /// `label="value"` or, for a metric's name that needs quotes, `"name"` alone.
    fn matcher(&mut self, named: bool) -> Result<Matcher> {
        let span = self.span();
        let label = match self.next() {
            Token::Word(word) if !word.contains(':') => word,
            Token::Text(text) if matches!(self.peek(), Token::Mark("," | "}")) => {
                if named {
                    return Err(Error::parse(span, "metric name must not be set twice"));
                }
                return Matcher::new(METRIC_NAME, MatchOp::Equal, &text);
            }
            Token::Text(text) if !text.is_empty() => text,
            _ => {
                self.at -= 1;
                return Err(self.unexpected("a label name or \"}\""));
            }
        };
        let op = match self.peek() {
            Token::Mark("=") => MatchOp::Equal,
            Token::Mark("!=") => MatchOp::NotEqual,
            Token::Mark("=~") => MatchOp::Match,
            Token::Mark("!~") => MatchOp::NotMatch,
            _ => return Err(self.unexpected("one of =, !=, =~, !~ after a label name")),
        };
        self.at += 1;
        let Token::Text(value) = self.peek().clone() else {
            return Err(self.unexpected("a label value in quotes"));
        };
        let value_span = self.span();
        self.at += 1;
        Matcher::new(&label, op, &value).map_err(|e| Error::parse(value_span, e.message))
    }

    /// `[5m]` or `[5m:1m]`, the opening bracket next.
    pub(super) fn range(&mut self, expr: Expr) -> Result<Expr> {
        let start = expr.span.start;
        let bracket = self.span();
        self.at += 1;
        let range = self.positive_duration("as a range")?;
        if self.eat(":") {
            let step = if *self.peek() == Token::Mark("]") { None } else { Some(self.positive_duration("as a step")?) };
            self.expect("]", "to close the subquery")?;
            if expr.kind() != Kind::Vector {
                let message = format!("subquery is only allowed on instant vector, got {} instead", expr.kind());
                return Err(Error::parse(expr.span, message));
            }
            let parts = [expr.depth];
            let kind = ExprKind::Subquery { expr: Box::new(expr), range, step, shift: Shift::default() };
            return self.node(kind, start, &parts);
        }
        self.expect("]", "or \":\" after a range")?;
        let ExprKind::Selector(selector) = expr.kind else {
            return Err(Error::parse(bracket, "ranges only allowed for vector selectors"));
        };
        if selector.shift.offset.is_some() {
            return Err(Error::parse(bracket, "no offset modifiers allowed before range"));
        }
        if selector.shift.at.is_some() {
            return Err(Error::parse(bracket, "no @ modifiers allowed before range"));
        }
        self.node(ExprKind::Matrix { selector, range }, start, &[])
    }

    fn positive_duration(&mut self, context: &str) -> Result<i64> {
        let span = self.span();
        match self.signed_duration(context)? {
            ms if ms > 0 => Ok(ms),
            _ => Err(Error::parse(span, "duration must be greater than 0")),
        }
    }

    /// A duration such as `5m`, or a number of seconds.
    pub(super) fn signed_duration(&mut self, context: &str) -> Result<i64> {
        let negative = self.eat("-");
        if !negative {
            self.eat("+");
        }
        let span = self.span();
        let ms = match self.peek() {
            Token::Duration(ms) => Some(*ms),
            Token::Number(v) => number::seconds_to_ms(*v),
            _ => return Err(self.unexpected(&format!("a duration {context}"))),
        };
        self.at += 1;
        // A million years is out of any clock's range, and sums of a few stay within the integers.
        match ms.filter(|ms| *ms < 1_000_000 * 31_536_000_000) {
            Some(ms) => Ok(if negative { -ms } else { ms }),
            None => Err(Error::parse(span, "duration out of range")),
        }
    }

    /// What follows `@`: seconds since the epoch, `start()` or `end()`.
    pub(super) fn at_time(&mut self) -> Result<At> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.eat_word(word) {
                self.expect("(", "after start or end")?;
                self.expect(")", "after start or end")?;
                return Ok(at);
            }
        }
        let negative = self.eat("-");
        if !negative {
            self.eat("+");
        }
        let span = self.span();
        let seconds = match self.peek() {
            Token::Number(v) => *v,
            Token::Duration(ms) => *ms as f64 / 1000.0,
            Token::Word(w) if w.eq_ignore_ascii_case("inf") || w.eq_ignore_ascii_case("nan") => f64::NAN,
            _ => return Err(self.unexpected("a timestamp, start() or end() after @")),
        };
        self.at += 1;
        let ms = number::seconds_to_ms(if negative { -seconds } else { seconds });
        match ms.filter(|ms| ms.abs() < i64::MAX / 4) {
            Some(ms) => Ok(At::Time(ms)),
            None => Err(Error::parse(span, "timestamp out of bounds for @ modifier")),
        }
    }
}
