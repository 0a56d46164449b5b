//! Generated incidents, of every world that ships, at every level: how many draws it takes until one is fit, why others
//! were not, and how long that takes. `cargo bench --bench generated -- payments expert 4` for one world, level and some
//! seeds; without a number each has two.
#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::time::Instant;

use allgreen::Seed;
use allgreen::builtin;
use allgreen::generate::{History, Wanted, generate};
use allgreen::lesson::Level;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_asked = |name: &str, known: &dyn Fn(&str) -> bool| {
        let mut own = asked.iter().filter(|word| known(word)).peekable();
        own.peek().is_none() || own.any(|word| word == name)
    };
    let seeds = asked.iter().find_map(|word| word.parse().ok()).unwrap_or(2);
    let is_world = |word: &str| builtin::worlds().into_iter().any(|name| name == word);
    let is_level = |word: &str| Level::find(word).is_some();
    for world in builtin::worlds().into_iter().filter(|name| is_asked(name, &is_world)) {
        for level in Level::ALL.into_iter().filter(|level| is_asked(level.name(), &is_level)) {
            (0..seeds).for_each(|seed| one(world, level, seed));
        }
    }
}

fn one(world: &str, level: Level, seed: u64) {
    let Ok((spec, place)) = builtin::world(world) else { return };
    let since = Instant::now();
    let wanted = Wanted { world: spec, place, seed: Seed(seed), level };
    let made = generate(&wanted, &History::default(), &mut |_| true);
    let secs = since.elapsed().as_secs_f64();
    match made {
        Ok(made) => println!("{world:<14} {:<12} seed {seed}: {secs:>5.1} s, {}", level.name(), made.search()),
        Err(why) => println!("{world:<14} {:<12} seed {seed}: none, {secs:.1} s: {why}", level.name()),
    }
}
