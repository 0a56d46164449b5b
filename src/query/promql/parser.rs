//! From the text of a query to its checked syntax tree.
//!
//! A parser of our own, and not the `promql-parser` crate: that one's tree has no positions, which errors and
//! annotations need, sets no bound on nesting, and brings a parser generator's run time with it. The grammar is that of
//! Prometheus 3 without its experimental parts.

mod check;
mod selector;

use super::ast::{AggregateOp, BinaryOp, Cardinality, Expr, ExprKind, Grouping, Matching, Shift};
use super::error::{Error, Result, Span};
use super::functions;
use super::lexer::{Token, tokens};
use super::matcher::Matcher;
use std::sync::Arc;

/// Nesting above which a query is refused, so that no walk over its tree exhausts the stack.
const DEPTH_MAX: usize = 200;

/// Parses and checks a query.
pub fn parse(query: &str) -> Result<Expr> {
    let mut parser = Parser { tokens: tokens(query)?, at: 0, depth: 0 };
    if *parser.peek() == Token::End {
        return Err(Error::parse(0..query.len(), "no expression found in input"));
    }
    let expr = parser.expr(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("an operator or the end of the query")),
    }
}

pub(super) struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
}

/// An operator with its binding strength; `^` alone binds to the right.
fn binary_op(token: &Token) -> Option<(BinaryOp, u8)> {
    Some(match token {
        Token::Mark("^") => (BinaryOp::Pow, 6),
        Token::Mark("*") => (BinaryOp::Mul, 5),
        Token::Mark("/") => (BinaryOp::Div, 5),
        Token::Mark("%") => (BinaryOp::Mod, 5),
        Token::Mark("+") => (BinaryOp::Add, 4),
        Token::Mark("-") => (BinaryOp::Sub, 4),
        Token::Mark("==") => (BinaryOp::Eq, 3),
        Token::Mark("!=") => (BinaryOp::Ne, 3),
        Token::Mark("<") => (BinaryOp::Lt, 3),
        Token::Mark("<=") => (BinaryOp::Le, 3),
        Token::Mark(">") => (BinaryOp::Gt, 3),
        Token::Mark(">=") => (BinaryOp::Ge, 3),
        Token::Word(word) => match word.to_ascii_lowercase().as_str() {
            "atan2" => (BinaryOp::Atan2, 5),
            "and" => (BinaryOp::And, 2),
            "unless" => (BinaryOp::Unless, 2),
            "or" => (BinaryOp::Or, 1),
            _ => return None,
        },
        _ => return None,
    })
}

const MUL_STRENGTH: u8 = 5;

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn peek_after(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |(_, span)| span.clone())
    }

    fn last_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |(_, span)| span.end)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn eat(&mut self, mark: &'static str) -> bool {
        let found = *self.peek() == Token::Mark(mark);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &'static str, context: &str) -> Result<()> {
        if self.eat(mark) { Ok(()) } else { Err(self.unexpected(&format!("{mark:?} {context}"))) }
    }

    fn is_word(&self, keyword: &str) -> bool {
        matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn eat_word(&mut self, keyword: &str) -> bool {
        let found = self.is_word(keyword);
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, expected: &str) -> Error {
        let found = match self.peek() {
            Token::Word(word) => format!("{word:?}"),
            Token::Number(_) => "number".into(),
            Token::Duration(_) => "duration".into(),
            Token::Text(text) => format!("string {text:?}"),
            Token::Mark(mark) => format!("{mark:?}"),
            Token::End => "end of input".into(),
        };
        Error::parse(self.span(), format!("unexpected {found}, expected {expected}"))
    }

    fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(too_deep(self.span())) } else { Ok(()) }
    }

    /// Makes a node, and counts its depth from those of its `parts`.
    fn node(&self, kind: ExprKind, start: usize, parts: &[usize]) -> Result<Expr> {
        let depth = parts.iter().max().map_or(1, |d| d + 1);
        let span = start..self.last_end();
        if depth > DEPTH_MAX { Err(too_deep(span)) } else { Ok(Expr { kind, span, depth }) }
    }

    fn expr(&mut self, strength_min: u8) -> Result<Expr> {
        self.enter()?;
        let mut lhs = self.unary()?;
        while let Some((op, strength)) = binary_op(self.peek()) {
            if strength < strength_min {
                break;
            }
            let op_span = self.span();
            self.at += 1;
            let return_bool = self.eat_word("bool");
            let matching = self.matching()?;
            let rhs = self.expr(if op == BinaryOp::Pow { strength } else { strength + 1 })?;
            check::binary(op, &op_span, &lhs, &rhs, return_bool, matching.as_ref())?;
            let (start, parts) = (lhs.span.start, [lhs.depth, rhs.depth]);
            let kind = ExprKind::Binary { op, lhs: Box::new(lhs), rhs: Box::new(rhs), return_bool, matching };
            lhs = self.node(kind, start, &parts)?;
        }
        self.depth -= 1;
        Ok(lhs)
    }

    /// A sign binds as strong as `*`: `-2^2` is `-(2^2)`.
    fn unary(&mut self) -> Result<Expr> {
        let start = self.span().start;
        let negative = *self.peek() == Token::Mark("-");
        if !negative && *self.peek() != Token::Mark("+") {
            let primary = self.primary()?;
            return self.suffixes(primary);
        }
        self.at += 1;
        let expr = self.expr(MUL_STRENGTH + 1)?;
        check::sign(&expr)?;
        let parts = [expr.depth];
        match expr.kind {
            ExprKind::Number(v) => self.node(ExprKind::Number(if negative { -v } else { v }), start, &[]),
            _ if negative => self.node(ExprKind::Negate(Box::new(expr)), start, &parts),
            _ => Ok(expr),
        }
    }

    fn primary(&mut self) -> Result<Expr> {
        let start = self.span().start;
        match self.peek().clone() {
            Token::Number(v) => {
                self.at += 1;
                self.node(ExprKind::Number(v), start, &[])
            }
            Token::Duration(ms) => {
                self.at += 1;
                self.node(ExprKind::Number(ms as f64 / 1000.0), start, &[])
            }
            Token::Text(text) => {
                self.at += 1;
                self.node(ExprKind::String(text), start, &[])
            }
            Token::Mark("(") => {
                self.at += 1;
                let inside = self.expr(0)?;
                self.expect(")", "to close the parenthesis")?;
                let parts = [inside.depth];
                self.node(ExprKind::Paren(Box::new(inside)), start, &parts)
            }
            Token::Mark("{") => self.selector(None),
            Token::Word(word) => self.named(&word),
            _ => Err(self.unexpected("an expression")),
        }
    }

    /// What begins with a word: a number, an aggregation, a call or a metric.
    fn named(&mut self, word: &str) -> Result<Expr> {
        let start = self.span().start;
        let lower = word.to_ascii_lowercase();
        if let "inf" | "nan" = lower.as_str() {
            self.at += 1;
            let v = if lower == "inf" { f64::INFINITY } else { f64::NAN };
            return self.node(ExprKind::Number(v), start, &[]);
        }
        let grouped =
            matches!(self.peek_after(), Token::Word(w) if matches!(w.to_ascii_lowercase().as_str(), "by" | "without"));
        let called = *self.peek_after() == Token::Mark("(");
        let aggregate = AggregateOp::ALL.iter().find(|(name, _)| *name == lower);
        if let Some((_, op)) = aggregate.filter(|_| called || grouped) {
            return self.aggregate(*op, word);
        }
        if called {
            return self.call(word);
        }
        if let "bool" | "on" | "ignoring" | "group_left" | "group_right" = lower.as_str() {
            return Err(self.unexpected("an expression"));
        }
        self.at += 1;
        self.selector(Some((word, start)))
    }

    fn call(&mut self, word: &str) -> Result<Expr> {
        let (start, name_span) = (self.span().start, self.span());
        let Some(function) = functions::find(word) else {
            return Err(Error::parse(
                name_span,
                format!("unknown function with name {word:?}{}", check::suggestion(word)),
            ));
        };
        self.at += 1;
        let args = self.arguments()?;
        check::arguments(function, &args, start..self.last_end())?;
        let parts: Vec<_> = args.iter().map(|a| a.depth).collect();
        self.node(ExprKind::Call { function, args }, start, &parts)
    }

    fn arguments(&mut self) -> Result<Vec<Expr>> {
        self.expect("(", "to begin the arguments")?;
        let mut args = Vec::new();
        if self.eat(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expr(0)?);
            if self.eat(")") {
                return Ok(args);
            }
            self.expect(",", "or \")\" after an argument")?;
        }
    }

    fn aggregate(&mut self, op: AggregateOp, word: &str) -> Result<Expr> {
        let start = self.span().start;
        self.at += 1;
        let before = self.grouping()?;
        let mut args = self.arguments()?;
        let grouping = match before {
            Some(grouping) => grouping,
            None => self.grouping()?.unwrap_or_default(),
        };
        let span = start..self.last_end();
        let wanted = 1 + usize::from(op.parameter().is_some());
        if args.len() != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression {word:?}, expected {wanted}, got {}",
                args.len()
            );
            return Err(Error::parse(span, message));
        }
        let expr = args.pop().ok_or_else(|| Error::parse(span, "no arguments for aggregate expression provided"))?;
        check::aggregate(op, word, args.first(), &expr)?;
        let parts = [expr.depth, args.first().map_or(0, |p| p.depth)];
        let parameter = args.pop().map(Box::new);
        self.node(ExprKind::Aggregate { op, grouping, parameter, expr: Box::new(expr) }, start, &parts)
    }

    fn grouping(&mut self) -> Result<Option<Grouping>> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.at += 1;
        Ok(Some(Grouping { without, labels: self.label_list("grouping")? }))
    }

    fn matching(&mut self) -> Result<Option<Matching>> {
        let on = self.is_word("on");
        if !on && !self.is_word("ignoring") {
            return Ok(None);
        }
        self.at += 1;
        let labels = self.label_list("matching")?;
        let cardinality = if self.eat_word("group_left") {
            Cardinality::ManyLeft
        } else if self.eat_word("group_right") {
            Cardinality::ManyRight
        } else {
            Cardinality::One
        };
        let grouped = cardinality != Cardinality::One && *self.peek() == Token::Mark("(");
        let include = if grouped { self.label_list("grouping")? } else { Vec::new() };
        Ok(Some(Matching { on, labels, cardinality, include }))
    }

    /// `(a, b, "c.d")`, a comma allowed at the end.
    fn label_list(&mut self, context: &str) -> Result<Vec<Arc<str>>> {
        let mut labels: Vec<Arc<str>> = Vec::new();
        self.expect("(", &format!("to begin the {context} labels"))?;
        while !self.eat(")") {
            match self.peek().clone() {
                Token::Word(name) if !name.contains(':') => labels.push(name.into()),
                Token::Text(name) if !name.is_empty() => labels.push(name.into()),
                _ => return Err(self.unexpected("a label name")),
            }
            self.at += 1;
            if !self.eat(",") && *self.peek() != Token::Mark(")") {
                return Err(self.unexpected("\",\" or \")\""));
            }
        }
        Ok(labels)
    }

    /// Ranges, subqueries, `offset` and `@` after an expression.
    fn suffixes(&mut self, mut expr: Expr) -> Result<Expr> {
        loop {
            if *self.peek() == Token::Mark("[") {
                expr = self.range(expr)?;
            } else if self.is_word("offset") {
                let span = self.span();
                self.at += 1;
                let offset = self.signed_duration("after offset")?;
                let shift = shift_of(&mut expr).ok_or_else(|| {
                    Error::parse(span.clone(), "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery")
                })?;
                if shift.offset.replace(offset).is_some() {
                    return Err(Error::parse(span, "offset may not be set multiple times"));
                }
                expr.span.end = self.last_end();
            } else if *self.peek() == Token::Mark("@") {
                let span = self.span();
                self.at += 1;
                let at = self.at_time()?;
                let shift = shift_of(&mut expr).ok_or_else(|| {
                    Error::parse(span.clone(), "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery")
                })?;
                if shift.at.replace(at).is_some() {
                    return Err(Error::parse(span, "@ <timestamp> may not be set multiple times"));
                }
                expr.span.end = self.last_end();
            } else {
                return Ok(expr);
            }
        }
    }
}

fn shift_of(expr: &mut Expr) -> Option<&mut Shift> {
    match &mut expr.kind {
        ExprKind::Selector(selector) | ExprKind::Matrix { selector, .. } => Some(&mut selector.shift),
        ExprKind::Subquery { shift, .. } => Some(shift),
        _ => None,
    }
}

fn too_deep(span: Span) -> Error {
    Error::parse(span, format!("the expression is nested more than {DEPTH_MAX} levels deep"))
}

/// Parses a lone selector, as the `match[]` parameter of the series and labels APIs has it.
pub fn parse_selector(query: &str) -> Result<Vec<Matcher>> {
    let expr = parse(query)?;
    match expr.kind {
        ExprKind::Selector(selector) => Ok(selector.matchers),
        _ => Err(Error::parse(expr.span, "expected a series selector and nothing else")),
    }
}
