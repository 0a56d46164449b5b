//! Files that a command writes: whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::failure::Failure;
use crate::terminal::interrupted;
use crate::whole::{self, Draft};

/// The folder that `--out DIR` names. It takes files, each written beside its place and moved there when whole.
pub(super) struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    /// Makes the folder if it is not there, and sees whether it can be written to.
    pub(super) fn open(path: &'a Path) -> Result<Self, Failure> {
        let tried = fs::create_dir_all(path).and_then(|()| whole::draft(path));
        tried.map_err(|error| cannot(path, "--out DIR", &error))?;
        Ok(Folder(path))
    }

    /// Removes what a run before may have left here. What vouches for its files must not vouch for others.
    pub(super) fn forget(&self, names: &[&str]) -> Result<(), Failure> {
        for name in names {
            let path = self.0.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(&path, "--out DIR", &error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes one file, and answers what `write` answers.
    pub(super) fn file<T>(
        &self,
        name: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> std::io::Result<T>,
    ) -> Result<T, Failure> {
        if interrupted() {
            return Err(Failure::Stopped);
        }
        let path = self.0.join(name);
        let written = Draft::of(&path).and_then(|draft| {
            let mut out = std::io::BufWriter::with_capacity(1 << 18, draft);
            let answer = write(&mut out)?;
            out.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()?;
            Ok(answer)
        });
        written.map_err(|error| cannot(&path, "--out DIR", &error))
    }
}

/// Writes one file that an option names, whole or not at all.
pub(super) fn whole_file(path: &Path, option: &str, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let option = &format!("{option} FILE");
    if path.file_name().is_none() {
        return Err(Failure::bad(format!("{} is no name of a file; name one: {option}", path.display())));
    }
    if interrupted() {
        return Err(Failure::Stopped);
    }
    let written = fs::create_dir_all(whole::folder_of(path)).and_then(|()| whole::write(path, bytes.as_ref()));
    written.map_err(|error| cannot(path, option, &error))
}

/// Sees whether a file that an option names can be written, before there is anything to write.
pub(super) fn can_be_written(path: &Path, option: &str) -> Result<(), Failure> {
    let option = &format!("{option} FILE");
    if path.file_name().is_none() || path.is_dir() {
        return Err(Failure::bad(format!("{} is no name of a file; name one: {option}", path.display())));
    }
    let tried = fs::create_dir_all(whole::folder_of(path)).and_then(|()| Draft::of(path));
    tried.map(drop).map_err(|error| cannot(path, option, &error))
}

fn cannot(path: &Path, option: &str, error: &std::io::Error) -> Failure {
    let path = path.display();
    Failure::bad(format!("{path} cannot be written: {error}. Name a place that you may write to: {option}"))
}
