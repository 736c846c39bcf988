//! Files on disk: all of them, or none under its final name.
//!
//! Every file is written beside its place under a name of its own and renamed
//! when all of them are whole, so that nobody finds half a file.

use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file or folder that could not be written.
#[derive(Debug)]
pub struct Unwritable {
    path: PathBuf,
    why: io::Error,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Unwritable {}

/// How the names of files begin that do not have theirs yet.
const ASIDE: &str = ".tollgate-";

/// A folder that files are on their way to.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Folders that were made for it, the outermost first.
    made: Vec<PathBuf>,
    files: Vec<(PathBuf, NamedTempFile)>,
}

impl Folder {
    /// Makes the folder where it is not, and sees that it can be written to.
    /// Dropped before [`Self::keep`] it leaves nothing behind.
    pub fn open(path: &Path) -> Result<Folder, Unwritable> {
        let missing: Vec<PathBuf> = path
            .ancestors()
            .take_while(|part| !part.as_os_str().is_empty() && !part.exists())
            .map(Path::to_owned)
            .collect();
        let made = missing.into_iter().rev().collect();
        let path = path.to_owned();
        let folder = Folder { path, made, files: vec![] };
        let tried =
            fs::create_dir_all(&folder.path).and_then(|()| tempfile::tempfile_in(&folder.path));
        match tried {
            Ok(_) => Ok(folder),
            Err(why) => Err(Unwritable { path: folder.path.clone(), why }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the files that processes left which were killed on their way here.
    pub fn tidy(&self) {
        let is_stray = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(ASIDE))
                && fs::File::open(path).is_ok_and(|file| file.try_lock().is_ok())
        };
        // What cannot be removed is in nobody's way.
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if is_stray(&entry.path()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Writes a file, not yet under its name.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Unwritable> {
        self.create(name, |file| file.write_all(bytes))
    }

    /// The same of a file that is written piece by piece.
    pub fn create(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Unwritable> {
        let place = self.path.join(name);
        let written = beside(&place).and_then(|mut file| {
            write(&mut file)?;
            Ok(file)
        });
        match written {
            Ok(file) => {
                self.files.push((place, file));
                Ok(())
            }
            Err(why) => Err(Unwritable { path: place, why }),
        }
    }

    /// Gives every file its name.
    pub fn keep(mut self) -> Result<(), Unwritable> {
        for (place, file) in std::mem::take(&mut self.files) {
            if let Err(error) = file.persist(&place) {
                return Err(Unwritable { path: place, why: error.error });
            }
        }
        self.made.clear();
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.files.clear();
        for folder in self.made.iter().rev() {
            // Not empty or not ours any more: then it stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A new file beside `place`, that others may read as they may any new file.
pub fn beside(place: &Path) -> io::Result<NamedTempFile> {
    let folder = place.parent().filter(|p| !p.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(ASIDE);
    if let Some(permissions) = usual() {
        builder.permissions(permissions);
    }
    let file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    // Held until it has its name, so that nobody takes it for a stray. Where a
    // file system has no locks, strays stay.
    let _ = file.as_file().try_lock();
    Ok(file)
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // other systems have none
fn usual() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn usual() -> Option<Permissions> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_its_name_before_all_are_whole() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("out/clover");
        let mut folder = Folder::open(&place).unwrap();
        folder.write("a.csv", b"a\n").unwrap();
        assert!(!place.join("a.csv").exists());
        folder.keep().unwrap();
        assert_eq!(fs::read(place.join("a.csv")).unwrap(), b"a\n");
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
    }

    #[test]
    fn what_was_begun_and_dropped_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(&root.path().join("out/clover")).unwrap();
        folder.write("a.csv", b"a\n").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn strays_are_removed_and_files_on_their_way_are_not() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(".tollgate-stray"), "half").unwrap();
        fs::write(root.path().join("other"), "whole").unwrap();
        let mut folder = Folder::open(root.path()).unwrap();
        folder.write("a.csv", b"a\n").unwrap();
        folder.tidy();
        folder.keep().unwrap();
        let mut names: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.csv", "other"]);
    }

    #[test]
    fn a_file_in_the_way_is_an_error_with_its_path() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("out"), "in the way").unwrap();
        let error = Folder::open(&root.path().join("out/clover")).unwrap_err();
        assert!(error.to_string().contains("clover"), "{error}");
    }
}
