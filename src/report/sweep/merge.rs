//! From all parts to one sheet: the same bytes, however many parts there were.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::part::{PartHead, next_line};
use super::sheet::Sheet;
use super::{Head, Point, Shard, line};
use crate::report::output::{Folder, Unwritable};

/// How many lines of a part are read at once: no file is held open, because
/// there may be more of them than a process may have open.
const LINES: usize = 64;

/// More of what is wrong than anyone reads.
const MOST: usize = 30;

/// A sheet that all parts went into.
#[derive(Debug)]
pub struct Merged {
    /// What the sweep is.
    pub head: Head,
    /// How many parts there were.
    pub parts: u32,
}

/// Why parts cannot be merged.
#[derive(Debug)]
pub enum MergeError {
    /// The folder has no part of a sweep.
    Nothing {
        /// The folder.
        folder: PathBuf,
    },
    /// They are not all the parts of one sweep.
    Wrong {
        /// The folder.
        folder: PathBuf,
        /// All that is wrong, in words.
        what: Vec<String>,
    },
    /// A file or the folder cannot be read.
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The sheet cannot be written.
    Unwritable(Unwritable),
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::Nothing { folder } => write!(
                f,
                "{} has no part of a sweep\n  = help: write them with `tollgate sweep … -o {0}`",
                folder.display()
            ),
            MergeError::Wrong { folder, what } => {
                write!(f, "the parts in {} are not one sweep:", folder.display())?;
                for line in what.iter().take(MOST) {
                    write!(f, "\n  {line}")?;
                }
                if what.len() > MOST {
                    write!(f, "\n  and {} more", what.len() - MOST)?;
                }
                Ok(())
            }
            MergeError::Unreadable { path, why } => {
                write!(f, "cannot read {}: {why}", path.display())
            }
            MergeError::Unwritable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MergeError {}

/// Puts all parts of a folder together: writes `sweep.csv` and `sweep.json`, not
/// yet under their names, and shows every point to `see`, in order.
pub fn merge(
    folder: &mut Folder,
    mut see: impl FnMut(&Head, &Point),
) -> Result<Merged, MergeError> {
    let path = folder.path().to_owned();
    let (parts, mut wrong) = files(&path)?;
    let checked = check(&path, &parts, &mut wrong)?;
    let Some(head) = checked.filter(|_| wrong.is_empty()) else {
        return Err(if wrong.is_empty() {
            MergeError::Nothing { folder: path }
        } else {
            MergeError::Wrong { folder: path, what: wrong }
        });
    };
    let mut readers: Vec<Lines> = parts.iter().map(|part| Lines::new(part, &head)).collect();
    let mut unreadable = None;
    let written = folder.create("sweep.csv", |to| {
        let mut sheet = Sheet::new(to, &head)?;
        for number in 0..head.axes.points() {
            let reader = usize::try_from(number % readers.len() as u64).expect("a part's number");
            match readers[reader].next() {
                Ok(point) => {
                    sheet.add(&point)?;
                    see(&head, &point);
                }
                Err(error) => {
                    unreadable = Some(error);
                    return Ok(());
                }
            }
        }
        sheet.finish()
    });
    if let Some(error) = unreadable {
        return Err(error);
    }
    written.map_err(MergeError::Unwritable)?;
    let record = head.record();
    folder.write("sweep.json", record.as_bytes()).map_err(MergeError::Unwritable)?;
    Ok(Merged { head, parts: u32::try_from(parts.len()).expect("a part's number is a u32") })
}

/// A file that is called as parts are.
struct Named {
    path: PathBuf,
    name: String,
    shard: Shard,
}

/// The parts of a folder by their names, and what is wrong with these.
fn files(folder: &Path) -> Result<(Vec<Named>, Vec<String>), MergeError> {
    let unreadable = |why| MergeError::Unreadable { path: folder.to_owned(), why };
    let (mut found, mut wrong) = (vec![], vec![]);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some((stem, ending)) = name.rsplit_once('.') else { continue };
        let numbers = stem.strip_prefix("part-").and_then(|rest| rest.split_once("-of-"));
        let numbers = numbers.and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        let Some((index, of)) = numbers else { continue };
        let name = name.to_owned();
        match ending {
            "jsonl" => found.push(Named { name, shard: Shard { index, of }, path }),
            "partial" => wrong.push(format!("{name} is not finished: run its shard again")),
            _ => {}
        }
    }
    wrong.sort();
    found.sort_by(|a, b| a.shard.cmp(&b.shard).then_with(|| a.name.cmp(&b.name)));
    Ok((found, wrong))
}

/// Reads all parts once, and gives what they are part of; `None` without parts.
fn check(
    folder: &Path,
    parts: &[Named],
    wrong: &mut Vec<String>,
) -> Result<Option<Head>, MergeError> {
    let mut first: Option<(&Named, PartHead)> = None;
    let mut there: BTreeMap<Shard, &str> = BTreeMap::new();
    for part in parts {
        let Some(own) = whole(part, wrong)? else { continue };
        if let Some(other) = there.insert(own.shard, &part.name) {
            wrong.push(format!("{} and {other} are the same part", part.name));
        }
        let Some((named, head)) = &first else {
            first = Some((part, own));
            continue;
        };
        if own.shard.of != head.shard.of {
            let (a, b) = (own.shard.of, head.shard.of);
            wrong.push(format!("{} is one of {a} parts, {} is one of {b}", part.name, named.name));
        }
        for how in head.sweep.differs(&own.sweep) {
            wrong.push(format!("{}: {how}, as in {}", part.name, named.name));
        }
    }
    let Some((_, head)) = first else {
        return Ok(None);
    };
    let of = head.shard.of;
    for index in 0..of {
        let shard = Shard { index, of };
        if !there.contains_key(&shard) && !folder.join(shard.partial()).exists() {
            wrong.push(format!("{} is missing: run --shard {index}/{of}", shard.file()));
        }
    }
    Ok(Some(head.sweep))
}

/// The head of a part all of whose points are there, each as it was written;
/// else it is told what is wrong.
fn whole(part: &Named, wrong: &mut Vec<String>) -> Result<Option<PartHead>, MergeError> {
    let unreadable = |why| MergeError::Unreadable { path: part.path.clone(), why };
    let mut reader = BufReader::new(File::open(&part.path).map_err(unreadable)?);
    let first = next_line(&mut reader).map_err(unreadable)?;
    let name = &part.name;
    let Some(head) = line::read::<PartHead>(&first, "") else {
        wrong.push(format!("{name} is damaged in line 1: delete it and run its shard again"));
        return Ok(None);
    };
    if head.sweep.tollgate != env!("CARGO_PKG_VERSION") {
        let (own, other) = (env!("CARGO_PKG_VERSION"), &head.sweep.tollgate);
        wrong.push(format!("{name} was written by tollgate {other}, and this is {own}"));
    }
    if head.shard != part.shard {
        let Shard { index, of } = head.shard;
        wrong.push(format!("{name} is not what it is called: it is shard {index} of {of}"));
    }
    let seal = line::seal(&String::from_utf8_lossy(&first));
    let points = head.shard.points(head.sweep.axes.points());
    for index in 0..points.count {
        let line = next_line(&mut reader).map_err(unreadable)?;
        let due = points.first + points.step * index;
        let point = line::read::<Point>(&line, &seal);
        if point.is_none_or(|point| point.point != due) {
            let line = index + 2;
            let what = format!("{name} is damaged in line {line}, where point {due} should be");
            wrong.push(format!("{what}: delete it and run its shard again"));
            return Ok(Some(head));
        }
    }
    if !next_line(&mut reader).map_err(unreadable)?.is_empty() {
        wrong.push(format!(
            "{name} goes on after its last point: delete it and run its shard again"
        ));
    }
    Ok(Some(head))
}

/// The points of a part, one after another.
struct Lines<'p> {
    path: &'p Path,
    seal: String,
    /// Where the first line begins that is not read yet.
    offset: u64,
    read: VecDeque<Point>,
}

impl<'p> Lines<'p> {
    fn new(part: &'p Named, head: &Head) -> Self {
        let own = PartHead { shard: part.shard, sweep: head.clone() };
        let first = line::write(&own, "");
        let (seal, offset) = (line::seal(&first), first.len() as u64);
        Lines { path: &part.path, seal, offset, read: VecDeque::new() }
    }

    fn next(&mut self) -> Result<Point, MergeError> {
        if self.read.is_empty() {
            self.fill()
                .map_err(|why| MergeError::Unreadable { path: self.path.to_owned(), why })?;
        }
        let changed = || io::Error::other("it changed while it was read");
        self.read
            .pop_front()
            .ok_or_else(|| MergeError::Unreadable { path: self.path.to_owned(), why: changed() })
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut file = File::open(self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut reader = BufReader::new(file);
        for _ in 0..LINES {
            let line = next_line(&mut reader)?;
            let Some(point) = line::read::<Point>(&line, &self.seal) else { break };
            self.offset += line.len() as u64;
            self.read.push_back(point);
        }
        Ok(())
    }
}
