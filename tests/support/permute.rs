//! A RON text in another order of declarations: the entries of maps and the fields of structs, at every depth, are
//! shuffled. What it says stays the same.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

/// The same text in an order that `seed` decides.
pub fn permuted(text: &str, seed: u64) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut state = seed;
    let (out, end) = items(&chars, 0, &mut state);
    assert_eq!(end, chars.len(), "brackets do not match");
    out.join(",")
}

/// The items from `at` to the end of the enclosing bracket, split at commas; and where that is.
fn items(chars: &[char], mut at: usize, state: &mut u64) -> (Vec<String>, usize) {
    let (mut found, mut item) = (Vec::new(), String::new());
    while at < chars.len() {
        match chars[at] {
            ')' | ']' | '}' => break,
            ',' => found.push(std::mem::take(&mut item)),
            '"' => {
                let start = at;
                at += 1;
                while chars[at] != '"' {
                    at += if chars[at] == '\\' { 2 } else { 1 };
                }
                item.extend(&chars[start..=at]);
            }
            '/' if chars.get(at + 1) == Some(&'/') => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
                item.push('\n');
            }
            open @ ('(' | '[' | '{') => {
                let (mut inner, end) = items(chars, at + 1, state);
                let named = |item: &String| {
                    let name = item.split(':').next().unwrap_or_default().trim();
                    item.contains(':') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                };
                if open == '{' || (open == '(' && inner.len() > 1 && inner.iter().all(named)) {
                    shuffle(&mut inner, state);
                }
                item.push(open);
                item += &inner.join(",");
                item.push(chars[end]);
                at = end;
            }
            other => item.push(other),
        }
        at += 1;
    }
    if !item.trim().is_empty() {
        found.push(item);
    }
    (found, at)
}

/// Fisher and Yates, with a linear congruential generator (Knuth's MMIX).
fn shuffle(items: &mut [String], state: &mut u64) {
    for last in (1..items.len()).rev() {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (*state >> 33) as usize % (last + 1));
    }
}
