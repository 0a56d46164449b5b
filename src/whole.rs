//! Files that appear whole or not at all: written beside their place, and moved there. Knows files; nothing of what is in
//! them.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

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

/// Writes a file in a folder that is there; what was there of that name is gone then, and not before.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    written(folder_of(path), bytes)?.persist(path).map(drop).map_err(|error| error.error)
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
}
