//! Files that a command writes: whole or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::failure::Failure;
use crate::terminal::interrupted;
use crate::whole;

/// A folder that takes files, each written beside its place and moved there when whole.
pub(super) struct Folder<'a> {
    path: &'a Path,
    /// How the command line names another place.
    option: &'a str,
}

impl<'a> Folder<'a> {
    /// The folder that `--out DIR` names.
    pub(super) fn open(path: &'a Path) -> Result<Self, Failure> {
        Folder { path, option: "--out DIR" }.opened()
    }

    fn opened(self) -> Result<Self, Failure> {
        fs::create_dir_all(self.path).map_err(|error| self.cannot(self.path, &error))?;
        whole::draft(self.path).map_err(|error| self.cannot(self.path, &error))?;
        Ok(self)
    }

    fn cannot(&self, path: &Path, error: &std::io::Error) -> Failure {
        let (path, option) = (path.display(), self.option);
        Failure::bad(format!("{path} cannot be written: {error}. Name a place that you may write to: {option}"))
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
        let path = self.path.join(name);
        let written = whole::draft(self.path).and_then(|file| {
            let mut out = std::io::BufWriter::with_capacity(1 << 18, file);
            let answer = write(&mut out)?;
            Ok((answer, out.into_inner().map_err(std::io::IntoInnerError::into_error)?))
        });
        let (answer, file) = written.map_err(|error| self.cannot(&path, &error))?;
        file.persist(&path).map(|_| answer).map_err(|error| self.cannot(&path, &error.error))
    }
}

/// Writes one file that an option names, whole or not at all.
pub(super) fn whole_file(path: &Path, option: &str, text: &str) -> Result<(), Failure> {
    let option = &format!("{option} FILE");
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(Failure::bad(format!("{} is no name of a file; name one: {option}", path.display())));
    };
    Folder { path: whole::folder_of(path), option }.opened()?.file(name, |file| file.write_all(text.as_bytes()))
}
