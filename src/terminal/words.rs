//! A line of input as words: quotes, arrows, `key=value` options. Knows nothing of what any command means.

use std::collections::VecDeque;

use super::refuse;
use crate::lab::Refusal;
use crate::time::Duration;

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Without its quotes.
    pub(super) text: String,
    /// Whether it began with a quote: then it is neither an option nor a flag.
    pub(super) quoted: bool,
}

/// Splits at blanks. Double quotes keep blanks together, `->` and `→` are words of their own.
pub(super) fn split(line: &str) -> Result<Vec<Word>, Refusal> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut in_quotes = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                in_quotes = !in_quotes;
                open.get_or_insert_with(|| Word { text: String::new(), quoted: true });
            }
            '→' if !in_quotes => {
                words.extend(open.take());
                words.push(Word { text: "->".into(), quoted: false });
            }
            '-' if !in_quotes && letters.peek() == Some(&'>') => {
                letters.next();
                words.extend(open.take());
                words.push(Word { text: "->".into(), quoted: false });
            }
            blank if blank.is_whitespace() && !in_quotes => words.extend(open.take()),
            other => open.get_or_insert_with(|| Word { text: String::new(), quoted: false }).text.push(other),
        }
    }
    if in_quotes {
        return Err(refuse("a quote is opened and not closed", "close it with another \""));
    }
    words.extend(open);
    Ok(words)
}

/// The words after a command's name, taken one after another.
pub(super) struct Args {
    usage: &'static str,
    words: VecDeque<Word>,
    options: Vec<(String, String)>,
    /// All that follows the command's name, as typed.
    pub(super) raw: String,
}

impl Args {
    /// Reads what follows a command's name; `usage` is what a refusal shows.
    pub(super) fn new(raw: &str, usage: &'static str) -> Result<Args, Refusal> {
        let (mut words, mut options) = (VecDeque::new(), Vec::new());
        for word in split(raw)? {
            match word.text.split_once('=') {
                Some((key, value)) if !word.quoted && is_key(key) => options.push((key.to_owned(), value.to_owned())),
                _ => words.push_back(word),
            }
        }
        Ok(Args { usage, words, options, raw: raw.trim().to_owned() })
    }

    /// What follows a command that takes free text.
    pub(super) fn free(raw: &str, usage: &'static str) -> Args {
        Args { usage, words: VecDeque::new(), options: Vec::new(), raw: raw.trim().to_owned() }
    }

    /// A refusal that shows the usage.
    pub(super) fn refusal(&self, what: impl Into<String>) -> Refusal {
        refuse(what, format!("write: {}", self.usage))
    }

    /// Takes the option `key`.
    pub(super) fn option(&mut self, key: &str) -> Option<String> {
        let at = self.options.iter().position(|(known, _)| known == key)?;
        Some(self.options.remove(at).1)
    }

    /// Takes the option `key` as a duration.
    pub(super) fn duration(&mut self, key: &str) -> Result<Option<Duration>, Refusal> {
        self.option(key).map(|text| self.read_duration(&text)).transpose()
    }

    /// Takes the option `key` as a number.
    pub(super) fn number<N: std::str::FromStr>(&mut self, key: &str) -> Result<Option<N>, Refusal> {
        self.option(key).map(|text| self.read_number(&text)).transpose()
    }

    /// Reads a duration.
    pub(super) fn read_duration(&self, text: &str) -> Result<Duration, Refusal> {
        Duration::parse(text).map_err(|what| self.refusal(what))
    }

    /// Reads a number.
    pub(super) fn read_number<N: std::str::FromStr>(&self, text: &str) -> Result<N, Refusal> {
        text.parse().map_err(|_| self.refusal(format!("`{text}` is not a number that fits here")))
    }

    /// Takes all options that are left.
    pub(super) fn options(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.options)
    }

    /// Takes the word `flag` from anywhere, if it is there.
    pub(super) fn flag(&mut self, flag: &str) -> bool {
        let at = self.words.iter().position(|word| !word.quoted && word.text == flag);
        at.and_then(|at| self.words.remove(at)).is_some()
    }

    /// The next word, not taken. None if it is quoted.
    pub(super) fn peek(&self) -> Option<&str> {
        self.words.front().filter(|word| !word.quoted).map(|word| word.text.as_str())
    }

    /// Takes the next word; `what` says what it should have been.
    pub(super) fn word(&mut self, what: &str) -> Result<String, Refusal> {
        match self.words.pop_front() {
            Some(word) if word.text != "->" => Ok(word.text),
            _ => Err(self.refusal(format!("{what} is missing"))),
        }
    }

    /// Takes `A -> B`.
    pub(super) fn arrow(&mut self) -> Result<(String, String), Refusal> {
        let from = self.word("the caller of an arrow `A -> B`")?;
        if self.words.pop_front().is_none_or(|word| word.text != "->") {
            return Err(self.refusal(format!("after `{from}` an arrow `->` is missing")));
        }
        let to = self.word("the callee of an arrow `A -> B`")?;
        Ok((from, to))
    }

    /// Takes an arrow, as `"A -> B"`.
    pub(super) fn arrow_text(&mut self) -> Result<String, Refusal> {
        self.arrow().map(|(from, to)| format!("{from} -> {to}"))
    }

    /// Takes a node, or an arrow as `"A -> B"`.
    pub(super) fn place(&mut self) -> Result<String, Refusal> {
        match self.words.get(1) {
            Some(word) if word.text == "->" => self.arrow_text(),
            _ => match self.words.front() {
                Some(word) if word.quoted && word.text.contains("->") => {
                    let quoted = self.word("a place")?;
                    let (from, to) = quoted.split_once("->").unwrap_or((&quoted, ""));
                    Ok(format!("{} -> {}", from.trim(), to.trim()))
                }
                _ => self.word("a node, or an arrow `A -> B`,"),
            },
        }
    }

    /// Takes all words that are left, with one blank between.
    pub(super) fn rest(&mut self) -> String {
        self.words.drain(..).map(|word| word.text).collect::<Vec<_>>().join(" ")
    }

    /// Refuses if anything is left.
    pub(super) fn end(&self) -> Result<(), Refusal> {
        if let Some((key, _)) = self.options.first() {
            return Err(self.refusal(format!("`{key}` is no option here")));
        }
        match self.words.front() {
            Some(word) => Err(self.refusal(format!("`{}` is one word too many", word.text))),
            None => Ok(()),
        }
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn blanks_quotes_and_arrows_split_words() {
        assert_eq!(texts("  draw web->catalog "), ["draw", "web", "->", "catalog"]);
        assert_eq!(texts("draw web → catalog"), ["draw", "web", "->", "catalog"]);
        assert_eq!(texts(r#"logs "timed out" -> x"y z""#), ["logs", "timed out", "->", "xy z"]);
        assert_eq!(texts(r#"a "" b"#), ["a", "", "b"]);
        assert!(split("note \"open").is_err());
    }

    #[test]
    fn options_stand_anywhere_unless_quoted() {
        let mut args = Args::new(r#"last=10m catalog "a=b" level=warn"#, "logs").unwrap();
        assert_eq!(args.duration("last").unwrap(), Some(Duration::from_mins(10)));
        assert_eq!(args.word("x").unwrap(), "catalog");
        assert_eq!(args.rest(), "a=b");
        assert!(args.end().unwrap_err().what.contains("`level`"));
    }

    #[test]
    fn half_an_arrow_is_refused() {
        for line in ["", "a", "a ->", "-> b", "a b"] {
            assert!(Args::new(line, "draw A -> B").unwrap().arrow().is_err(), "{line}");
        }
    }
}
