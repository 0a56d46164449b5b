//! Which language people read lessons in: chosen once, when the program starts. Knows tags of languages; no text.

use std::sync::OnceLock;

/// The language that every lesson's own texts are in.
pub const SOURCE: &str = "en";

static CHOSEN: OnceLock<String> = OnceLock::new();

/// Chooses for the rest of the process: what was asked for, else what the environment says. The first choice stays.
pub fn choose(asked: Option<&str>) {
    // The first that says anything decides, even if it says `C`.
    let said = |key| std::env::var(key).ok().filter(|locale| !locale.is_empty());
    let environment = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(said).and_then(|all| from_locale(&all));
    let tag = asked.map(str::to_owned).or_else(environment).unwrap_or_else(|| SOURCE.to_owned());
    // Chosen before: that stays.
    let _ = CHOSEN.set(tag);
}

/// The tags to look for, the best one first: `pt-BR`, then `pt`. Empty for the language of the lessons' own texts.
pub fn wanted() -> Vec<String> {
    CHOSEN.get().map_or(Vec::new(), |tag| candidates(tag))
}

fn candidates(tag: &str) -> Vec<String> {
    let general = tag.split('-').next().unwrap_or(tag);
    let mut tags = vec![tag.to_owned(), general.to_owned()];
    tags.dedup();
    tags.retain(|tag| tag != SOURCE);
    if general == SOURCE { Vec::new() } else { tags }
}

/// Reads a tag that somebody wrote, such as `de` or `pt-BR`.
pub fn parse(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.trim().split(['-', '_']).collect();
    let is_part = |part: &&str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_language = parts.first().is_some_and(|first| (2..=3).contains(&first.len()));
    if !is_language || parts.len() > 3 || !parts.iter().all(is_part) {
        return Err("a language is a tag such as de, fr or pt-BR".to_owned());
    }
    let lower = parts.first().map(|first| first.to_lowercase()).unwrap_or_default();
    Ok(std::iter::once(lower.as_str()).chain(parts.iter().skip(1).copied()).collect::<Vec<_>>().join("-"))
}

/// The tag in a locale of the environment: `de_DE.UTF-8` is `de-DE`. None for `C`, `POSIX` and what is no locale.
fn from_locale(locale: &str) -> Option<String> {
    let tag = locale.split(['.', '@']).next().unwrap_or_default();
    if matches!(tag, "" | "C" | "POSIX") { None } else { parse(tag).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_and_tags_are_read() {
        assert_eq!(from_locale("de_DE.UTF-8").as_deref(), Some("de-DE"));
        assert_eq!(from_locale("pt_BR@latin").as_deref(), Some("pt-BR"));
        assert!(["C", "C.UTF-8", "POSIX", "", "x"].into_iter().all(|locale| from_locale(locale).is_none()));
        assert_eq!(parse("DE").as_deref(), Ok("de"));
        assert!(["../x", "d", "de-", "de/x", "deutsch"].into_iter().all(|tag| parse(tag).is_err()));
        assert_eq!(candidates("de-AT"), ["de-AT", "de"]);
        assert!(candidates("en-GB").is_empty() && candidates("en").is_empty());
    }
}
