//! Splits a query into tokens with their places in the text.

use super::super::syntax::scan_string;
use super::error::{Error, Result, Span};
use super::number;

/// One token's meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword; outside brackets it may hold colons.
    Word(String),
    /// A number literal.
    Number(f64),
    /// A duration literal in milliseconds.
    Duration(i64),
    /// A string literal, unescaped.
    Text(String),
    /// An operator or a bracket.
    Mark(&'static str),
    /// The end of the query.
    End,
}

/// The longer marks stand before their beginnings.
const MARKS: [&str; 26] = [
    "==", "!=", "=~", "!~", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[", "]", ",",
    ":", "@", ";", "!",
];

/// All tokens of `query`, the last one [`Token::End`].
pub(super) fn tokens(query: &str) -> Result<Vec<(Token, Span)>> {
    let mut lexer = Lexer { query, at: 0, in_brackets: false };
    let mut found = Vec::new();
    loop {
        let (token, span) = lexer.next()?;
        match token {
            Token::Mark("[") => lexer.in_brackets = true,
            Token::Mark("]") => lexer.in_brackets = false,
            _ => {}
        }
        let end = token == Token::End;
        found.push((token, span));
        if end {
            return Ok(found);
        }
    }
}

struct Lexer<'a> {
    query: &'a str,
    at: usize,
    in_brackets: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.query.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> char {
        self.rest().chars().next().unwrap_or('\0')
    }

    fn eat_while(&mut self, accept: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !accept(c)).unwrap_or(rest.len());
    }

    fn next(&mut self) -> Result<(Token, Span)> {
        self.skip_blank();
        let start = self.at;
        let c = self.peek();
        let second = self.rest().chars().nth(1).unwrap_or('\0');
        let token = if self.rest().is_empty() {
            Token::End
        } else if c.is_ascii_digit() || (c == '.' && second.is_ascii_digit()) {
            self.number()?
        } else if c.is_ascii_alphabetic() || c == '_' || (c == ':' && !self.in_brackets) {
            self.word()
        } else if matches!(c, '"' | '\'' | '`') {
            Token::Text(self.text()?)
        } else if let Some(mark) = MARKS.iter().find(|m| self.rest().starts_with(**m)) {
            self.at += mark.len();
            Token::Mark(mark)
        } else {
            return Err(Error::parse(start..start + c.len_utf8(), format!("unexpected character: {c:?}")));
        };
        Ok((token, start..self.at))
    }

    fn skip_blank(&mut self) {
        loop {
            self.eat_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            if self.peek() != '#' {
                return;
            }
            self.eat_while(|c| c != '\n');
        }
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        let colons = !self.in_brackets;
        self.eat_while(|c| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && colons));
        Token::Word(self.query[start..self.at].to_string())
    }

    /// A number or, if letters follow, a duration.
    fn number(&mut self) -> Result<Token> {
        let start = self.at;
        let hex = self.rest().starts_with("0x") || self.rest().starts_with("0X");
        if hex {
            self.at += 2;
            self.eat_while(|c| c.is_ascii_hexdigit());
        } else {
            self.eat_while(|c| c.is_ascii_digit());
            if self.peek() == '.' {
                self.at += 1;
                self.eat_while(|c| c.is_ascii_digit());
            }
            let mut exponent = self.rest().chars();
            if matches!(exponent.next(), Some('e' | 'E')) {
                let sign = usize::from(matches!(exponent.clone().next(), Some('+' | '-')));
                if exponent.nth(sign).is_some_and(|c| c.is_ascii_digit()) {
                    self.at += 1 + sign;
                    self.eat_while(|c| c.is_ascii_digit());
                }
            }
        }
        let number = number::parse_literal(&self.query[start..self.at]);
        let number_end = self.at;
        self.eat_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let all = &self.query[start..self.at];
        let token = if self.at == number_end {
            number.map(Token::Number)
        } else {
            number::parse_duration(all).map(Token::Duration)
        };
        token.ok_or_else(|| Error::parse(start..self.at, format!("bad number or duration syntax: {all:?}")))
    }

    fn text(&mut self) -> Result<String> {
        let (text, end) = scan_string(self.query, self.at).map_err(|(at, why)| {
            let end = if at == self.at { self.query.len() } else { at + 1 };
            Error::parse(at..end, why)
        })?;
        self.at = end;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(query: &str) -> Vec<Token> {
        tokens(query).unwrap().into_iter().map(|(t, _)| t).collect()
    }

    #[test]
    fn numbers_durations_and_words_are_told_apart() {
        assert_eq!(
            kinds("a:b[5m:1m] 1e3 .5 0x1f"),
            [
                Token::Word("a:b".into()),
                Token::Mark("["),
                Token::Duration(300_000),
                Token::Mark(":"),
                Token::Duration(60_000),
                Token::Mark("]"),
                Token::Number(1000.0),
                Token::Number(0.5),
                Token::Number(31.0),
                Token::End
            ]
        );
        assert!(tokens("5x").is_err());
        assert!(tokens("a $ b").is_err());
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(
            kinds(r#""a\n\x41\u00e9\101" '\'' `\n` # end"#)[..3],
            [Token::Text("a\nA\u{e9}A".into()), Token::Text("'".into()), Token::Text("\\n".into())]
        );
        assert!(tokens("\"a").is_err());
        assert!(tokens(r#""\q""#).is_err());
        assert!(tokens(r#""\xff""#).is_err());
    }
}
