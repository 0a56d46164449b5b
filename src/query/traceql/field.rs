//! Reads expressions over one span and checks their types.

use super::super::syntax::anchored;
use super::ast::{Attribute, Field, Intrinsic, Op};
use super::parser::{Parsed, Parser, comparison};
use super::token::Token;
use super::value::{KINDS, STATUSES, Type, Value};

const BOOLEAN: u8 = 1;
const TEST: u8 = 2;
const SUM: u8 = 3;
const NOT: u8 = 4;
const PRODUCT: u8 = 5;
const POWER: u8 = 6;

/// An arithmetic operator and how tightly it binds.
pub(super) fn arithmetic_operator(token: &Token) -> Option<(Op, u8)> {
    Some(match token {
        Token::Sign("+") => (Op::Add, SUM),
        Token::Sign("-") => (Op::Subtract, SUM),
        Token::Sign("*") => (Op::Multiply, PRODUCT),
        Token::Sign("/") => (Op::Divide, PRODUCT),
        Token::Sign("%") => (Op::Modulo, PRODUCT),
        Token::Sign("^") => (Op::Power, POWER),
        _ => return None,
    })
}

fn operator(token: &Token) -> Option<(Op, u8)> {
    match token {
        Token::Sign("=~") => Some((Op::Match, TEST)),
        Token::Sign("!~") => Some((Op::NotMatch, TEST)),
        token => arithmetic_operator(token).or_else(|| Some((comparison(token)?, TEST))),
    }
}

/// Whether an operator takes a type.
fn takes(op: Op, kind: Type) -> bool {
    match kind {
        Type::Any => true,
        Type::Number => !matches!(op, Op::Match | Op::NotMatch),
        Type::Text => op.is_test(),
        Type::Nil | Type::Bool | Type::Status | Type::Kind => matches!(op, Op::Equal | Op::NotEqual),
    }
}

impl Parser<'_> {
    /// An expression and its type.
    pub(super) fn field(&mut self) -> Parsed<(Field, Type)> {
        self.field_above(0)
    }

    fn field_above(&mut self, least: u8) -> Parsed<(Field, Type)> {
        self.deeper(|parser| {
            let start = parser.placed().start;
            let mut left = parser.field_operand()?;
            loop {
                if let Token::Sign(sign @ ("&&" | "||")) = *parser.peek() {
                    if least > BOOLEAN {
                        return Ok(left);
                    }
                    parser.advance();
                    let height = parser.height();
                    let right = parser.field_above(BOOLEAN + 1)?;
                    let flat = matches!((sign, &left.0), ("&&", Field::And(_)) | ("||", Field::Or(_)));
                    parser.grow(if flat {
                        height.max(parser.height() + 1)
                    } else {
                        height.max(parser.height()) + 1
                    })?;
                    if [left.1, right.1].iter().any(|kind| !matches!(kind, Type::Any | Type::Bool)) {
                        return Err(parser.error_from(start, format!("both sides of `{sign}` must be true or false")));
                    }
                    left = (joined(left.0, right.0, sign == "&&"), Type::Bool);
                    continue;
                }
                let Some((op, precedence)) = operator(parser.peek()).filter(|(_, precedence)| *precedence >= least)
                else {
                    return Ok(left);
                };
                let sign = parser.advance().token.shown();
                let height = parser.height();
                let right = parser.field_above(if op == Op::Power { precedence } else { precedence + 1 })?;
                parser.grow(height.max(parser.height()) + 1)?;
                left = parser.binary(start, &sign, left, op, right)?;
            }
        })
    }

    fn binary(
        &self,
        start: usize,
        sign: &str,
        left: (Field, Type),
        op: Op,
        right: (Field, Type),
    ) -> Parsed<(Field, Type)> {
        let mixed = left.1 != right.1 && ![left.1, right.1].iter().any(|kind| matches!(kind, Type::Any | Type::Nil));
        if mixed {
            return Err(self.error_from(
                start,
                format!("the sides of {sign} are of different types: {} and {}", shown(left.1), shown(right.1)),
            ));
        }
        if let Some(bad) = [left.1, right.1].into_iter().find(|kind| !takes(op, *kind)) {
            return Err(self.error_from(start, format!("{sign} does not go with {}", shown(bad))));
        }
        if let (Op::Match | Op::NotMatch, Field::Static(Value::Text(pattern))) = (op, &right.0) {
            let regex =
                anchored(pattern).map_err(|why| self.error_from(start, format!("bad regular expression: {why}")))?;
            return Ok((Field::Match { left: Box::new(left.0), regex, negated: op == Op::NotMatch }, Type::Bool));
        }
        let kind = match (op.is_test(), left.1) {
            (true, _) => Type::Bool,
            (false, Type::Any) => right.1,
            (false, kind) => kind,
        };
        Ok((Field::Binary(Box::new(left.0), op, Box::new(right.0)), kind))
    }

    fn field_operand(&mut self) -> Parsed<(Field, Type)> {
        let start = self.placed().start;
        if self.take("(") {
            let inner = self.field()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("-") {
            let (inner, kind) = self.field_above(SUM + 1)?;
            self.grow(self.height() + 1)?;
            if !matches!(kind, Type::Any | Type::Number) {
                return Err(self.error_from(start, format!("`-` does not go with {}", shown(kind))));
            }
            return Ok((
                match inner {
                    Field::Static(Value::Int(number)) => Field::Static(Value::Int(number.wrapping_neg())),
                    Field::Static(Value::Float(number)) => Field::Static(Value::Float(-number)),
                    Field::Static(Value::Duration(nanos)) => Field::Static(Value::Duration(nanos.wrapping_neg())),
                    inner => Field::Negative(Box::new(inner)),
                },
                kind,
            ));
        }
        if self.take("!") {
            let (inner, kind) = self.field_above(NOT + 1)?;
            self.grow(self.height() + 1)?;
            if !matches!(kind, Type::Any | Type::Bool) {
                return Err(self.error_from(start, format!("`!` does not go with {}", shown(kind))));
            }
            return Ok((Field::Not(Box::new(inner)), Type::Bool));
        }
        self.grow(0)?;
        let expected = ["a value", "an attribute such as .a or span.a", "an intrinsic such as duration"];
        let value = match self.peek().clone() {
            Token::Attribute(attribute) => {
                self.advance();
                let kind = attribute_type(&attribute);
                return Ok((Field::Attribute(attribute), kind));
            }
            Token::Text(text) => Value::Text(text),
            Token::Int(number) => Value::Int(number),
            Token::Float(number) => Value::Float(number),
            Token::Duration(nanos) => Value::Duration(nanos),
            Token::Word(word) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "nil" => Value::Nil,
                "minInt" => Value::Int(i64::MIN),
                "maxInt" => Value::Int(i64::MAX),
                word => {
                    let status =
                        STATUSES.iter().find(|(name, _)| *name == word).map(|(_, status)| Value::Status(*status));
                    let kind = || KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| Value::Kind(*kind));
                    status.or_else(kind).ok_or_else(|| self.unexpected(expected))?
                }
            },
            _ => return Err(self.unexpected(expected)),
        };
        self.advance();
        let kind = value.kind();
        Ok((Field::Static(value), kind))
    }
}

fn joined(left: Field, right: Field, and: bool) -> Field {
    match left {
        Field::And(mut all) if and => {
            all.push(right);
            Field::And(all)
        }
        Field::Or(mut all) if !and => {
            all.push(right);
            Field::Or(all)
        }
        left if and => Field::And(vec![left, right]),
        left => Field::Or(vec![left, right]),
    }
}

fn shown(kind: Type) -> &'static str {
    match kind {
        Type::Any => "an attribute",
        Type::Nil => "nil",
        Type::Bool => "true or false",
        Type::Number => "a number or duration",
        Type::Text => "a text",
        Type::Status => "a status",
        Type::Kind => "a kind",
    }
}

fn attribute_type(attribute: &Attribute) -> Type {
    let Attribute::Intrinsic(intrinsic) = attribute else { return Type::Any };
    match intrinsic {
        Intrinsic::Duration
        | Intrinsic::ChildCount
        | Intrinsic::NestedSetLeft
        | Intrinsic::NestedSetRight
        | Intrinsic::NestedSetParent
        | Intrinsic::TraceDuration
        | Intrinsic::EventTimeSinceStart => Type::Number,
        Intrinsic::Status => Type::Status,
        Intrinsic::Kind => Type::Kind,
        Intrinsic::Parent => Type::Nil,
        _ => Type::Text,
    }
}

impl Field {
    /// Whether it reads anything of a span.
    pub(super) fn references_span(&self) -> bool {
        match self {
            Field::Static(_) => false,
            Field::Attribute(_) => true,
            Field::Negative(inner) | Field::Not(inner) => inner.references_span(),
            Field::And(all) | Field::Or(all) => all.iter().any(Field::references_span),
            Field::Binary(left, _, right) => left.references_span() || right.references_span(),
            Field::Match { left, .. } => left.references_span(),
        }
    }

    /// Gives the attributes that it reads.
    pub(super) fn attributes<'f>(&'f self, give: &mut dyn FnMut(&'f Attribute)) {
        match self {
            Field::Static(_) => {}
            Field::Attribute(attribute) => give(attribute),
            Field::Negative(inner) | Field::Not(inner) => inner.attributes(give),
            Field::And(all) | Field::Or(all) => all.iter().for_each(|field| field.attributes(give)),
            Field::Binary(left, _, right) => {
                left.attributes(give);
                right.attributes(give);
            }
            Field::Match { left, .. } => left.attributes(give),
        }
    }
}
