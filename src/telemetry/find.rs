//! Which rendered lines contain a text, without rendering them. The text becomes an automaton (Knuth, Morris and Pratt
//! 1977) that knows how much of it was just read: the words of a template and each name take it from state to state by a
//! table, and only numbers are spelled out. Knows templates and arguments; nothing of queries.

use super::logs::LogTemplateId;
use super::names::{Names, Symbol};
use super::template::{ABSENT, ArgKind, Template};

/// The longest text that is looked for this way, in bytes; states fit into a byte.
const LONGEST: usize = 200;
/// Numbers below it are remembered.
const SMALL: u32 = 1000;
/// Bytes that a memory of names may take.
const MOST_MEMORY: usize = 16 << 20;

/// Whether the lines of a template contain a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contains {
    /// Whatever the arguments are.
    Always,
    /// With no arguments.
    Never,
    /// It depends on them.
    Perhaps,
}

/// A text, made ready to be looked for in the lines of some templates.
pub struct LineFinder<'a> {
    names: &'a Names,
    automaton: Automaton,
    plans: Vec<Plan>,
}

/// What is worked out for one template.
struct Plan {
    contains: Contains,
    /// Where each state is after the words before the first hole.
    first: u8,
    /// The holes that are shown.
    holes: Vec<Hole>,
}

/// An argument's place in a template.
struct Hole {
    kind: ArgKind,
    /// Where each state is after the words that follow.
    after: Vec<u8>,
    /// Where each state is after any argument that is there and no name, where that is the same for all of them; else
    /// [`OPEN`].
    any: Vec<u8>,
    /// Whether the text may be found from each state, by what this argument and those behind it may be.
    hope: Vec<bool>,
}

/// No state.
const OPEN: u8 = u8::MAX;

/// Reads lines; remembers what names do.
pub struct LineReader<'a> {
    finder: &'a LineFinder<'a>,
    /// By name, then state: one more than the state after it; zero where it is not known yet.
    memory: Vec<u8>,
    /// The same for small numbers.
    numbers: Vec<u8>,
    digits: String,
}

struct Automaton {
    /// Bytes of the text: the state in which it was found, which is never left.
    found: u8,
    /// The state after a byte, by state, then byte.
    next: Vec<u8>,
    ignore_case: bool,
}

/// The signs that an argument which is no name may have, in lower case too.
fn signs(kind: ArgKind) -> &'static [u8] {
    match kind {
        ArgKind::Name => &[],
        ArgKind::Count => b"0123456789",
        ArgKind::Micros => b"0123456789.",
        ArgKind::Float => b"0123456789.-infNa",
        ArgKind::Flag => b"truefals",
    }
}

impl Automaton {
    fn new(text: &str, ignore_case: bool) -> Option<Automaton> {
        let text = if ignore_case { text.to_lowercase() } else { text.to_owned() };
        // Letters change in more ways than one outside of ASCII.
        if text.len() > LONGEST || (ignore_case && !text.is_ascii()) {
            return None;
        }
        let bytes = text.as_bytes();
        let mut next = vec![0_u8; (bytes.len() + 1) * 256];
        // The state that the text without its first byte leads to.
        let mut fallback = 0;
        for (state, byte) in bytes.iter().enumerate() {
            for other in 0..256 {
                next[state * 256 + other] = if state == 0 { 0 } else { next[fallback * 256 + other] };
            }
            let back = next[fallback * 256 + usize::from(*byte)];
            next[state * 256 + usize::from(*byte)] = state as u8 + 1;
            if state > 0 {
                fallback = usize::from(back);
            }
        }
        let found = bytes.len() as u8;
        next[bytes.len() * 256..].fill(found);
        Some(Automaton { found, next, ignore_case })
    }

    fn run(&self, mut state: u8, text: &str) -> u8 {
        if self.ignore_case && !text.is_ascii() {
            return self.bytes(state, text.to_lowercase().as_bytes());
        }
        for byte in text.bytes() {
            let byte = if self.ignore_case { byte.to_ascii_lowercase() } else { byte };
            state = self.step(state, byte);
        }
        state
    }

    fn bytes(&self, state: u8, bytes: &[u8]) -> u8 {
        bytes.iter().fold(state, |state, byte| self.step(state, *byte))
    }

    #[inline]
    fn step(&self, state: u8, byte: u8) -> u8 {
        self.next[usize::from(state) * 256 + usize::from(byte)]
    }

    fn states(&self) -> usize {
        usize::from(self.found) + 1
    }

    /// The state that any argument of this kind leads to, if it is the same for all that are there; a name may be anything.
    fn any(&self, state: u8, kind: ArgKind) -> u8 {
        let mut after = vec![false; self.states()];
        for sign in signs(kind) {
            after[usize::from(self.sign(state, *sign))] = true;
        }
        let reached = self.spread(after, kind);
        let mut reached = (0..=self.found).filter(|state| reached[usize::from(*state)]);
        match (kind, reached.next(), reached.next()) {
            (ArgKind::Name, ..) => OPEN,
            (_, Some(only), None) => only,
            _ => OPEN,
        }
    }

    /// The state after a sign of a number or a flag.
    fn sign(&self, state: u8, sign: u8) -> u8 {
        self.step(state, if self.ignore_case { sign.to_ascii_lowercase() } else { sign })
    }

    /// The states that an argument, which may be absent, leads to from some of these.
    fn spread(&self, mut states: Vec<bool>, kind: ArgKind) -> Vec<bool> {
        if kind == ArgKind::Name {
            return vec![true; states.len()];
        }
        let mut open: Vec<u8> = (0..=self.found).filter(|state| states[usize::from(*state)]).collect();
        while let Some(state) = open.pop() {
            for sign in signs(kind) {
                let after = self.sign(state, *sign);
                if !std::mem::replace(&mut states[usize::from(after)], true) {
                    open.push(after);
                }
            }
        }
        states
    }
}

impl<'a> LineFinder<'a> {
    /// Makes a text ready to be looked for in the lines of these templates. None if it is too long for that, or if case
    /// is to be ignored in letters outside of ASCII.
    pub fn new<'t>(
        names: &'a Names,
        templates: impl Iterator<Item = &'t Template>,
        text: &str,
        ignore_case: bool,
    ) -> Option<Self> {
        let automaton = Automaton::new(text, ignore_case)?;
        let plans = templates.map(|template| Plan::new(&automaton, template)).collect();
        Some(LineFinder { names, automaton, plans })
    }

    /// Whether the lines of a template contain the text.
    pub fn of(&self, template: LogTemplateId) -> Contains {
        self.plans.get(usize::from(template.0)).map_or(Contains::Never, |plan| plan.contains)
    }

    /// Begins to read.
    pub fn reader(&'a self) -> LineReader<'a> {
        let size = self.names.iter().len() * self.automaton.states();
        let memory = vec![0; if size > MOST_MEMORY { 0 } else { size }];
        let numbers = vec![0; SMALL as usize * self.automaton.states()];
        LineReader { finder: self, memory, numbers, digits: String::new() }
    }
}

impl Plan {
    fn new(automaton: &Automaton, template: &Template) -> Plan {
        let mut pieces = template.text.split("{}");
        let states = 0..automaton.found + 1;
        let first = automaton.run(0, pieces.next().unwrap_or_default());
        let mut holes: Vec<Hole> = pieces
            .zip(&template.fields)
            .map(|(piece, field)| Hole {
                kind: field.kind,
                after: states.clone().map(|state| automaton.run(state, piece)).collect(),
                any: states.clone().map(|state| automaton.any(state, field.kind)).collect(),
                hope: Vec::new(),
            })
            .collect();
        let mut hope: Vec<bool> = states.clone().map(|state| state == automaton.found).collect();
        for hole in holes.iter_mut().rev() {
            let from = |state: u8| {
                let mut reached = vec![false; automaton.states()];
                reached[usize::from(state)] = true;
                let may = automaton.spread(reached, hole.kind);
                may.iter().zip(&hole.after).any(|(may, after)| *may && hope[usize::from(*after)])
            };
            hope = states.clone().map(from).collect();
            hole.hope.clone_from(&hope);
        }
        let mut reached = vec![false; automaton.states()];
        reached[usize::from(first)] = true;
        let mut sure = first == automaton.found;
        for Hole { kind, after, .. } in &holes {
            sure |= after[0] == automaton.found;
            let mut next = vec![false; automaton.states()];
            for (state, _) in automaton.spread(reached, *kind).iter().enumerate().filter(|(_, may)| **may) {
                next[usize::from(after[state])] = true;
            }
            reached = next;
        }
        let contains = match (sure, reached[usize::from(automaton.found)]) {
            (true, _) => Contains::Always,
            (false, true) => Contains::Perhaps,
            (false, false) => Contains::Never,
        };
        Plan { contains, first, holes }
    }
}

impl LineReader<'_> {
    /// Whether the line of a template with these arguments contains the text.
    #[inline]
    pub fn contains(&mut self, template: LogTemplateId, args: &[u32]) -> bool {
        let finder = self.finder;
        let Some(plan) = finder.plans.get(usize::from(template.0)) else { return false };
        match plan.contains {
            Contains::Always => true,
            Contains::Never => false,
            Contains::Perhaps => {
                let mut state = plan.first;
                for (hole, arg) in plan.holes.iter().zip(args) {
                    if !hole.hope[usize::from(state)] {
                        return false;
                    }
                    state = hole.after[usize::from(self.read(state, hole, *arg))];
                }
                state == finder.automaton.found
            }
        }
    }

    #[inline]
    fn read(&mut self, state: u8, hole: &Hole, arg: u32) -> u8 {
        let automaton = &self.finder.automaton;
        if arg == ABSENT || state == automaton.found {
            return state;
        }
        match hole.kind {
            ArgKind::Name => self.name(state, arg),
            _ if hole.any[usize::from(state)] != OPEN => hole.any[usize::from(state)],
            ArgKind::Count => self.number(state, arg),
            // As it is rounded where it is rendered.
            ArgKind::Micros if arg % 100 != 50 => {
                let tenths = (u64::from(arg) + 50) / 100;
                let point = automaton.step(self.number(state, (tenths / 10) as u32), b'.');
                automaton.step(point, b'0' + (tenths % 10) as u8)
            }
            kind => {
                self.digits.clear();
                kind.text_into(self.finder.names, arg, &mut self.digits);
                automaton.run(state, &self.digits)
            }
        }
    }

    #[inline]
    fn number(&mut self, state: u8, number: u32) -> u8 {
        let automaton = &self.finder.automaton;
        if number >= SMALL {
            return digits(automaton, state, number);
        }
        let place = number as usize * automaton.states() + usize::from(state);
        if self.numbers[place] == 0 {
            self.numbers[place] = digits(automaton, state, number) + 1;
        }
        self.numbers[place] - 1
    }

    #[inline]
    fn name(&mut self, state: u8, arg: u32) -> u8 {
        let automaton = &self.finder.automaton;
        let place = arg as usize * automaton.states() + usize::from(state);
        match self.memory.get(place) {
            Some(known) if *known > 0 => known - 1,
            known => {
                let after = automaton.run(state, self.finder.names.text(Symbol(arg)));
                if known.is_some() {
                    self.memory[place] = after + 1;
                }
                after
            }
        }
    }
}

/// A whole number's digits, from the first.
fn digits(automaton: &Automaton, mut state: u8, number: u32) -> u8 {
    let mut text = [0_u8; 10];
    let (mut at, mut left) = (text.len(), number);
    loop {
        at -= 1;
        text[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    for byte in &text[at..] {
        state = automaton.step(state, *byte);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::super::template::Field;
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for name in ["n", "GET /cart", "aab", "Größe", "x 2"] {
            names.intern(name);
        }
        names
    }

    fn templates() -> Vec<Template> {
        let field = |kind| Field { name: Symbol(0), kind };
        let all = [
            ("nothing to do", vec![]),
            ("{} answered {} in {} ms", vec![ArgKind::Name, ArgKind::Count, ArgKind::Micros]),
            ("aa{}ab {}", vec![ArgKind::Name, ArgKind::Flag, ArgKind::Count]),
            ("{}{}", vec![ArgKind::Count, ArgKind::Float]),
            ("lost {} and {} here", vec![ArgKind::Count]),
        ];
        let template = |(text, kinds): (&str, Vec<ArgKind>)| Template {
            text: text.into(),
            fields: kinds.into_iter().map(field).collect(),
        };
        all.into_iter().map(template).collect()
    }

    #[test]
    fn it_finds_what_is_found_in_the_rendered_line() {
        let (names, templates) = (names(), templates());
        let arguments = [0, 1, 7, 99, 200, 1234, 50, 123_456, ABSENT, 1.5_f32.to_bits()];
        let texts = [
            "aab",
            "aabaab",
            "GET",
            "get /CART answered 2",
            "200",
            "23",
            "3.5",
            "0.1 ms",
            "1 in",
            "true",
            "ms",
            "x",
            "",
            "größe",
            "Größe answered",
            "e 7",
            "2 answered",
            "nothing",
            "lost 7 and",
            "here",
            "7 and ",
            "12341.500",
            "9",
        ];
        for text in texts {
            for ignore_case in [false, true] {
                let Some(finder) = LineFinder::new(&names, templates.iter(), text, ignore_case) else {
                    assert!(ignore_case && !text.is_ascii());
                    continue;
                };
                let mut reader = finder.reader();
                for (number, template) in templates.iter().enumerate() {
                    let id = LogTemplateId(number as u16);
                    for first in arguments {
                        for second in arguments {
                            let name = |arg: u32, at: usize| match template.fields.get(at).map(|field| field.kind) {
                                Some(ArgKind::Name) if arg != ABSENT => arg % 5,
                                _ => arg,
                            };
                            let args = [name(first, 0), name(second, 1), first];
                            let args = &args[..template.fields.len()];
                            let mut line = String::new();
                            template.render_into(&names, args, &mut line);
                            let expected = match ignore_case {
                                true => line.to_lowercase().contains(&text.to_lowercase()),
                                false => line.contains(text),
                            };
                            assert_eq!(reader.contains(id, args), expected, "{text:?} in {line:?} ({ignore_case})");
                            let sure = finder.of(id);
                            assert!(
                                sure == Contains::Perhaps || expected == (sure == Contains::Always),
                                "{text} {line}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_words_say_needs_no_arguments() {
        let (names, templates) = (names(), templates());
        let of =
            |text: &str, at: u16| LineFinder::new(&names, templates.iter(), text, false).unwrap().of(LogTemplateId(at));
        assert_eq!(of("nothing", 0), Contains::Always);
        assert_eq!(of(" answered ", 1), Contains::Always);
        assert_eq!(of("nothing", 1), Contains::Perhaps, "a name may be anything");
        assert_eq!(of("nothing", 4), Contains::Never);
        assert!(LineFinder::new(&names, templates.iter(), &"x".repeat(300), false).is_none());
    }
}
