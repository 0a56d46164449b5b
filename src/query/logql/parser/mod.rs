//! Reads LogQL: recursive descent, operators by precedence. What is understood is checked here too, where its place in
//! the text is known.

mod metric;
mod pipeline;

use super::super::syntax::{MAX_DEPTH, MAX_QUERY_BYTES, SyntaxError, anchored};
use super::ast::{Expr, MatchOp, Matcher};
use super::token::{FUNCTIONS, Kind, RESERVED, Token, tokens};

/// Reads a query.
pub fn parse(source: &str) -> Result<Expr, SyntaxError> {
    read(source, true)
}

/// Whether a query is well formed, or why not. As with Loki, the regular expression of a line filter is not looked into
/// before the query runs.
pub fn well_formed(source: &str) -> Result<(), SyntaxError> {
    read(source, false).map(drop)
}

fn read(source: &str, runs: bool) -> Result<Expr, SyntaxError> {
    if source.len() > MAX_QUERY_BYTES {
        return Err(SyntaxError::new("", 0, 1, format!("the query is longer than {MAX_QUERY_BYTES} bytes")));
    }
    let mut parser = Parser { source, tokens: tokens(source)?, at: 0, depth: 0, operators: 0, runs };
    let expr = parser.expr(0)?;
    if *parser.peek() != Kind::End {
        return Err(parser.unexpected(["an operator", "`|`", "end of query"]));
    }
    Ok(expr)
}

pub(super) struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    operators: usize,
    /// Whether the query is to run, and not only to be well formed.
    runs: bool,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser<'_> {
    fn token(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn peek(&self) -> &Kind {
        &self.token().kind
    }

    fn peek_at(&self, ahead: usize) -> &Kind {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].kind
    }

    fn advance(&mut self) -> Token {
        let token = self.token().clone();
        self.at += 1;
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Kind::Sign(found) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(found) if found == word)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected([format!("`{sign}`")])) }
    }

    fn text(&mut self) -> Parsed<(String, Token)> {
        match self.peek() {
            Kind::Text(text) => {
                let text = text.clone();
                Ok((text, self.advance()))
            }
            _ => Err(self.unexpected(["a quoted string"])),
        }
    }

    fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Kind::Name(name) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            Kind::Word(word) => Err(self.error(format!("`{word}` is a reserved word, not a label's name"))),
            _ => Err(self.unexpected(["a label's name"])),
        }
    }

    /// An error at the token that comes.
    fn error(&self, message: impl Into<String>) -> SyntaxError {
        self.error_at(self.token(), message)
    }

    fn error_at(&self, token: &Token, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.source, token.start, token.end - token.start, message)
    }

    fn unexpected<T: Into<String>>(&self, expected: impl IntoIterator<Item = T>) -> SyntaxError {
        let error = self.error(format!("unexpected {}", self.peek().shown())).expecting(expected);
        match self.peek() {
            Kind::Name(name) => {
                error.suggesting(name, RESERVED.into_iter().chain(FUNCTIONS).filter(|word| word != name))
            }
            _ => error,
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take_sign(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(a, b)`, which may be empty.
    fn names_in_parentheses(&mut self) -> Parsed<Vec<String>> {
        self.expect("(")?;
        if self.take_sign(")") {
            return Ok(Vec::new());
        }
        let names = self.list(Self::name)?;
        self.expect(")")?;
        Ok(names)
    }

    fn selector(&mut self) -> Parsed<Vec<Matcher>> {
        let open = self.token().clone();
        self.expect("{")?;
        let mut matchers = Vec::new();
        if !self.is_sign("}") {
            matchers = self.list(|parser| {
                let name = parser.name()?;
                parser.matcher(name)
            })?;
        }
        if !self.take_sign("}") {
            return Err(self.unexpected(["`,`", "`}`"]));
        }
        let selective = matchers
            .iter()
            .any(|matcher| matches!(matcher.op, MatchOp::Equal | MatchOp::Match) && !matcher.accepts(""));
        if !selective {
            let message = "at least one `=` or `=~` matcher that does not accept the empty value is required, \
                           such as app=~\".+\"; app=~\".*\" is not enough";
            return Err(SyntaxError::new(self.source, open.start, self.tokens[self.at - 1].end - open.start, message));
        }
        Ok(matchers)
    }

    /// The rest of a matcher after its label's name.
    fn matcher(&mut self, name: String) -> Parsed<Matcher> {
        let op = match self.peek() {
            Kind::Sign("=") => MatchOp::Equal,
            Kind::Sign("!=") => MatchOp::NotEqual,
            Kind::Sign("=~") => MatchOp::Match,
            Kind::Sign("!~") => MatchOp::NotMatch,
            _ => return Err(self.unexpected(["`=`", "`!=`", "`=~`", "`!~`"])),
        };
        self.at += 1;
        let (value, token) = self.text()?;
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            _ => Some(anchored(&value).map_err(|why| self.error_at(&token, format!("bad regular expression: {why}")))?),
        };
        Ok(Matcher { name, op, value, regex })
    }
}
