//! Reads TraceQL: pipelines, spansets, aggregates, metrics. Expressions over one span are in [`super::field`].

use super::super::syntax::{MAX_DEPTH, MAX_OPERATORS, MAX_QUERY_BYTES, SyntaxError};
use super::ast::{
    Aggregate, Attribute, Element, Field, Metrics, Op, Pipeline, Query, Relation, Scalar, ScalarFilter, Spanset,
    Structural,
};
use super::measure::FUNCTIONS;
use super::token::{Placed, Token, near_word, tokens};
use super::value::{Type, Value};

pub(super) const WORDS: [&str; 28] = [
    "true",
    "false",
    "nil",
    "ok",
    "error",
    "unset",
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
    "count",
    "avg",
    "max",
    "min",
    "sum",
    "by",
    "coalesce",
    "select",
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "histogram_over_time",
];

const AGGREGATES: [(&str, Aggregate); 5] = [
    ("count", Aggregate::Count),
    ("avg", Aggregate::Avg),
    ("max", Aggregate::Max),
    ("min", Aggregate::Min),
    ("sum", Aggregate::Sum),
];

/// Reads and checks a query.
pub fn parse(source: &str) -> Result<Query, SyntaxError> {
    if source.len() > MAX_QUERY_BYTES {
        return Err(SyntaxError::new("", 0, 1, format!("the query is longer than {MAX_QUERY_BYTES} bytes")));
    }
    let mut parser = Parser { source, tokens: tokens(source)?, at: 0, depth: 0, height: 0 };
    let (pipeline, metrics) = parser.pipeline(true)?;
    let hints = parser.hints()?;
    if *parser.peek() != Token::End {
        return Err(parser.unexpected(["`|`", "an operator", "end of query"]));
    }
    Ok(Query { pipeline, metrics, hints })
}

pub(super) struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    /// The height of the tree that was read last.
    height: usize,
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

impl Parser<'_> {
    pub fn placed(&self) -> &Placed {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub fn peek(&self) -> &Token {
        &self.placed().token
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].token
    }

    pub fn advance(&mut self) -> Placed {
        let placed = self.placed().clone();
        self.at += 1;
        placed
    }

    pub fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(known) if *known == sign);
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected([format!("`{sign}`")])) }
    }

    /// An error from a byte to where reading has come.
    pub fn error_from(&self, start: usize, message: impl Into<String>) -> SyntaxError {
        let end = self.tokens[self.at.clamp(1, self.tokens.len()) - 1].end.max(start);
        SyntaxError::new(self.source, start, end - start, message)
    }

    pub fn error(&self, message: impl Into<String>) -> SyntaxError {
        let placed = self.placed();
        SyntaxError::new(self.source, placed.start, placed.end - placed.start, message)
    }

    pub fn unexpected<T: Into<String>>(&self, expected: impl IntoIterator<Item = T>) -> SyntaxError {
        let mut error = self.error(format!("unexpected {}", self.peek().shown())).expecting(expected);
        if let Token::Word(word) = self.peek() {
            error.suggestion = near_word(word, WORDS).filter(|near| near != word).map(str::to_owned);
        }
        error
    }

    pub fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// The height of the tree that was read last: what is evaluated step by step must not be too high a tree.
    pub fn height(&self) -> usize {
        self.height
    }

    /// A tree of this height is being built.
    pub fn grow(&mut self, height: usize) -> Parsed<()> {
        self.height = height;
        if height > MAX_OPERATORS {
            return Err(self.error(format!("more than {MAX_OPERATORS} operators in a chain")));
        }
        Ok(())
    }

    pub fn word(&self) -> Option<&str> {
        match self.peek() {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn pipeline(&mut self, outermost: bool) -> Parsed<(Pipeline, Option<Metrics>)> {
        let mut elements = Vec::new();
        loop {
            let word = self.word().unwrap_or("").to_owned();
            if let Some((_, function)) = FUNCTIONS.iter().find(|(name, _)| *name == word) {
                if elements.is_empty() || !outermost {
                    return Err(self.error(format!("`{word}` goes after spans, such as {{ }} | {word}()")));
                }
                let metrics = self.metrics(*function)?;
                return Ok((elements, Some(metrics)));
            }
            elements.push(self.element(&word, elements.is_empty())?);
            if !self.take("|") {
                return Ok((elements, None));
            }
        }
    }

    fn element(&mut self, word: &str, first: bool) -> Parsed<Element> {
        match word {
            "by" => {
                self.at += 1;
                self.expect("(")?;
                let start = self.placed().start;
                let (field, _) = self.field()?;
                if !field.references_span() {
                    return Err(self.error_from(start, "by() needs an expression over the span"));
                }
                self.expect(")")?;
                Ok(Element::By(field))
            }
            "coalesce" if first => Err(self.error("a pipeline cannot start with coalesce()")),
            "coalesce" => {
                self.at += 1;
                self.expect("(")?;
                self.expect(")")?;
                Ok(Element::Coalesce)
            }
            "select" => {
                self.at += 1;
                Ok(Element::Select(self.attributes()?))
            }
            _ => match self.peek() {
                Token::Sign("{") => Ok(Element::Spanset(self.spanset(0)?)),
                Token::Sign("(") if !self.is_scalar_parenthesis() => Ok(Element::Spanset(self.spanset(0)?)),
                _ => self.scalar_filter().map(Element::Scalar),
            },
        }
    }

    /// Whether what is in parentheses is a number, not spans: no brace before the operator after them.
    fn is_scalar_parenthesis(&self) -> bool {
        let mut ahead = 0;
        while matches!(self.peek_at(ahead), Token::Sign("(")) && ahead < MAX_DEPTH {
            ahead += 1;
        }
        match self.peek_at(ahead) {
            Token::Word(word) => AGGREGATES.iter().any(|(name, _)| name == word) && !self.has_pipe_before_close(ahead),
            Token::Int(_) | Token::Float(_) | Token::Duration(_) | Token::Sign("-") => true,
            _ => false,
        }
    }

    fn has_pipe_before_close(&self, ahead: usize) -> bool {
        let rest = self.tokens.iter().skip(self.at + ahead);
        let mut depth = 1;
        for placed in rest {
            match placed.token {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") => depth -= 1,
                Token::Sign("|") => return true,
                // A comparison inside the parentheses makes it a filter.
                Token::Sign("=" | "!=" | ">" | "<" | ">=" | "<=") if depth == 1 => return true,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        false
    }

    fn spanset(&mut self, least: u8) -> Parsed<Spanset> {
        self.deeper(|parser| {
            let mut left = parser.spanset_operand()?;
            loop {
                let height = parser.height();
                let Token::Sign(sign) = *parser.peek() else { return Ok(left) };
                let precedence = if matches!(sign, "&&" | "||") { 1 } else { 2 };
                let structural = structural(sign);
                if precedence < least || precedence == 2 && structural.is_none() {
                    return Ok(left);
                }
                parser.at += 1;
                if !matches!(parser.peek(), Token::Sign("{" | "(")) {
                    return Err(parser.unexpected(["`{`", "`(`"]));
                }
                let right = parser.spanset(precedence + 1)?;
                let flat = matches!((sign, &left), ("&&", Spanset::And(_)) | ("||", Spanset::Or(_)));
                parser.grow(if flat { height.max(parser.height() + 1) } else { height.max(parser.height()) + 1 })?;
                left = match (structural, left) {
                    (Some(op), left) => Spanset::Structural(Box::new(left), op, Box::new(right)),
                    (None, Spanset::And(mut all)) if sign == "&&" => {
                        all.push(right);
                        Spanset::And(all)
                    }
                    (None, Spanset::Or(mut all)) if sign == "||" => {
                        all.push(right);
                        Spanset::Or(all)
                    }
                    (None, left) if sign == "&&" => Spanset::And(vec![left, right]),
                    (None, left) => Spanset::Or(vec![left, right]),
                };
            }
        })
    }

    fn spanset_operand(&mut self) -> Parsed<Spanset> {
        if self.take("(") {
            let (pipeline, _) = self.deeper(|parser| parser.pipeline(false))?;
            self.expect(")")?;
            let mut elements = pipeline.into_iter();
            return Ok(match (elements.next(), elements.next()) {
                (Some(Element::Spanset(inner @ Spanset::Filter(_))), None) => inner,
                (Some(first), None) => Spanset::Pipeline(vec![first]),
                (first, second) => Spanset::Pipeline(first.into_iter().chain(second).chain(elements).collect()),
            });
        }
        self.filter().map(Spanset::Filter)
    }

    pub fn filter(&mut self) -> Parsed<Field> {
        self.expect("{")?;
        if self.take("}") {
            self.grow(0)?;
            return Ok(Field::Static(Value::Bool(true)));
        }
        let start = self.placed().start;
        let (field, kind) = self.field()?;
        if !matches!(kind, Type::Any | Type::Bool) {
            return Err(self.error_from(start, "a span filter must be true or false, such as { duration > 1s }"));
        }
        self.expect("}")?;
        Ok(field)
    }

    fn scalar_filter(&mut self) -> Parsed<ScalarFilter> {
        let start = self.placed().start;
        let left = self.scalar(0)?;
        let Some(op) = comparison(self.peek()) else {
            return Err(self.unexpected(["a comparison such as `> 2`"]));
        };
        self.at += 1;
        let right = self.scalar(0)?;
        if matches!(left, Scalar::Static(_)) && matches!(right, Scalar::Static(_)) {
            return Err(self.error_from(start, "a comparison of numbers only; use count(), avg(…) and the like"));
        }
        Ok(ScalarFilter { left, op, right })
    }

    fn scalar(&mut self, least: u8) -> Parsed<Scalar> {
        self.deeper(|parser| {
            let mut left = parser.scalar_operand()?;
            while let Some((op, precedence)) =
                super::field::arithmetic_operator(parser.peek()).filter(|(_, p)| *p >= least)
            {
                parser.at += 1;
                let height = parser.height();
                let right = parser.scalar(if op == Op::Power { precedence } else { precedence + 1 })?;
                parser.grow(height.max(parser.height()) + 1)?;
                left = Scalar::Binary(Box::new(left), op, Box::new(right));
            }
            Ok(left)
        })
    }

    fn scalar_operand(&mut self) -> Parsed<Scalar> {
        if self.take("(") {
            let inner = self.scalar(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let sign = if self.take("-") { -1 } else { 1 };
        self.grow(0)?;
        match self.peek().clone() {
            Token::Int(number) => self.number_scalar(Value::Int(number.saturating_mul(sign))),
            Token::Float(number) => self.number_scalar(Value::Float(number * sign as f64)),
            Token::Duration(nanos) => self.number_scalar(Value::Duration(nanos.saturating_mul(sign))),
            Token::Word(word) if sign > 0 => {
                let Some((_, aggregate)) = AGGREGATES.iter().find(|(name, _)| *name == word) else {
                    return Err(self.unexpected(["`{`", "`(`", "an aggregate such as count()"]));
                };
                self.at += 1;
                self.expect("(")?;
                let field = if *aggregate == Aggregate::Count { None } else { Some(self.aggregated()?) };
                self.expect(")")?;
                Ok(Scalar::Aggregate(*aggregate, field))
            }
            _ => Err(self.unexpected(["`{`", "`(`", "a number", "an aggregate such as count()"])),
        }
    }

    fn number_scalar(&mut self, value: Value) -> Parsed<Scalar> {
        self.at += 1;
        Ok(Scalar::Static(value))
    }

    fn aggregated(&mut self) -> Parsed<Field> {
        let start = self.placed().start;
        let (field, kind) = self.field()?;
        if !matches!(kind, Type::Any | Type::Number) {
            return Err(self.error_from(start, "only numbers and durations are aggregated"));
        }
        if !field.references_span() {
            return Err(self.error_from(start, "what is aggregated must be of the span"));
        }
        Ok(field)
    }

    pub fn attribute(&mut self) -> Parsed<Attribute> {
        match self.peek().clone() {
            Token::Attribute(attribute) => {
                self.at += 1;
                Ok(attribute)
            }
            _ => Err(self.unexpected(["an attribute such as span.http.method"])),
        }
    }

    pub fn attributes(&mut self) -> Parsed<Vec<Attribute>> {
        self.expect("(")?;
        let mut all = vec![self.attribute()?];
        while self.take(",") {
            all.push(self.attribute()?);
        }
        self.expect(")")?;
        Ok(all)
    }
}

pub(super) fn comparison(token: &Token) -> Option<Op> {
    Some(match token {
        Token::Sign("=") => Op::Equal,
        Token::Sign("!=") => Op::NotEqual,
        Token::Sign(">") => Op::Greater,
        Token::Sign(">=") => Op::GreaterEqual,
        Token::Sign("<") => Op::Less,
        Token::Sign("<=") => Op::LessEqual,
        _ => return None,
    })
}

fn structural(sign: &str) -> Option<Structural> {
    let bare = sign.trim_start_matches(['!', '&']);
    let relation = match bare {
        ">" => Relation::Child,
        ">>" => Relation::Descendant,
        "<" => Relation::Parent,
        "<<" => Relation::Ancestor,
        "~" => Relation::Sibling,
        _ => return None,
    };
    Some(Structural { relation, negated: sign.starts_with('!'), union: sign.starts_with('&') })
}
