//! Reading of input files: text within limits, RON into types. Knows files and bytes; never what a file is for.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use ron::error::SpannedError;
use serde::de::DeserializeOwned;

use super::{Problem, Problems, Source, mend, syntax};

/// The largest input file in bytes.
pub const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// Reads a text file of at most [`LARGEST_FILE`] bytes.
pub fn read_text(path: impl AsRef<Path>) -> Result<Arc<Source>, Problems> {
    let help = "check that this is the file you meant; worlds and lessons are a few kilobytes";
    read_text_within(path.as_ref(), LARGEST_FILE, help)
}

/// Reads a text file of at most so many bytes; `help` says what to do about a larger one.
pub(crate) fn read_text_within(path: &Path, largest: u64, help: &str) -> Result<Arc<Source>, Problems> {
    let name = path.display().to_string();
    // A pipe or a device could be read for ever.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let problem = Problem::in_file(name, "this is a device or a pipe, and a file is needed");
        return Err(problem.unread().help("write what it gives into a file, and name that").into());
    }
    let mut bytes = Vec::new();
    let open = std::fs::File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes));
    open.map_err(|error| io_problem(path, &error))?;
    if bytes.len() as u64 > largest {
        let what = format!("the file is larger than {} MiB, the largest that is read", largest >> 20);
        return Err(Problem::in_file(name, what).unread().help(help).into());
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::in_file(
            name.as_str(),
            format!("the file is not UTF-8 text: line {line} has a byte that can't be read"),
        )
        .help("save it as UTF-8, or check that this is the file you meant")
    })?;
    Ok(Arc::new(Source::new(name, text)))
}

/// The most errors that are looked for behind the first one, and the longest text in bytes in which they are.
const MOST_MENDED: usize = 30;
const LONGEST_MENDED: usize = 1 << 20;

/// Reads RON text into a type. What is missing may be left out where the type allows it, and `Some` need not be written.
/// What is wrong with single fields and values is told all at once; what is wrong with the brackets ends that.
pub fn parse_ron<T: DeserializeOwned>(source: &Arc<Source>) -> Result<T, Problems> {
    options().from_str(&source.text).map_err(|error| all_problems::<T>(source, error))
}

fn all_problems<T: DeserializeOwned>(source: &Arc<Source>, mut error: SpannedError) -> Problems {
    let mut problems = Problems::from(syntax::problem(source, source, &error));
    let mut read = Source::clone(source);
    let rounds = if source.text.len() <= LONGEST_MENDED { MOST_MENDED } else { 0 };
    for _ in 0..rounds {
        let place = syntax::place_of(&read, &error);
        // Only what stands behind the place is news: the rest may be what mending did.
        let next = mend::candidates(&read.text, &place, &error.code).into_iter().find_map(|text| {
            let mended = Source::new(source.name.as_str(), text);
            match options().from_str::<T>(&mended.text) {
                Ok(_) => Some((mended, None)),
                Err(next) if syntax::place_of(&mended, &next).start > place.end => Some((mended, Some(next))),
                Err(_) => None,
            }
        });
        let Some((mended, Some(next))) = next else { break };
        problems.push(syntax::problem(source, &mended, &next));
        (read, error) = (mended, next);
    }
    problems
}

fn options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME).with_recursion_limit(128)
}

/// A file that can't be read.
pub(super) fn io_problem(path: &Path, error: &std::io::Error) -> Problem {
    let (what, help) = match error.kind() {
        ErrorKind::NotFound => ("there is no such file".to_owned(), near_file(path)),
        ErrorKind::IsADirectory => {
            ("this is a folder, and a file is needed".to_owned(), "name a file in it".to_owned())
        }
        ErrorKind::PermissionDenied => {
            ("you may not read or write this file".to_owned(), "check its permissions (`ls -l`)".to_owned())
        }
        _ => (format!("the file can't be read or written: {error}"), "check the path and the disk".to_owned()),
    };
    Problem::in_file(path.display().to_string(), what).unread().help(help)
}

/// A file of the same kind beside the missing one whose name is near.
fn near_file(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return format!("check the path: there is no folder `{}` either", folder.display());
    };
    let mut names: Vec<String> =
        entries.take(10_000).filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| path.extension().is_none() || Path::new(name).extension() == path.extension());
    names.sort_unstable();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match super::nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{}`?", path.with_file_name(near).display()),
        None => "check the path; it is relative to the folder that you are in".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_with_fields_and_values_is_told_at_once() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code)]
        struct Step {
            at: crate::Duration,
            n: u32,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code)]
        struct Plan {
            name: String,
            steps: Vec<Step>,
            loud: bool,
        }
        let problems = |text: &str| {
            let found = parse_ron::<Plan>(&Arc::new(Source::new("plan", text))).unwrap_err();
            found.iter().map(|problem| problem.offending().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let text = r#"(
            name: "é", sead: 7,
            steps: [(at: "soon", n: 1), (at: "1s", n: "two"), (at: "later", n: -3, m: 1)],
            loud: 5,
        )"#;
        assert_eq!(problems(text), ["sead", "\"soon\"", "\"two\"", "\"later\"", "-3", "m", "5"]);
        assert_eq!(problems(r#"(name: "x", steps: [(at: "soon", n: 1], loud: 5)"#), ["\"soon\"", "]"]);
        let missing = problems(r#"(name: "x", steps: [(n: 1), (at: "1s", k: 2, n: 1)], loud: true)"#);
        assert_eq!(missing.len(), 1, "what a missing field would have held is unknown: {missing:?}");
    }

    fn refused(path: &Path) -> String {
        read_text(path).unwrap_err().to_string()
    }

    #[test]
    fn files_that_cannot_be_read_are_refused_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        file("storefront.ron", b"World()");
        let missing = refused(&folder.path().join("storfront.ron"));
        assert!(missing.starts_with("error: there is no such file\n"), "{missing}");
        assert!(missing.contains("did you mean `") && missing.contains("storefront.ron`?"), "{missing}");
        assert!(refused(&folder.path().join("no/such/folder.ron")).contains("no folder `"));
        let trace = refused(&folder.path().join("storefront.csv"));
        assert!(!trace.contains(".ron") && trace.contains("check the path"), "{trace}");
        assert!(refused(folder.path()).contains("this is a folder"));
        assert!(refused(&file("latin.ron", b"a\nb \xff")).contains("line 2 has a byte"));
        let big = file("big.ron", &vec![b' '; LARGEST_FILE as usize + 1]);
        assert!(refused(&big).contains("larger than 16 MiB"));
        let error = read_text_within(&big, 1 << 20, "use a part of it").unwrap_err().to_string();
        assert!(error.contains("larger than 1 MiB") && error.contains("use a part of it"), "{error}");
        assert!(read_text_within(&big, LARGEST_FILE + 1, "").is_ok());
        #[cfg(unix)]
        assert!(refused(Path::new("/dev/zero")).contains("this is a device"));
        assert_eq!(read_text(file("bom.ron", b"\xef\xbb\xbfWorld()")).unwrap().text, "World()");
    }
}
