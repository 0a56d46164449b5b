//! The post-incident document as Markdown, from the notebook alone.

use std::fmt::Write as _;

use super::clock::Clock;
use crate::lab::{Observation, UserFilter};

/// The document.
pub fn markdown(observation: &Observation) -> String {
    let (clock, book, ticket) = (Clock::of(observation), &observation.notebook, &observation.ticket);
    let time = |at| format!("{} UTC", clock.time(at.stamp()));
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{words}");
    };
    line(format!("# Post-incident review: {}\n", observation.lesson_title));
    line(format!(
        "{} · seed {} · ticket opened {} UTC by {}\n",
        clock.date(),
        observation.seed.0,
        clock.time(ticket.opened),
        ticket.reporter
    ));
    line(ticket.text.lines().map(|words| format!("> {words}")).collect::<Vec<_>>().join("\n"));
    line(format!("\n## Who was affected\n\n{}\n", book.narrowed.as_ref().map_or("Not stated.".to_owned(), affected)));
    let write_up = book.write_up.clone().unwrap_or_default();
    for (title, words) in [
        ("What we thought", &write_up.thought),
        ("What we found", &write_up.found),
        ("The real fix", &write_up.real_fix),
    ] {
        line(format!("## {title}\n\n{}\n", if words.trim().is_empty() { "Not written." } else { words.trim() }));
    }
    line("## Evidence\n".to_owned());
    for (nth, pinned) in book.pinned.iter().enumerate() {
        line(format!("{}. **{}** ({}): {}", nth + 1, pinned.look.words(), time(pinned.at), pinned.why));
        if !pinned.showed.is_empty() {
            line(format!("\n   ```\n   {}\n   ```\n", pinned.showed.replace('\n', "\n   ")));
        }
    }
    line("\n## Hypotheses\n".to_owned());
    for (at, hypothesis) in &book.hypotheses {
        let by = hypothesis.change.as_ref().map_or(String::new(), |change| format!(", by `{change}`"));
        line(format!("- {}: {} at `{}`{by}", time(*at), hypothesis.mechanism.words(), hypothesis.at));
    }
    line("\n## Fixes\n".to_owned());
    for done in &book.deployed {
        line(format!(
            "- {}: {} (`{}`, in effect {})",
            time(done.ordered),
            done.fix.words(),
            done.change,
            time(done.effective)
        ));
    }
    line("\n## Call path as drawn\n".to_owned());
    for (from, to, suspect) in &book.map {
        line(format!("- {from} → {to}{}", if *suspect { " (can fail silently)" } else { "" }));
    }
    line("\n## Notes\n".to_owned());
    for (at, note) in &book.notes {
        line(format!("- {}: {}", time(*at), note.replace('\n', "\n  ")));
    }
    text
}

fn affected(filter: &UserFilter) -> String {
    let fields = [
        ("region", &filter.region),
        ("account", &filter.account),
        ("client", &filter.client),
        ("journey", &filter.journey),
    ];
    let stated: Vec<String> =
        fields.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}"))).collect();
    if stated.is_empty() { "All users.".to_owned() } else { format!("Users with {}.", stated.join(", ")) }
}
