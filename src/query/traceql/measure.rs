//! Reads what a metrics query measures, and hints.

use super::ast::{Field, Function, Metrics, Second, Selection};
use super::parser::{Parsed, Parser, comparison};
use super::token::Token;
use super::value::Value;

pub(super) const FUNCTIONS: [(&str, Function); 9] = [
    ("rate", Function::Rate),
    ("count_over_time", Function::Count),
    ("min_over_time", Function::Min),
    ("max_over_time", Function::Max),
    ("avg_over_time", Function::Avg),
    ("sum_over_time", Function::Sum),
    ("quantile_over_time", Function::Quantile),
    ("histogram_over_time", Function::Histogram),
    ("compare", Function::Compare),
];

/// The name of a metrics function.
pub(super) fn function_name(function: Function) -> &'static str {
    FUNCTIONS.iter().find(|(_, known)| *known == function).map_or("", |(name, _)| name)
}

impl Parser<'_> {
    fn number(&mut self) -> Parsed<f64> {
        let sign = if self.take("-") { -1.0 } else { 1.0 };
        let number = match self.peek() {
            Token::Int(number) => *number as f64,
            Token::Float(number) => *number,
            Token::Duration(nanos) => *nanos as f64 / 1e9,
            _ => return Err(self.unexpected(["a number"])),
        };
        self.advance();
        Ok(sign * number)
    }

    /// `{ filter }, 10, start, end`: all but the filter may be left out.
    fn selection(&mut self) -> Parsed<Selection> {
        let mut selection = Selection { filter: self.filter()?, top: 10, within: None };
        let start = self.placed().start;
        let mut numbers = Vec::new();
        while self.take(",") {
            let Token::Int(number) = *self.peek() else { return Err(self.unexpected(["a whole number"])) };
            self.advance();
            numbers.push(number);
        }
        if let Some(top) = numbers.first() {
            let top = usize::try_from(*top).ok().filter(|top| *top > 0);
            selection.top = top.ok_or_else(|| self.error_from(start, "the number of values must be greater than 0"))?;
        }
        match numbers.get(1..).unwrap_or_default() {
            [] => {}
            [from, until] if 0 < *from && from < until => selection.within = Some((*from, *until)),
            [_, _] => {
                let message = "compare()'s end must be greater than its start, both nanoseconds since 1970";
                return Err(self.error_from(start, message));
            }
            _ => return Err(self.error_from(start, "compare() takes a filter, a number, a start and an end")),
        }
        Ok(selection)
    }

    pub(super) fn metrics(&mut self, function: Function) -> Parsed<Metrics> {
        self.advance();
        self.expect("(")?;
        let mut metrics =
            Metrics { function, of: None, quantiles: Vec::new(), selection: None, by: Vec::new(), then: Vec::new() };
        match function {
            Function::Rate | Function::Count => {}
            Function::Compare => {
                metrics.selection = Some(self.selection()?);
            }
            _ => {
                metrics.of = Some(self.attribute()?);
                while function == Function::Quantile && self.take(",") {
                    let start = self.placed().start;
                    let quantile = self.number()?;
                    if !(0.0..=1.0).contains(&quantile) {
                        return Err(self.error_from(start, "a quantile lies between 0 and 1"));
                    }
                    metrics.quantiles.push(quantile);
                }
                if function == Function::Quantile && metrics.quantiles.is_empty() {
                    return Err(self.unexpected(["`,` and a quantile such as 0.99"]));
                }
            }
        }
        self.expect(")")?;
        if self.word() == Some("by") {
            self.advance();
            metrics.by = self.attributes()?;
        }
        loop {
            if let Some(op) = comparison(self.peek()) {
                self.advance();
                let number = self.number()?;
                metrics.then.push(Second::Filter(op, number));
                continue;
            }
            if !self.take("|") {
                return Ok(metrics);
            }
            let top = match self.word() {
                Some("topk") => true,
                Some("bottomk") => false,
                _ => return Err(self.unexpected(["`topk`", "`bottomk`"])),
            };
            self.advance();
            self.expect("(")?;
            let count = match self.peek() {
                Token::Int(count) => usize::try_from(*count).ok().filter(|count| *count > 0),
                _ => None,
            };
            let Some(count) = count else { return Err(self.unexpected(["a whole number above 0"])) };
            self.advance();
            self.expect(")")?;
            metrics.then.push(if top { Second::Topk(count) } else { Second::Bottomk(count) });
        }
    }

    pub(super) fn hints(&mut self) -> Parsed<Vec<(String, Value)>> {
        if self.word() != Some("with") {
            return Ok(Vec::new());
        }
        self.advance();
        self.expect("(")?;
        let mut hints = Vec::new();
        loop {
            let Some(name) = self.word().map(str::to_owned) else { return Err(self.unexpected(["a hint's name"])) };
            self.advance();
            self.expect("=")?;
            let start = self.placed().start;
            let (Field::Static(value), _) = self.field()? else {
                return Err(self.error_from(start, "a hint's value is a plain value"));
            };
            hints.push((name, value));
            if !self.take(",") {
                self.expect(")")?;
                return Ok(hints);
            }
        }
    }
}
