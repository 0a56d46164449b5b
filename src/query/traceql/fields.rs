//! Evaluates expressions over one span.

use std::cell::OnceCell;

use super::super::syntax::anchored;
use super::ast::{Attribute, Field, Intrinsic, Op, Scope};
use super::store::Trace;
use super::tree::Tree;
use super::value::Value;

/// A trace that is looked at.
pub(super) struct View<'t> {
    pub trace: &'t dyn Trace,
    tree: OnceCell<Tree>,
}

impl<'t> View<'t> {
    pub fn new(trace: &'t dyn Trace) -> Self {
        View { trace, tree: OnceCell::new() }
    }

    /// Its shape, which few questions need.
    pub fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| Tree::of(self.trace))
    }

    /// Whether a span is accepted.
    pub fn holds(&self, field: &Field, span: usize) -> bool {
        match field {
            Field::And(all) => all.iter().all(|field| self.holds(field, span)),
            Field::Or(all) => all.iter().any(|field| self.holds(field, span)),
            Field::Not(inner) => !self.holds(inner, span),
            Field::Binary(left, op, right) if op.is_test() => {
                let right = self.value(right, span);
                self.any(left, span, *op == Op::NotEqual, |left| compares(left, *op, &right))
            }
            Field::Match { left, regex, negated } => self.any(
                left,
                span,
                *negated,
                |value| matches!(value, Value::Text(text) if regex.is_match(text) != *negated),
            ),
            other => self.value(other, span) == Value::Bool(true),
        }
    }

    /// Whether any value of a side passes; for a negated test all there are, and at least one.
    fn any(&self, side: &Field, span: usize, negated: bool, test: impl Fn(&Value) -> bool) -> bool {
        let several = match side {
            Field::Attribute(attribute) => self.several(attribute, span),
            _ => None,
        };
        match several {
            None => test(&self.value(side, span)),
            Some(values) if values.is_empty() => test(&Value::Nil),
            Some(values) if negated => values.iter().all(test),
            Some(values) => values.iter().any(test),
        }
    }

    /// The values of an attribute of events or links.
    fn several(&self, attribute: &Attribute, span: usize) -> Option<Vec<Value>> {
        let own = |all: &[(String, Value)], name: &str| {
            all.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        let (events, links) = (|| self.trace.events(span), || self.trace.links(span));
        Some(match attribute {
            Attribute::Intrinsic(Intrinsic::EventName) => {
                events().into_iter().map(|event| Value::Text(event.name)).collect()
            }
            Attribute::Intrinsic(Intrinsic::EventTimeSinceStart) => {
                events().into_iter().map(|event| Value::Duration(event.after)).collect()
            }
            Attribute::Intrinsic(Intrinsic::LinkTraceId) => {
                links().into_iter().map(|link| Value::Text(link.trace)).collect()
            }
            Attribute::Intrinsic(Intrinsic::LinkSpanId) => {
                links().into_iter().map(|link| Value::Text(link.span)).collect()
            }
            Attribute::Named { scope: Scope::Event, name, .. } => {
                events().iter().filter_map(|event| own(&event.attributes, name)).collect()
            }
            Attribute::Named { scope: Scope::Link, name, .. } => {
                links().iter().filter_map(|link| own(&link.attributes, name)).collect()
            }
            _ => return None,
        })
    }

    /// The value of an expression.
    pub fn value(&self, field: &Field, span: usize) -> Value {
        match field {
            Field::Static(value) => value.clone(),
            Field::Attribute(attribute) => self.attribute(attribute, span),
            Field::Negative(inner) => match self.value(inner, span) {
                Value::Int(number) => Value::Int(number.wrapping_neg()),
                Value::Duration(nanos) => Value::Duration(nanos.wrapping_neg()),
                other => other.number().map_or(Value::Nil, |number| Value::Float(-number)),
            },
            Field::Binary(left, op, right) if !op.is_test() => {
                arithmetic(&self.value(left, span), *op, &self.value(right, span))
            }
            test => Value::Bool(self.holds(test, span)),
        }
    }

    /// The value of an attribute or an intrinsic; nil if there is none.
    pub fn attribute(&self, attribute: &Attribute, span: usize) -> Value {
        if let Some(values) = self.several(attribute, span) {
            return values.into_iter().next().unwrap_or(Value::Nil);
        }
        match attribute {
            Attribute::Intrinsic(intrinsic) => self.intrinsic(*intrinsic, span),
            Attribute::Named { scope, parent, name } => {
                let Some(span) = (if *parent { self.tree().parent[span] } else { Some(span) }) else {
                    return Value::Nil;
                };
                let found = match scope {
                    Scope::Any => {
                        let own = self.trace.attribute(span, Scope::Span, name);
                        own.or_else(|| self.trace.attribute(span, Scope::Resource, name))
                    }
                    scope => self.trace.attribute(span, *scope, name),
                };
                found.unwrap_or(Value::Nil)
            }
        }
    }

    fn intrinsic(&self, intrinsic: Intrinsic, at: usize) -> Value {
        let span = self.trace.span(at);
        let instrumentation = |name| self.trace.attribute(at, Scope::Instrumentation, name).unwrap_or(Value::Nil);
        match intrinsic {
            Intrinsic::Duration => Value::Duration(span.duration),
            Intrinsic::ChildCount => Value::Int(i64::from(self.tree().children[at])),
            Intrinsic::Name => Value::Text(span.name.to_owned()),
            Intrinsic::Status => Value::Status(span.status),
            Intrinsic::StatusMessage => Value::Text(span.status_message.to_owned()),
            Intrinsic::Kind => Value::Kind(span.kind),
            Intrinsic::SpanId => Value::Text(self.trace.span_id(at)),
            Intrinsic::ParentId | Intrinsic::Parent => {
                self.tree().parent[at].map_or(Value::Nil, |parent| Value::Text(self.trace.span_id(parent)))
            }
            Intrinsic::NestedSetLeft => Value::Int(self.tree().left[at]),
            Intrinsic::NestedSetRight => Value::Int(self.tree().right[at]),
            Intrinsic::NestedSetParent => {
                Value::Int(self.tree().parent[at].map_or(-1, |parent| self.tree().left[parent]))
            }
            Intrinsic::RootName => {
                self.tree().root.map_or(Value::Nil, |root| Value::Text(self.trace.span(root).name.to_owned()))
            }
            Intrinsic::RootService => {
                let service =
                    self.tree().root.and_then(|root| self.trace.attribute(root, Scope::Resource, "service.name"));
                service.unwrap_or(Value::Nil)
            }
            Intrinsic::TraceDuration => Value::Duration(self.tree().end - self.tree().start),
            Intrinsic::TraceId => Value::Text(self.trace.id()),
            Intrinsic::InstrumentationName => instrumentation("name"),
            Intrinsic::InstrumentationVersion => instrumentation("version"),
            // Those of events and links have several values, and were looked at before.
            _ => Value::Nil,
        }
    }
}

/// A comparison; values of different types are neither equal nor unequal.
pub(super) fn compares(left: &Value, op: Op, right: &Value) -> bool {
    if *left == Value::Nil || *right == Value::Nil {
        let same = left == right;
        // An absent value compares with nothing but nil.
        return match op {
            Op::Equal => same,
            Op::NotEqual => !same && *right == Value::Nil,
            _ => false,
        };
    }
    if let (Op::Match | Op::NotMatch, Value::Text(text), Value::Text(pattern)) = (op, left, right) {
        return anchored(pattern).is_ok_and(|regex| regex.is_match(text) == (op == Op::Match));
    }
    let Some(order) = left.order(right) else { return false };
    match op {
        Op::Equal => order.is_eq(),
        Op::NotEqual => order.is_ne(),
        Op::Greater => order.is_gt(),
        Op::GreaterEqual => order.is_ge(),
        Op::Less => order.is_lt(),
        Op::LessEqual => order.is_le(),
        _ => false,
    }
}

/// An arithmetic operator; nil where a side is no number.
pub(super) fn arithmetic(left: &Value, op: Op, right: &Value) -> Value {
    let (Some(a), Some(b)) = (left.number(), right.number()) else { return Value::Nil };
    let value = match op {
        Op::Add => a + b,
        Op::Subtract => a - b,
        Op::Multiply => a * b,
        Op::Divide => a / b,
        Op::Modulo => a % b,
        Op::Power => libm::pow(a, b),
        _ => return Value::Nil,
    };
    Value::Float(value)
}
