//! Texts that nobody would write: never a panic, never a hang.

use proptest::prelude::*;

use super::{RICH, TINY};
use crate::World;

/// A change to a text: where (as a share of its length), how much of it, and what takes its place.
fn mutation() -> impl Strategy<Value = (f64, usize, String)> {
    let pieces = prop::sample::select(vec![
        "",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        ",",
        ":",
        "0",
        "-1",
        "1e999",
        "NaN",
        "/*",
        "//",
        "r#\"",
        "Some(",
        "99999999999",
        "'",
        "\\",
        "\u{1f600}",
        "\"db\"",
        "shop",
        "()",
        "->",
    ]);
    (0.0..1.0, 0usize..12, prop_oneof![pieces.prop_map(str::to_owned), ".{0,4}"])
}

/// Replaces, deletes or doubles a part of a text.
fn mutate(text: &str, (place, length, piece): &(f64, usize, String)) -> String {
    let start = text.floor_char_boundary((text.len() as f64 * place) as usize);
    let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
    match piece.as_str() {
        "->" => format!("{}{}{}", &text[..end], &text[start..end], &text[end..]),
        _ => format!("{}{piece}{}", &text[..start], &text[end..]),
    }
}

/// What is said of a text that is large and strange: it is refused, in far fewer words than it has itself.
#[track_caller]
fn survived(text: String) -> String {
    let problems = World::from_ron("large.ron", &text).err().unwrap_or_default().to_string();
    assert!((1..200_000).contains(&problems.len()), "{} bytes: {} are said", text.len(), problems.len());
    problems
}

#[test]
fn large_and_strange_texts_are_survived() {
    let many = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    for open in ["(", "[", "{", "Some(", "/*", "\"", "r#\"", "World(nodes: {\"a\": (", "World(nodes:(("] {
        survived(open.repeat(2_000_000 / open.len()));
    }
    let deep = TINY.replace("\"10s\"", &format!("{}\"10s\"{}", "Some(".repeat(100_000), ")".repeat(100_000)));
    let problems = survived(deep);
    assert!(problems.contains("expected a text in double quotes"), "{problems}");
    let nodes = many(70_000, &|at| format!("\"n{at}\": (kind: Service),\n"));
    let problems = survived(TINY.replace("\"db\": (", &format!("{nodes}\"db\": (")));
    assert!(problems.contains("the number of nodes is 70,003, outside 0 to 60,000"), "{problems}");
    let calls = many(50_000, &|at| format!("Call((to: \"d{at}\", op: Route(\"GET /x{at}\"))),\n"));
    let problems = survived(TINY.replace("Work(", &format!("{calls}Work(")));
    assert!(problems.contains("steps of one route are more than fit"), "{problems}");
    let twice = many(50_000, &|_| "\"web\": (kind: Service),\n".to_owned());
    let problems = survived(TINY.replace("\"db\": (", &format!("{twice}\"db\": (")));
    assert!(problems.contains("`web` is given twice") && problems.contains(" more problems"), "{}", problems.len());
    let problems = survived(TINY.replace("10s", &"x\n".repeat(1_000_000)));
    assert!(problems.len() < 3_000, "{}", problems.len());
    let names = many(20_000, &|at| format!("\"x{at} -> y{at}\": (timeout: \"0s\"),\n"));
    let problems = survived(TINY.replace("\"web -> db\"", &format!("{names}\"web -> db\"")));
    assert!(problems.contains("this arrow has an end that is no node: `x0`"), "{}", problems.len());
    let gateways = many(20_000, &|at| format!("\"g{at}\": (kind: Gateway),\n"));
    let chain = many(19_999, &|at| format!("\"g{at} -> g{}\": (),\n", at + 1));
    let text =
        TINY.replace("\"db\": (", &format!("{gateways}\"db\": (")).replace("\"users -> web\"", "\"users -> g0\"");
    let problems = survived(text.replace("\"web -> db\"", &format!("{chain}\"web -> db\"")));
    assert!(problems.contains("is passed on more than 64 times"), "{problems}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn mutilated_worlds_are_survived(rich in any::<bool>(), mutations in prop::collection::vec(mutation(), 1..5)) {
        let text = mutations.iter().fold(if rich { RICH } else { TINY }.to_owned(), |text, how| mutate(&text, how));
        if let Err(problems) = World::from_ron("mutilated.ron", &text) {
            prop_assert!(problems.iter().all(|problem| problem.position().is_some()));
            prop_assert!(problems.to_string().starts_with("error: "));
        }
    }
}
