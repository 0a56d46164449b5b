//! Tickets in the words of those who open them: what users say of each kind of harm, vague and without a cause.

use crate::time::Duration;
use crate::truth::Outcome;

/// What users say of each kind of harm.
pub(crate) fn complaints(outcome: Outcome) -> &'static [&'static str] {
    match outcome {
        Outcome::Partial => &[
            "They say that part of what they expect is not there: no error, just less than usual.",
            "It looks unfinished to them, as if something had not been loaded.",
        ],
        Outcome::Lost => &[
            "They did all that was asked of them, and what should have followed never came.",
            "It said that all was done, and then nothing happened.",
        ],
        Outcome::Late => &[
            "They wait for what was promised, and it comes much later, or they give up.",
            "It takes far too long until they hear anything.",
        ],
        Outcome::Duplicated => {
            &["They say that it was done twice, and that they asked once.", "Some got the same thing two times."]
        }
        Outcome::Stale => &[
            "They see what was true a while ago, and not what is true now.",
            "What they changed does not show, although it was accepted.",
        ],
        Outcome::Wrong => &["They see something that is not theirs.", "What they get belongs to something else."],
        Outcome::Misordered => &["Things reach them in an order that makes no sense."],
        Outcome::Refused => &["They are told that they may not, and they always could."],
        Outcome::Right | Outcome::Failed => &["They get an error now and then, more often than usual."],
    }
}

/// A journey as people say it.
pub(crate) fn spoken(journey: &str) -> String {
    format!("\u{201c}{}\u{201d}", journey.replace(['_', '-'], " "))
}

/// The ticket about harm after a long time, which had fallen before it or not; each further one in other words.
pub(super) fn later(journey: &str, outcome: Outcome, (over, fell): (Duration, bool), number: usize) -> String {
    const RETURNED: [&str; 3] = [
        "You closed our ticket {over} ago, and all was well for a time.",
        "This may have nothing to do with the old ticket, which is {over} old by now.",
        "It is {over} later, and I have to write again.",
    ];
    const NEVER_STOPPED: [&str; 3] = [
        "You closed our ticket {over} ago, and it never stopped.",
        "The old ticket is {over} old by now, and it should not have been closed.",
        "It is {over} later, and nothing has become better.",
    ];
    let says = complaints(outcome);
    let openings = if fell { RETURNED } else { NEVER_STOPPED };
    let opening = openings[number % openings.len()].replace("{over}", &roughly(over));
    let said = says[number % says.len()];
    format!("{opening} People write to us about {}. {said} Nothing is red, I looked.", spoken(journey))
}

/// A long time as people say it: `3 months`.
pub(crate) fn roughly(time: Duration) -> String {
    let days = (time.as_secs_f64() / 86_400.0).round() as u64;
    let (count, unit) = match days {
        60.. => (days / 30, "month"),
        14..=59 => (days / 7, "week"),
        _ => (days, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_says_whether_things_were_well_in_between() {
        let text = |fell, number| later("pay", Outcome::Lost, (Duration::from_mins(90 * 24 * 60), fell), number);
        assert!(text(true, 0).starts_with("You closed our ticket 3 months ago, and all was well for a time. "));
        assert!(text(false, 0).starts_with("You closed our ticket 3 months ago, and it never stopped. "));
        assert!((1..6).all(|number| !text(false, number).contains("well for a time")));
    }
}
