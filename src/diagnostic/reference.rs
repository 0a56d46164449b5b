//! The reference page of world and lesson files, as `docs/authoring.md` has it: which heading explains a field, and what
//! it says. Knows how that page is laid out; a test keeps the page as the types are.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Tree;

/// Where the page is, from the root of the repository.
const PAGE: &str = "docs/authoring.md";
const TEXT: &str = include_str!("../../docs/authoring.md");

/// What a heading of the page tells of one type.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// The type, as files call it.
    pub name: &'static str,
    /// A row for each field, or for each possible value.
    pub rows: Vec<Row>,
}

/// A field of a struct (`timeout`), a value of an enum (`LogNormal`), or a field of such a value (`LogNormal.median`).
#[derive(Debug)]
pub(crate) struct Row {
    pub name: &'static str,
    /// The types that it is made of, by anchor.
    leads_to: Vec<&'static str>,
    /// What counts if it is left out; None if it must be given.
    pub left_out: Option<&'static str>,
    pub meaning: &'static str,
}

impl Section {
    /// Whether it describes values to choose from, not fields.
    fn is_enum(&self) -> bool {
        self.rows.iter().all(|row| row.name.starts_with(char::is_uppercase))
    }
}

impl Row {
    /// The values to choose from, if it is a field that takes one of some.
    pub(crate) fn values(&self) -> Vec<&'static str> {
        let holds = self.leads_to.first().and_then(|anchor| sections().get(*anchor)).filter(|holds| holds.is_enum());
        let rows = holds.into_iter().flat_map(|holds| &holds.rows);
        rows.map(|row| row.name).filter(|name| !name.contains('.')).collect()
    }
}

/// By anchor.
type Sections = BTreeMap<String, Section>;

/// All sections that describe a type.
fn sections() -> &'static Sections {
    static READ: OnceLock<Sections> = OnceLock::new();
    READ.get_or_init(|| read(TEXT))
}

fn read(text: &'static str) -> Sections {
    let section = |part: &'static str| {
        let (name, body) = part.split_once('\n')?;
        let body = body.split("\n## ").next().unwrap_or(body);
        let rows: Vec<Row> = body.lines().filter_map(row).collect();
        (!rows.is_empty()).then(|| (name.to_lowercase(), Section { name, rows }))
    };
    text.split("\n### ").skip(1).filter_map(section).collect()
}

fn row(line: &'static str) -> Option<Row> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ").collect();
    let name = cells.first()?.strip_suffix('`')?;
    let left_out = match cells[..] {
        [_, _, left_out, _] => left_out.strip_prefix('`').and_then(|text| text.strip_suffix('`')),
        _ => None,
    };
    let meaning = cells.get(2..)?.last()?.trim();
    Some(Row { name, leads_to: leads(cells.get(1)?).collect(), left_out, meaning })
}

/// The anchors that a text links to.
fn leads(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split("](#").skip(1).filter_map(|rest| rest.split(')').next())
}

/// The section about what is around a byte of a world, lesson or translation, and the field that the byte belongs to.
pub(crate) fn at(tree: &Tree, byte: usize) -> Option<(&'static Section, Option<&'static Row>)> {
    let known = sections();
    let anchor = root(tree)?;
    let (mut section, mut field) = (known.get(anchor)?, None);
    let mut open = vec![anchor];
    for name in tree.trail(byte) {
        let Some((holder, row)) = find(known, &open, &name) else { continue };
        (section, field) = (holder, Some(row));
        open.clone_from(&row.leads_to);
    }
    Some((section, field))
}

/// The page and heading that explain what is around a byte, such as `docs/authoring.md#arrow`.
pub(crate) fn link(tree: &Tree, byte: usize) -> Option<String> {
    at(tree, byte).map(|(section, _)| format!("{PAGE}#{}", section.name.to_lowercase()))
}

/// The page and heading that explain a type.
pub(crate) fn link_to(name: &str) -> Option<String> {
    let anchor = name.to_lowercase();
    sections().contains_key(anchor.as_str()).then(|| format!("{PAGE}#{anchor}"))
}

fn root(tree: &Tree) -> Option<&'static str> {
    let has = |field: &str| tree.entries.iter().any(|entry| entry.key.as_ref().is_some_and(|(key, _)| key == field));
    match tree.name.as_str() {
        "World" => Some("world"),
        "Lesson" => Some("lesson"),
        "Translation" => Some("translation"),
        "" if has("nodes") => Some("world"),
        "" if has("script") => Some("lesson"),
        _ => None,
    }
}

/// The row of a field or value among these types. The values of an enum are looked through: `Call((to: …))`.
fn find(known: &'static Sections, types: &[&'static str], name: &str) -> Option<(&'static Section, &'static Row)> {
    let (mut next, mut looked) = (types.to_vec(), 0);
    while let Some(anchor) = next.get(looked) {
        looked += 1;
        let Some(section) = known.get(*anchor) else { continue };
        if let Some(row) = section.rows.iter().find(|row| row.name.rsplit('.').next() == Some(name)) {
            return Some((section, row));
        }
        for anchor in section.rows.iter().filter(|_| section.is_enum()).flat_map(|row| &row.leads_to) {
            if !next.contains(anchor) {
                next.push(anchor);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link_at(text: &str, word: &str) -> String {
        link(&Tree::read(text), text.find(word).unwrap() + 1).unwrap()
    }

    #[test]
    fn a_place_is_explained_by_the_heading_of_its_type() {
        let world = r#"World(format: 1, nodes: { "a": (routes: { "GET /": (steps: [Call((to: "b", opp: 1)),
            Work(LogNormal(median: "1ms", sigma: 0.5))]) }) }, arrows: { "a -> b": (loss: 7.0, retry: (attempts: 900)) })"#;
        assert_eq!(link_at(world, "format"), "docs/authoring.md#world");
        assert_eq!(link_at(world, "7.0"), "docs/authoring.md#arrow");
        assert_eq!(link_at(world, "900"), "docs/authoring.md#retry");
        assert_eq!(link_at(world, "\"b\""), "docs/authoring.md#call");
        assert_eq!(link_at(world, "sigma"), "docs/authoring.md#dist");
        let lesson = r#"(script: [(at: "1m", change: (sets: [(on: "a", to: CacheTtl("x"))]))], texts: (title: ""))"#;
        assert_eq!(link_at(lesson, "\"x\""), "docs/authoring.md#setting");
        assert_eq!(link_at(lesson, "title"), "docs/authoring.md#texts");
        assert_eq!(link(&Tree::read("Session(a: 1)"), 8), None);
    }

    #[test]
    fn every_type_of_the_page_is_found_with_its_rows() {
        let known = sections();
        assert!(known.len() > 40, "{}", known.len());
        for (anchor, section) in known {
            assert!(
                section
                    .rows
                    .iter()
                    .all(|row| row.leads_to.iter().all(|to| known.contains_key(*to) || *to == "durations-and-times")),
                "{anchor}"
            );
        }
        let timeout = known["arrow"].rows.iter().find(|row| row.name == "timeout").unwrap();
        assert_eq!(timeout.left_out, Some("None"));
        assert!(timeout.meaning.starts_with("How long the caller waits"));
        assert_eq!(known["node"].rows.iter().find(|row| row.name == "kind").unwrap().left_out, None);
    }
}
