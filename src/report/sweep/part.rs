//! One shard's file: begun, gone on with, and called by its name when it is whole.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Head, Point, line};
use crate::experiment::Stride;

/// After so many points the system is asked to put them on the disk itself, so
/// that a power cut takes no more than these.
const SYNC: u64 = 100;

/// No line is longer; a file with a longer one is none of ours.
const LONGEST: u64 = 1 << 30;

/// Which share of the points a process has: point `index`, and every `of`-th
/// from there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its number, from 0.
    pub index: u32,
    /// How many shards there are; more than `index`.
    pub of: u32,
}

impl Shard {
    /// Everything.
    pub const WHOLE: Shard = Shard { index: 0, of: 1 };

    /// Its points, of so many.
    #[must_use]
    pub fn points(self, all: u64) -> Stride {
        let (first, step) = (u64::from(self.index), u64::from(self.of));
        Stride { first, step, count: all.saturating_sub(first).div_ceil(step) }
    }

    /// The name of its file when it is whole.
    #[must_use]
    pub fn file(self) -> String {
        format!("part-{:05}-of-{:05}.jsonl", self.index, self.of)
    }

    /// Its name until then.
    #[must_use]
    pub fn partial(self) -> String {
        format!("part-{:05}-of-{:05}.partial", self.index, self.of)
    }
}

/// The first line of a part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartHead {
    pub(super) shard: Shard,
    pub(super) sweep: Head,
}

/// Why a part cannot be written.
#[derive(Debug)]
pub enum PartError {
    /// What is there is another sweep's.
    Differs {
        /// The file.
        path: PathBuf,
        /// In what, in words; nothing where it is no part of a sweep at all.
        how: Vec<String>,
    },
    /// Another process is at it.
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    Failed {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
}

impl fmt::Display for PartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let help =
            "\n  = help: write to another folder with -o, or delete what is there with --fresh";
        match self {
            PartError::Differs { path, how } if how.is_empty() => {
                write!(f, "{} is no part of a sweep{help}", path.display())
            }
            PartError::Differs { path, how } => {
                write!(f, "{} is part of another sweep:", path.display())?;
                for line in how {
                    write!(f, "\n  {line}")?;
                }
                f.write_str(help)
            }
            PartError::Taken { path } => write!(
                f,
                "another process is at work on {}\n  = help: wait for it, or write to another \
                 folder with -o",
                path.display()
            ),
            PartError::Failed { path, why } => {
                write!(f, "cannot write {}: {why}", path.display())?;
                f.write_str("\n  = help: what was finished is kept; run the same again to go on")
            }
        }
    }
}

impl std::error::Error for PartError {}

/// What there is of a part.
#[derive(Debug)]
pub enum Opened {
    /// All of it.
    Whole,
    /// Its beginning, or nothing yet.
    Begun(Part),
}

/// A part that is being written. While it is, no other process can.
#[derive(Debug)]
pub struct Part {
    folder: PathBuf,
    shard: Shard,
    file: File,
    seal: String,
    /// How many bytes are whole lines.
    length: u64,
    /// How many points are there.
    done: u64,
}

impl Part {
    /// Opens a shard's part in a folder, where it may be whole or begun already;
    /// `fresh` for one without any points.
    pub fn open(
        folder: &Path,
        shard: Shard,
        head: &Head,
        fresh: bool,
    ) -> Result<Opened, PartError> {
        let (whole, path) = (folder.join(shard.file()), folder.join(shard.partial()));
        let failed = |why| PartError::Failed { path: path.clone(), why };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PartError::Taken { path }),
            Err(TryLockError::Error(why)) => return Err(failed(why)),
        }
        if !is_at(&file, &path).map_err(failed)? {
            // Who had it before has just called it by its name.
            return Err(PartError::Taken { path });
        }
        if fresh {
            file.set_len(0).map_err(failed)?;
            match fs::remove_file(&whole) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => {
                    return Err(PartError::Failed { path: whole, why });
                }
                _ => {}
            }
        }
        // Looked for under the lock: who had it before may have finished meanwhile.
        let own = PartHead { shard, sweep: head.clone() };
        let text = line::write(&own, "");
        let mut part = Part {
            folder: folder.to_owned(),
            shard,
            file,
            seal: line::seal(&text),
            length: 0,
            done: 0,
        };
        if whole.exists() {
            let opened = compare(&whole, &own).map(|()| Opened::Whole);
            part.forget();
            return opened;
        }
        part.resume(&path, &own, &text)?;
        Ok(Opened::Begun(part))
    }

    /// How many points are there already.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Reads what is there, and cuts off what is not whole.
    fn resume(&mut self, path: &Path, own: &PartHead, text: &str) -> Result<(), PartError> {
        let failed = |why| PartError::Failed { path: path.to_owned(), why };
        let mut reader = BufReader::new(self.file.try_clone().map_err(failed)?);
        let first = next_line(&mut reader).map_err(failed)?;
        if !first.ends_with(b"\n") {
            // Nothing, or a head that was torn: no point can follow it.
            if !text.as_bytes().starts_with(&first) {
                return Err(PartError::Differs { path: path.to_owned(), how: vec![] });
            }
            self.cut(0).map_err(failed)?;
            return self.write(text.as_bytes()).map_err(failed);
        }
        same(path.to_owned(), &first, own)?;
        self.length = first.len() as u64;
        loop {
            let line = next_line(&mut reader).map_err(failed)?;
            let points = self.shard.points(own.sweep.axes.points());
            let due = (self.done < points.count).then(|| points.first + points.step * self.done);
            let point = line::read::<Point>(&line, &self.seal);
            if point.is_none_or(|point| Some(point.point) != due) {
                break;
            }
            self.length += line.len() as u64;
            self.done += 1;
        }
        self.cut(self.length).map_err(failed)
    }

    /// The next point of the shard.
    pub fn append(&mut self, point: &Point) -> Result<(), PartError> {
        let line = line::write(point, &self.seal);
        let mut written = self.write(line.as_bytes());
        self.done += 1;
        if written.is_ok() && self.done.is_multiple_of(SYNC) {
            written = self.file.sync_data();
        }
        written.map_err(|why| PartError::Failed { path: self.path(), why })
    }

    /// All points are there.
    pub fn finish(self) -> Result<(), PartError> {
        let to = self.folder.join(self.shard.file());
        let renamed = self.file.sync_all().and_then(|()| fs::rename(self.path(), &to));
        renamed.map_err(|why| PartError::Failed { path: to, why })
    }

    /// Its file was made for the lock alone.
    fn forget(self) {
        let _ = fs::remove_file(self.path());
    }

    fn path(&self) -> PathBuf {
        self.folder.join(self.shard.partial())
    }

    /// Writes a whole line, or nothing of it.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self.file.write_all(line) {
            Ok(()) => {
                self.length += line.len() as u64;
                Ok(())
            }
            Err(why) => {
                // A full disk has room for less. Where that fails as well, the
                // next who opens the file cuts it.
                let _ = self.cut(self.length);
                Err(why)
            }
        }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length)).map(|_| ())
    }
}

/// Whether a file is the same part of the same sweep.
fn compare(path: &Path, own: &PartHead) -> Result<(), PartError> {
    let path = path.to_owned();
    let first = File::open(&path).and_then(|file| next_line(&mut BufReader::new(file)));
    match first {
        Ok(first) => same(path, &first, own),
        Err(why) => Err(PartError::Failed { path, why }),
    }
}

/// Whether the path still leads to the file that was opened there.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (own.dev(), own.ino())),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(why) => Err(why),
    }
}

/// A file that is open cannot be renamed there.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)] // others may fail
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Whether a first line is this head.
fn same(path: PathBuf, first: &[u8], own: &PartHead) -> Result<(), PartError> {
    match line::read::<PartHead>(first, "") {
        Some(head) if head == *own => Ok(()),
        Some(head) => {
            let mut how = own.sweep.differs(&head.sweep);
            if head.shard != own.shard {
                how.push(format!("it is shard {} of {}", head.shard.index, head.shard.of));
            }
            Err(PartError::Differs { path, how })
        }
        None => Err(PartError::Differs { path, how: vec![] }),
    }
}

/// The next line with its end, which the last may lack.
pub(super) fn next_line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = vec![];
    reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
    Ok(line)
}
