//! Files that appear whole or not at all: written beside their place, and moved there. A link is followed to the file
//! that it names; a device or a pipe, which keeps nothing, is written to as it is. Knows files; nothing of what is in
//! them.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Links that are followed one after another, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file in a folder, readable like any other; gone unless it is moved to its place.
pub(crate) fn draft(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".allgreen-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// A draft that holds these bytes, safe on the disk.
pub(crate) fn written(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut draft = draft(folder)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    Ok(draft)
}

/// What is written for a path, until it is whole.
#[derive(Debug)]
pub(crate) enum Draft {
    /// A file beside its place.
    Beside(NamedTempFile, PathBuf),
    /// A device, a pipe, or where standard output goes.
    Stream(File),
}

impl Draft {
    /// Begins what a path in a folder that is there will hold.
    pub(crate) fn of(path: &Path) -> io::Result<Draft> {
        match std::fs::metadata(path) {
            Ok(found) if is_stream(&found) => OpenOptions::new().append(true).open(path).map(Draft::Stream),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => {
                let place = followed(path);
                Ok(Draft::Beside(draft(folder_of(&place))?, place))
            }
        }
    }

    /// Moves it to its place; what was there of that name is gone then, and not before.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Draft::Beside(file, place) => file.persist(place).map(drop).map_err(|error| error.error),
            Draft::Stream(mut file) => file.flush(),
        }
    }

    /// Makes it safe on the disk.
    fn sync(&self) -> io::Result<()> {
        match self {
            Draft::Beside(file, _) => file.as_file().sync_all(),
            Draft::Stream(_) => Ok(()),
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Draft::Beside(file, _) => file.write(bytes),
            Draft::Stream(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Draft::Beside(file, _) => file.flush(),
            Draft::Stream(file) => file.flush(),
        }
    }
}

/// Writes a file in a folder that is there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = Draft::of(path)?;
    draft.write_all(bytes)?;
    draft.sync()?;
    draft.finish()
}

/// Whether this is written to as it is, and nothing takes its place.
fn is_stream(found: &Metadata) -> bool {
    !found.is_file() && !found.is_dir() || is_standard_output(found)
}

/// Whether this program's output goes to this file: `--out /dev/stdout > page.html` adds to what is there.
#[cfg(unix)]
fn is_standard_output(found: &Metadata) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let own = io::stdout().as_fd().try_clone_to_owned().and_then(|own| File::from(own).metadata());
    own.is_ok_and(|own| (own.dev(), own.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn is_standard_output(_: &Metadata) -> bool {
    false
}

/// Where a path leads, links followed as far as they go: the last one may name a file that is not there yet.
fn followed(path: &Path) -> PathBuf {
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&place) else { break };
        place = folder_of(&place).join(target);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_no_draft_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert!(write(&folder.path().join("no/such/folder"), b"three").is_err());
        assert!(write(folder.path(), b"a folder is no file").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_leads_to_is_written() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("deep")).unwrap();
        std::fs::write(at("deep/old.txt"), "one").unwrap();
        symlink("deep/old.txt", at("near")).unwrap();
        symlink(at("near"), at("far")).unwrap();
        symlink("deep/new.txt", at("dangling")).unwrap();
        for (link, file) in [("near", "deep/old.txt"), ("far", "deep/old.txt"), ("dangling", "deep/new.txt")] {
            write(&at(link), link.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(at(file)).unwrap(), link);
            assert!(at(link).is_symlink() && !at(file).is_symlink(), "{link}");
        }
        assert_eq!(std::fs::read_dir(at("deep")).unwrap().count(), 2, "no draft is left behind");
        symlink("round", at("round")).unwrap();
        assert!(write(&at("round"), b"for ever").is_err() && at("round").is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays_one() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("/dev/null", &link).unwrap();
        for path in [Path::new("/dev/null"), &link] {
            write(path, b"gone").unwrap();
            assert!(std::fs::metadata(path).unwrap().file_type().is_char_device(), "{}", path.display());
        }
        assert!(link.is_symlink());
        #[cfg(target_os = "linux")]
        assert_eq!(write(Path::new("/dev/full"), b"much").unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
