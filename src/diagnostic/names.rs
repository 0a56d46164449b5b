//! The name that somebody meant. Knows how people mistype; never what the names are for.

/// Longer names are not compared: nobody mistypes those, and the comparison is quadratic.
const LONGEST: usize = 100;
/// How many known names a help line lists.
const LISTED: usize = 20;

/// The known name that is nearest to a mistyped one, if one is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length > LONGEST {
        return None;
    }
    let typed = name.to_lowercase();
    let allowed = (length / 3).clamp(1, 4);
    let near = known.into_iter().filter(|known| known.len() <= LONGEST && *known != name).filter_map(|known| {
        let distance = strsim::osa_distance(&typed, &known.to_lowercase());
        let begins = length >= 3 && known.to_lowercase().starts_with(&typed);
        (distance <= allowed || begins).then_some((distance, known))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// What to do about an unknown name: the nearest known one, else which there are.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, none: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => none.to_owned(),
        None => format!("write one of {}", list(&known)),
    }
}

/// Names for a sentence: `a`, `b`, `c` and 5 more.
pub fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match names.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["orders", "catalogue", "cart-db", "POST /orders"];
        assert_eq!(nearest("ordres", known), Some("orders"));
        assert_eq!(nearest("Orders", known), Some("orders"));
        assert_eq!(nearest("POST /order", known), Some("POST /orders"));
        assert_eq!(nearest("cat", known), Some("catalogue"));
        assert_eq!(nearest("billing", known), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
    }

    #[test]
    fn help_names_what_there_is() {
        assert_eq!(did_you_mean("ordres", ["orders"], "-"), "did you mean `orders`?");
        assert_eq!(did_you_mean("zzz", ["a", "b"], "-"), "write one of `a`, `b`");
        assert_eq!(did_you_mean("zzz", [], "declare one"), "declare one");
        let many: Vec<&str> = vec!["n"; 23];
        assert!(list(&many).ends_with("and 3 more"));
    }
}
