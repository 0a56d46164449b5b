//! Says when files were written. Knows folders on disk and how editors save; never what the files hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Editors write a file in several steps: a change is told when nothing more was written for this long.
const QUIET: Duration = Duration::from_millis(80);

/// Files and folders that are watched.
pub struct Watch {
    events: Receiver<PathBuf>,
    /// Watches until dropped.
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches files and everything below folders. A file may be replaced or written anew, as editors do.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Watch, String> {
        let (send, events) = channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !matches!(event.kind, EventKind::Access(_)) {
                for path in event.paths.into_iter().filter(|path| is_data(path)) {
                    // Where nobody listens any more there is nothing to say.
                    let _ = send.send(path);
                }
            }
        })
        .map_err(|error| cannot(&error))?;
        // The folder, not the file: a file that is replaced would be lost sight of.
        let folders: BTreeSet<(PathBuf, bool)> = paths.into_iter().map(folder).collect();
        for (folder, deep) in folders {
            let mode = if deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            watcher.watch(&folder, mode).map_err(|error| cannot(&error))?;
        }
        Ok(Watch { events, _watcher: watcher })
    }

    /// The files that were written, once nothing more is being written; empty if there were none for `most`.
    pub fn wait(&self, most: Duration) -> BTreeSet<PathBuf> {
        let until = Instant::now() + most;
        let mut changed = BTreeSet::new();
        loop {
            let patience = if changed.is_empty() { until.saturating_duration_since(Instant::now()) } else { QUIET };
            match self.events.recv_timeout(patience) {
                Ok(path) => changed.insert(path),
                Err(RecvTimeoutError::Timeout) => return changed,
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(patience);
                    return changed;
                }
            };
        }
    }

    /// The files that were written since it was asked last; does not wait.
    pub fn changed(&self) -> BTreeSet<PathBuf> {
        let mut changed = BTreeSet::new();
        loop {
            match self.events.try_recv() {
                Ok(path) => changed.insert(path),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return changed,
            };
        }
    }
}

/// The folder to watch, and whether all below it.
fn folder(path: &Path) -> (PathBuf, bool) {
    if path.is_dir() {
        return (path.to_owned(), true);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    (parent.to_owned(), false)
}

/// Worlds, lessons, their texts and their workloads; not what an editor keeps beside them.
fn is_data(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ron" || extension == "csv")
}

fn cannot(error: &notify::Error) -> String {
    format!("files cannot be watched: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_or_replaced_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ron");
        std::fs::write(&file, "1").unwrap();
        let watch = Watch::new([file.as_path()]).unwrap();
        assert!(watch.wait(Duration::from_millis(150)).is_empty());
        std::fs::write(&file, "2").unwrap();
        std::fs::write(folder.path().join("b.swp"), "2").unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_owned();
        let told: Vec<_> = watch.wait(Duration::from_secs(10)).iter().map(name).collect();
        assert_eq!(told, ["a.ron"]);
        std::fs::write(folder.path().join("draft"), "3").unwrap();
        std::fs::rename(folder.path().join("draft"), &file).unwrap();
        assert!(!watch.wait(Duration::from_secs(10)).is_empty());
        assert!(watch.changed().is_empty());
    }
}
