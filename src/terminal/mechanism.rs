//! Mechanisms by the words people use for them.

use super::refuse;
use crate::diagnostic::nearest;
use crate::lab::Refusal;
use crate::lesson::Mechanism;

/// The mechanism that `text` names: by its words, its synonyms, or words that only one of them contains.
pub(super) fn find(text: &str) -> Result<Mechanism, Refusal> {
    let all = "`help hypothesis` lists them all";
    if text.trim().is_empty() {
        return Err(refuse("a mechanism is missing", format!("say how it fails, such as `swallowed timeout`; {all}")));
    }
    if let Some(mechanism) = Mechanism::find(text) {
        return Ok(mechanism);
    }
    let mut near: Vec<Mechanism> = Mechanism::search(text).collect();
    if let [only] = near[..] {
        return Ok(only);
    }
    if near.is_empty() {
        let names =
            |mechanism: &Mechanism| std::iter::once(mechanism.words()).chain(mechanism.synonyms().iter().copied());
        let known = Mechanism::ALL.iter().flat_map(names);
        near.extend(nearest(text, known).and_then(Mechanism::find));
    }
    let near: Vec<String> = near.iter().take(4).map(|mechanism| format!("`{}`", mechanism.words())).collect();
    let hint = if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
    Err(refuse(format!("`{text}` names no mechanism that the lab knows"), format!("{hint}{all}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mechanism_is_found_by_its_own_words() {
        for mechanism in Mechanism::ALL {
            assert_eq!(find(mechanism.words()), Ok(mechanism));
            for synonym in mechanism.synonyms() {
                assert_eq!(find(synonym), Ok(mechanism), "{synonym}");
            }
        }
    }

    #[test]
    fn unknown_words_are_answered_with_near_ones() {
        let refusal = find("swalowed timeouts").unwrap_err();
        assert!(refusal.remedy.contains("swallowed timeout"), "{refusal}");
        assert!(find("").is_err());
        assert!(find("bad luck").unwrap_err().remedy.contains("help hypothesis"));
    }
}
