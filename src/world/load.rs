//! From a file, a text or data to a checked world. Knows where worlds come from, never what makes one right.

use std::path::Path;
use std::sync::Arc;

use super::{Checked, FORMAT, World, WorldSpec, arrivals, check};
use crate::Problems;
use crate::diagnostic::{Problem, Source, Tree, parse_ron, read_text, reference};

impl World {
    /// Reads and checks a file.
    pub fn load(path: impl AsRef<Path>) -> Result<World, Problems> {
        let path = path.as_ref();
        World::from_source(&read_text(path)?, Some(path.parent().unwrap_or(Path::new(""))))
    }

    /// Reads and checks text; `name` is what problems call it.
    pub fn from_ron(name: &str, text: &str) -> Result<World, Problems> {
        World::from_source(&Arc::new(Source::new(name, text)), None)
    }

    /// Checks a world made in code. Problems name the path in the data, counted from 0.
    pub fn new(spec: WorldSpec) -> Result<World, Problems> {
        World::checked(spec, (None, None), Problems::none())
    }

    fn from_source(source: &Arc<Source>, folder: Option<&Path>) -> Result<World, Problems> {
        let spec = parse::<WorldSpec>(source)?;
        World::checked(spec, (Some(source), folder), repeated_keys(source))
    }

    fn checked(
        mut spec: WorldSpec,
        (source, folder): (Option<&Arc<Source>>, Option<&Path>),
        mut problems: Problems,
    ) -> Result<World, Problems> {
        let mut found = check::world(&spec);
        let arrivals = arrivals::read(&spec, folder, &mut found);
        problems.extend(found.into_problems(source));
        let arrivals = arrivals.unwrap_or_else(|wrong| {
            problems.extend(wrong);
            Default::default()
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        let arrows = std::mem::take(&mut spec.arrows);
        spec.arrows = arrows.into_iter().map(|(name, arrow)| (check::canonical(&name), arrow)).collect();
        Ok(World(Arc::new(Checked { spec, arrivals })))
    }
}

/// Reads RON whose root has a `format`. A text of another format is refused for that, whatever else is strange about it.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(source: &Arc<Source>) -> Result<T, Problems> {
    parse_ron(source).map_err(|problems| other_format(source).map_or(problems, Problems::from))
}

fn other_format(source: &Arc<Source>) -> Option<Problem> {
    let tree = Tree::read(&source.text);
    let format: u32 = tree.field_text(&source.text, "format")?.parse().ok()?;
    let span = tree.locate(&source.text, &crate::diagnostic::DataPath::root().field("format"), false);
    let (what, help) = check::format_words(format);
    (format != FORMAT).then(|| Problem::in_text(source, span, what).help(help))
}

/// Keys that are given twice: the reader would take the last one and forget the others.
pub(crate) fn repeated_keys(source: &Arc<Source>) -> Problems {
    let mut problems = Problems::none();
    let tree = Tree::read(&source.text);
    for (key, first, second) in tree.repeated_keys() {
        problems.push_with(|| {
            let line = source.position(first.start).line;
            let what = format!("`{key}` is given twice, first in line {line}");
            let see = reference::link(&tree, second.start);
            Problem::in_text(source, second, what).help("remove or rename one of the two").see(see)
        });
    }
    problems
}
