//! Reads a template: text, actions, pipelines.

use super::super::super::syntax::{MAX_DEPTH, nearest, parse_float, scan_string};
use super::functions::NAMES;
use super::{Command, Node, Operand, Pipeline, Template};

type Error = (usize, String);

pub(super) fn template(source: &str) -> Result<Template, Error> {
    let mut parser = Parser { source, at: 0, depth: 0, variables: vec!["$".to_owned()], trim: false };
    let (nodes, end) = parser.nodes()?;
    match end {
        Stop::Eof => Ok(Template { nodes }),
        _ => Err((parser.at, "unexpected {{end}} or {{else}}".to_owned())),
    }
}

struct Parser<'s> {
    source: &'s str,
    at: usize,
    depth: usize,
    variables: Vec<String>,
    /// Whether the action before ended in `-}}`.
    trim: bool,
}

enum Stop {
    Eof,
    End,
    Else,
    ElseIf(Pipeline),
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn fail<T>(&self, why: impl Into<String>) -> Result<T, Error> {
        Err((self.at, why.into()))
    }

    fn nodes(&mut self) -> Result<(Vec<Node>, Stop), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("the template is nested too deeply");
        }
        let mut nodes = Vec::new();
        let stop = loop {
            let open = self.rest().find("{{");
            let mut text = &self.source[self.at..open.map_or(self.source.len(), |open| self.at + open)];
            if self.trim {
                text = text.trim_start();
            }
            self.trim = false;
            let Some(open) = open else {
                nodes.push(Node::Text(text.to_owned()));
                self.at = self.source.len();
                break Stop::Eof;
            };
            self.at += open + 2;
            if self.rest().starts_with('-') && self.rest()[1..].starts_with(char::is_whitespace) {
                text = text.trim_end();
                self.at += 1;
            }
            if !text.is_empty() {
                nodes.push(Node::Text(text.to_owned()));
            }
            match self.action(&mut nodes)? {
                None => {}
                Some(stop) => break stop,
            }
        };
        self.depth -= 1;
        Ok((nodes, stop))
    }

    /// One action after its `{{`, up to and with its `}}`.
    fn action(&mut self, nodes: &mut Vec<Node>) -> Result<Option<Stop>, Error> {
        self.blank();
        if self.rest().starts_with("/*") {
            let Some(end) = self.rest().find("*/") else { return self.fail("comment is not closed") };
            self.at += end + 2;
            self.close()?;
            return Ok(None);
        }
        let word = self.peek_word().to_owned();
        match word.as_str() {
            "end" => {
                self.at += 3;
                self.close()?;
                return Ok(Some(Stop::End));
            }
            "else" => {
                self.at += 4;
                self.blank();
                if self.peek_word() == "if" {
                    self.at += 2;
                    let condition = self.pipeline()?;
                    self.close()?;
                    return Ok(Some(Stop::ElseIf(condition)));
                }
                self.close()?;
                return Ok(Some(Stop::Else));
            }
            "if" => {
                self.at += 2;
                let scope = self.variables.len();
                let node = self.conditional()?;
                self.variables.truncate(scope);
                nodes.push(node);
            }
            "with" => {
                self.at += 4;
                let scope = self.variables.len();
                let value = self.pipeline()?;
                self.close()?;
                let (body, otherwise) = self.block()?;
                self.variables.truncate(scope);
                nodes.push(Node::With(value, body, otherwise));
            }
            "range" => {
                self.at += 5;
                let scope = self.variables.len();
                let node = self.range()?;
                self.variables.truncate(scope);
                nodes.push(node);
            }
            "break" | "continue" => {
                self.at += word.len();
                self.close()?;
                nodes.push(if word == "break" { Node::Break } else { Node::Continue });
            }
            "template" | "define" | "block" => return self.fail(format!("{{{{{word}}}}} is not supported")),
            _ => {
                let pipeline = self.pipeline()?;
                self.close()?;
                nodes.push(Node::Print(pipeline));
            }
        }
        Ok(None)
    }

    fn conditional(&mut self) -> Result<Node, Error> {
        let mut condition = self.pipeline()?;
        self.close()?;
        let mut arms = Vec::new();
        loop {
            let (body, stop) = self.nodes()?;
            match stop {
                Stop::ElseIf(next) => arms.push((std::mem::replace(&mut condition, next), body)),
                Stop::Else => {
                    arms.push((condition, body));
                    let (otherwise, Stop::End) = self.nodes()? else { return self.fail("expected {{end}}") };
                    return Ok(Node::If(arms, otherwise));
                }
                Stop::End => {
                    arms.push((condition, body));
                    return Ok(Node::If(arms, Vec::new()));
                }
                Stop::Eof => return self.fail("expected {{end}}"),
            }
        }
    }

    fn block(&mut self) -> Result<(Vec<Node>, Vec<Node>), Error> {
        match self.nodes()? {
            (body, Stop::End) => Ok((body, Vec::new())),
            (body, Stop::Else) => match self.nodes()? {
                (otherwise, Stop::End) => Ok((body, otherwise)),
                _ => self.fail("expected {{end}}"),
            },
            _ => self.fail("expected {{end}}"),
        }
    }

    fn range(&mut self) -> Result<Node, Error> {
        let mut names = Vec::new();
        let start = self.at;
        loop {
            self.blank();
            let Some(name) = self.variable_name() else { break };
            names.push(name);
            self.blank();
            if self.rest().starts_with(',') {
                self.at += 1;
                continue;
            }
            break;
        }
        if !names.is_empty() && self.rest().starts_with(":=") {
            self.at += 2;
        } else {
            names.clear();
            self.at = start;
        }
        if names.len() > 2 {
            return self.fail("too many variables in range");
        }
        let over = self.pipeline()?;
        self.close()?;
        self.variables.extend(names.iter().cloned());
        let (body, otherwise) = self.block()?;
        let value = names.pop();
        Ok(Node::Range { key: names.pop(), value, over, body, otherwise })
    }

    fn pipeline(&mut self) -> Result<Pipeline, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("the template is nested too deeply");
        }
        self.blank();
        let start = self.at;
        let mut set = None;
        if let Some(name) = self.variable_name() {
            self.blank();
            if self.rest().starts_with(":=") {
                self.at += 2;
                set = Some((name, true));
            } else if self.rest().starts_with('=') && self.variables.contains(&name) {
                self.at += 1;
                set = Some((name, false));
            } else {
                self.at = start;
            }
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blank();
            if !self.rest().starts_with('|') {
                break;
            }
            self.at += 1;
            commands.push(self.command()?);
        }
        if let Some((name, true)) = &set {
            self.variables.push(name.clone());
        }
        self.depth -= 1;
        Ok(Pipeline { set, commands })
    }

    fn command(&mut self) -> Result<Command, Error> {
        let mut operands = Vec::new();
        loop {
            self.blank();
            let rest = self.rest();
            if rest.is_empty() || rest.starts_with(['|', ')']) || rest.starts_with("}}") || rest.starts_with("-}}") {
                break;
            }
            operands.push(self.operand()?);
        }
        match operands.first() {
            None => self.fail("missing value for a command"),
            Some(Operand::Function(_) | Operand::Field(_) | Operand::Variable(..) | Operand::Paren(..)) => {
                Ok(Command { operands })
            }
            Some(_) if operands.len() > 1 => self.fail("a literal takes no arguments"),
            Some(_) => Ok(Command { operands }),
        }
    }

    fn operand(&mut self) -> Result<Operand, Error> {
        let rest = &self.source[self.at..];
        match rest.chars().next() {
            Some('"' | '`') => match scan_string(self.source, self.at) {
                Ok((text, end)) => {
                    self.at = end;
                    Ok(Operand::Text(text))
                }
                Err((at, why)) => Err((at, why.to_owned())),
            },
            Some('\'') => {
                let mut chars = rest.chars().skip(1);
                match (chars.next(), chars.next()) {
                    (Some(c), Some('\'')) if c != '\\' => {
                        self.at += 2 + c.len_utf8();
                        Ok(Operand::Int(i64::from(c as u32)))
                    }
                    _ => self.fail("bad character constant"),
                }
            }
            Some('(') => {
                self.at += 1;
                let inner = self.pipeline()?;
                self.blank();
                if !self.rest().starts_with(')') {
                    return self.fail("unclosed left parenthesis");
                }
                self.at += 1;
                Ok(Operand::Paren(Box::new(inner), self.fields()))
            }
            Some('$') => {
                let Some(name) = self.variable_name() else { return self.fail("bad variable") };
                if !self.variables.contains(&name) {
                    return self.fail(format!("undefined variable {name:?}"));
                }
                Ok(Operand::Variable(name, self.fields()))
            }
            Some('.') if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                let fields = self.fields();
                if fields.is_empty() {
                    self.at += 1;
                }
                Ok(Operand::Field(fields))
            }
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => {
                let length = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_')))
                    .unwrap_or(rest.len());
                let text = &rest[..length];
                self.at += length;
                match (text.parse::<i64>(), parse_float(text)) {
                    (Ok(whole), _) => Ok(Operand::Int(whole)),
                    (_, Some(number)) => Ok(Operand::Float(number)),
                    _ => self.fail(format!("bad number {text:?}")),
                }
            }
            Some(c) if c.is_alphabetic() || c == '_' => self.identifier(),
            Some(c) => self.fail(format!("unexpected {c:?} in a template")),
            None => self.fail("unclosed action"),
        }
    }

    fn identifier(&mut self) -> Result<Operand, Error> {
        let word = self.peek_word().to_owned();
        let operand = match word.as_str() {
            "true" => Operand::Bool(true),
            "false" => Operand::Bool(false),
            "nil" => Operand::Nil,
            name => match NAMES.iter().find(|known| **known == name) {
                Some(known) => Operand::Function(known),
                None => {
                    let hint = nearest(name, NAMES.iter().copied())
                        .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                    return self.fail(format!("function {name:?} not defined{hint}"));
                }
            },
        };
        self.at += word.len();
        Ok(operand)
    }

    fn fields(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        while self.rest().starts_with('.') {
            let body = &self.rest()[1..];
            let length = body.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(body.len());
            if length == 0 {
                break;
            }
            fields.push(body[..length].to_owned());
            self.at += 1 + length;
        }
        fields
    }

    fn variable_name(&mut self) -> Option<String> {
        let body = self.rest().strip_prefix('$')?;
        let length = 1 + body.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(body.len());
        let name = self.rest()[..length].to_owned();
        self.at += length;
        Some(name)
    }

    fn peek_word(&self) -> &str {
        let rest = self.rest();
        &rest[..rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())]
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn close(&mut self) -> Result<(), Error> {
        self.blank();
        if self.rest().starts_with("-}}") {
            self.trim = true;
            self.at += 3;
            return Ok(());
        }
        if self.rest().starts_with("}}") {
            self.at += 2;
            return Ok(());
        }
        self.fail("expected `}}`")
    }
}
