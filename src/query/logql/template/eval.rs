//! Renders a template for one line.

use serde_json::Value as Json;

use super::functions;
use super::value::Value;
use super::{Command, Node, Operand, Pipeline};

/// What a template sees of a line.
pub trait Scope {
    /// The value of a label.
    fn label(&self, name: &str) -> Option<&str>;
    /// The line.
    fn line(&self) -> &str;
    /// Its time, in nanoseconds since 1970.
    fn at(&self) -> i64;
    /// The time of the query, in nanoseconds since 1970.
    fn now(&self) -> i64;
}

/// The longest text a template may render, in bytes.
const LONGEST: usize = 1 << 20;

struct Frame<'a> {
    scope: &'a dyn Scope,
    variables: Vec<(String, Value)>,
    dot: Value,
}

enum Flow {
    On,
    Break,
    Continue,
}

pub(super) fn render(nodes: &[Node], scope: &dyn Scope, out: &mut String) -> Result<(), String> {
    let mut frame = Frame { scope, variables: vec![("$".to_owned(), Value::Labels)], dot: Value::Labels };
    frame.nodes(nodes, out).map(|_| ())
}

impl Frame<'_> {
    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Result<Flow, String> {
        for node in nodes {
            if out.len() > LONGEST {
                return Err("the template's output is too long".to_owned());
            }
            let flow = match node {
                Node::Text(text) => {
                    out.push_str(text);
                    Flow::On
                }
                Node::Print(pipeline) => {
                    let value = self.pipeline(pipeline)?;
                    if pipeline.set.is_none() {
                        match value {
                            Value::Text(text) => out.push_str(&text),
                            other => out.push_str(&other.text()),
                        }
                    }
                    Flow::On
                }
                Node::If(arms, otherwise) => self.conditional(arms, otherwise, out)?,
                Node::With(pipeline, body, otherwise) => {
                    let depth = self.variables.len();
                    let value = self.pipeline(pipeline)?;
                    let flow = if value.is_true() {
                        let outer = std::mem::replace(&mut self.dot, value);
                        let flow = self.nodes(body, out);
                        self.dot = outer;
                        flow?
                    } else {
                        self.nodes(otherwise, out)?
                    };
                    self.variables.truncate(depth);
                    flow
                }
                Node::Range { key, value, over, body, otherwise } => {
                    self.range(key.as_ref(), value.as_ref(), over, (body, otherwise), out)?
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            };
            if !matches!(flow, Flow::On) {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn conditional(
        &mut self,
        arms: &[(Pipeline, Vec<Node>)],
        otherwise: &[Node],
        out: &mut String,
    ) -> Result<Flow, String> {
        let depth = self.variables.len();
        let mut chosen = otherwise;
        for (condition, body) in arms {
            if self.pipeline(condition)?.is_true() {
                chosen = body;
                break;
            }
        }
        let flow = self.nodes(chosen, out);
        self.variables.truncate(depth);
        flow
    }

    fn range(
        &mut self,
        key: Option<&String>,
        value: Option<&String>,
        over: &Pipeline,
        (body, otherwise): (&[Node], &[Node]),
        out: &mut String,
    ) -> Result<Flow, String> {
        let items: Vec<(Value, Value)> = match self.pipeline(over)? {
            Value::Json(Json::Array(items)) => items
                .into_iter()
                .enumerate()
                .map(|(at, item)| (Value::Int(at as i64), Value::from_json(item)))
                .collect(),
            Value::Json(Json::Object(fields)) => {
                fields.into_iter().map(|(name, item)| (Value::Text(name), Value::from_json(item))).collect()
            }
            Value::Nil => Vec::new(),
            Value::Text(text) if text.is_empty() => Vec::new(),
            Value::Int(count @ 0..=1000) => (0..count).map(|at| (Value::Int(at), Value::Int(at))).collect(),
            other => return Err(format!("range can't iterate over {}", other.text())),
        };
        if items.is_empty() {
            return self.nodes(otherwise, out);
        }
        let depth = self.variables.len();
        let outer = self.dot.clone();
        for (at, item) in items {
            if let Some(name) = key {
                self.variables.push((name.clone(), at));
            }
            if let Some(name) = value {
                self.variables.push((name.clone(), item.clone()));
            }
            self.dot = item;
            let flow = self.nodes(body, out);
            self.variables.truncate(depth);
            if matches!(flow, Err(_) | Ok(Flow::Break)) {
                self.dot = outer;
                return flow.map(|_| Flow::On);
            }
        }
        self.dot = outer;
        Ok(Flow::On)
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<Value, String> {
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(command, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        if let Some((name, new)) = &pipeline.set {
            let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
            match known {
                Some((_, slot)) if !new => *slot = value.clone(),
                _ => self.variables.push((name.clone(), value.clone())),
            }
        }
        Ok(value)
    }

    fn command(&mut self, command: &Command, last: Option<Value>) -> Result<Value, String> {
        let Some((head, rest)) = command.operands.split_first() else { return Ok(Value::Nil) };
        let Operand::Function(name) = head else {
            if !rest.is_empty() || last.is_some() {
                return Err("can't give an argument to a value that is no function".to_owned());
            }
            return self.operand(head);
        };
        // These stop at the first argument that decides.
        if matches!(*name, "and" | "or") {
            let mut value = Value::Nil;
            for operand in rest {
                value = self.operand(operand)?;
                if value.is_true() == (*name == "or") {
                    return Ok(value);
                }
            }
            return Ok(last.unwrap_or(value));
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            arguments.push(self.operand(operand)?);
        }
        arguments.extend(last);
        functions::call(name, &arguments, self.scope)
    }

    fn operand(&mut self, operand: &Operand) -> Result<Value, String> {
        Ok(match operand {
            Operand::Text(text) => Value::Text(text.clone()),
            Operand::Int(number) => Value::Int(*number),
            Operand::Float(number) => Value::Float(*number),
            Operand::Bool(flag) => Value::Bool(*flag),
            Operand::Nil => Value::Nil,
            Operand::Field(fields) => {
                let dot = self.dot.clone();
                self.field(dot, fields)?
            }
            Operand::Variable(name, fields) => {
                let value =
                    self.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
                self.field(value.unwrap_or(Value::Nil), fields)?
            }
            Operand::Paren(pipeline, fields) => {
                let value = self.pipeline(pipeline)?;
                self.field(value, fields)?
            }
            Operand::Function(name) => functions::call(name, &[], self.scope)?,
        })
    }

    fn field(&self, mut value: Value, fields: &[String]) -> Result<Value, String> {
        for name in fields {
            value = match value {
                Value::Labels => Value::Text(self.scope.label(name).unwrap_or("").to_owned()),
                Value::Json(Json::Object(mut object)) => object.remove(name).map_or(Value::Nil, Value::from_json),
                Value::Nil => Value::Nil,
                other => return Err(format!("can't evaluate field {name} in {}", other.text())),
            };
        }
        Ok(value)
    }
}
