//! Runs a pipeline over one trace: spansets in, spansets out.

use std::collections::BTreeSet;

use super::ast::{Aggregate, Attribute, Element, Field, Relation, Scalar, Spanset, Structural};
use super::fields::{View, arithmetic, compares};
use super::value::Value;

/// Spans of one trace that belong together.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub spans: Vec<usize>,
    /// What `by` split it by, and what was aggregated.
    pub shown: Vec<(String, Value)>,
}

/// Runs the elements.
pub(super) fn run(view: &View<'_>, pipeline: &[Element], input: Vec<Group>) -> Vec<Group> {
    pipeline.iter().fold(input, |groups, element| if groups.is_empty() { groups } else { step(view, element, groups) })
}

fn step(view: &View<'_>, element: &Element, groups: Vec<Group>) -> Vec<Group> {
    match element {
        Element::Spanset(spanset) => groups.into_iter().flat_map(|group| select(view, spanset, group)).collect(),
        Element::Scalar(filter) => {
            let pass = |mut group: Group| {
                let mut shown = Vec::new();
                let left = scalar(view, &filter.left, &group, &mut shown);
                let right = scalar(view, &filter.right, &group, &mut shown);
                group.shown.extend(shown);
                compares(&left, filter.op, &right).then_some(group)
            };
            groups.into_iter().filter_map(pass).collect()
        }
        Element::By(field) => groups.into_iter().flat_map(|group| split(view, field, group)).collect(),
        Element::Coalesce => {
            let spans: BTreeSet<usize> = groups.into_iter().flat_map(|group| group.spans).collect();
            vec![Group { spans: spans.into_iter().collect(), shown: Vec::new() }]
        }
        Element::Select(_) => groups,
    }
}

fn split(view: &View<'_>, field: &Field, group: Group) -> Vec<Group> {
    let name = match field {
        Field::Attribute(attribute) => format!("by({attribute})"),
        _ => "by(expression)".to_owned(),
    };
    let mut parts: Vec<(Value, Group)> = Vec::new();
    for span in group.spans {
        let value = view.value(field, span);
        match parts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, part)) => part.spans.push(span),
            None => {
                let mut shown = group.shown.clone();
                shown.push((name.clone(), value.clone()));
                parts.push((value, Group { spans: vec![span], shown }));
            }
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

fn select(view: &View<'_>, spanset: &Spanset, group: Group) -> Vec<Group> {
    if let Spanset::Pipeline(pipeline) = spanset {
        return run(view, pipeline, vec![group]);
    }
    let spans = spans_of(view, spanset, &group);
    if spans.is_empty() { Vec::new() } else { vec![Group { spans: spans.into_iter().collect(), shown: group.shown }] }
}

fn spans_of(view: &View<'_>, spanset: &Spanset, group: &Group) -> BTreeSet<usize> {
    match spanset {
        Spanset::Filter(field) => group.spans.iter().copied().filter(|span| view.holds(field, *span)).collect(),
        Spanset::Pipeline(pipeline) => {
            run(view, pipeline, vec![group.clone()]).into_iter().flat_map(|group| group.spans).collect()
        }
        Spanset::And(all) => {
            let mut union = BTreeSet::new();
            for one in all {
                let spans = spans_of(view, one, group);
                if spans.is_empty() {
                    return spans;
                }
                union.extend(spans);
            }
            union
        }
        Spanset::Or(all) => all.iter().flat_map(|one| spans_of(view, one, group)).collect(),
        Spanset::Structural(left, how, right) => {
            let (left, right) = (spans_of(view, left, group), spans_of(view, right, group));
            structural(view, &left, *how, &right)
        }
    }
}

fn structural(view: &View<'_>, left: &BTreeSet<usize>, how: Structural, right: &BTreeSet<usize>) -> BTreeSet<usize> {
    let tree = view.tree();
    // How a span of the right stands to one of the left.
    let stands = |one: usize, other: usize| match how.relation {
        Relation::Child => tree.parent[other] == Some(one),
        Relation::Parent => tree.parent[one] == Some(other),
        Relation::Descendant => tree.is_ancestor(one, other),
        Relation::Ancestor => tree.is_ancestor(other, one),
        Relation::Sibling => one != other && tree.parent[one].is_some() && tree.parent[one] == tree.parent[other],
    };
    let mut found: BTreeSet<usize> =
        right.iter().copied().filter(|other| left.iter().any(|one| stands(*one, *other)) != how.negated).collect();
    if how.union {
        let matched: Vec<usize> =
            left.iter().copied().filter(|one| right.iter().any(|other| stands(*one, *other))).collect();
        found.extend(matched);
    }
    found
}

fn scalar(view: &View<'_>, scalar_of: &Scalar, group: &Group, shown: &mut Vec<(String, Value)>) -> Value {
    match scalar_of {
        Scalar::Static(value) => value.clone(),
        Scalar::Binary(left, op, right) => {
            arithmetic(&scalar(view, left, group, shown), *op, &scalar(view, right, group, shown))
        }
        Scalar::Aggregate(aggregate, field) => {
            let (name, value) = aggregated(view, *aggregate, field.as_ref(), group);
            shown.push((name, value.clone()));
            value
        }
    }
}

fn aggregated(view: &View<'_>, aggregate: Aggregate, field: Option<&Field>, group: &Group) -> (String, Value) {
    let Some(field) = field else {
        return ("count()".to_owned(), Value::Int(group.spans.len() as i64));
    };
    let values: Vec<Value> = group.spans.iter().map(|span| view.value(field, *span)).collect();
    let numbers: Vec<f64> = values.iter().filter_map(Value::number).collect();
    let sum = numbers.iter().sum::<f64>();
    let (word, number) = match aggregate {
        Aggregate::Avg => ("avg", sum / numbers.len() as f64),
        Aggregate::Max => ("max", numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        Aggregate::Min => ("min", numbers.iter().copied().fold(f64::INFINITY, f64::min)),
        _ => ("sum", sum),
    };
    let of = match field {
        Field::Attribute(attribute) => attribute.to_string(),
        _ => "expression".to_owned(),
    };
    let value = if numbers.is_empty() {
        Value::Nil
    } else if values.iter().any(|value| matches!(value, Value::Duration(_))) {
        Value::Duration(number as i64)
    } else {
        Value::Float(number)
    };
    (format!("{word}({of})"), value)
}

/// The attributes that a pipeline's filters and selections name, each once.
pub(super) fn named(pipeline: &[Element]) -> Vec<Attribute> {
    let mut all: Vec<Attribute> = Vec::new();
    let mut add = |attribute: &Attribute| {
        if !all.contains(attribute) {
            all.push(attribute.clone());
        }
    };
    for element in pipeline {
        match element {
            Element::Spanset(spanset) => named_by(spanset, &mut add),
            Element::By(field) => field.attributes(&mut |attribute| add(attribute)),
            Element::Select(attributes) => attributes.iter().for_each(&mut add),
            Element::Scalar(_) | Element::Coalesce => {}
        }
    }
    all
}

fn named_by(spanset: &Spanset, add: &mut dyn FnMut(&Attribute)) {
    match spanset {
        Spanset::Filter(field) => field.attributes(&mut |attribute| add(attribute)),
        Spanset::Pipeline(pipeline) => named(pipeline).iter().for_each(add),
        Spanset::And(all) | Spanset::Or(all) => all.iter().for_each(|one| named_by(one, add)),
        Spanset::Structural(left, _, right) => {
            named_by(left, add);
            named_by(right, add);
        }
    }
}
