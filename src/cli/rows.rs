//! Rows of CSV: to stdout, or to a file that has its name when it is whole.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Failure;
use crate::report::output::beside;

/// What writing rows comes to beside the rows, and how the writing ended.
pub(super) type Written<T> = Result<(T, io::Result<()>), Failure>;

/// Writes rows to a path, or to stdout where that is `-`.
pub(super) fn write<T>(
    to: &str,
    rows: impl FnOnce(&mut dyn Write) -> Written<T>,
) -> Result<T, Failure> {
    if to == "-" {
        let (value, written) = rows(&mut BufWriter::new(io::stdout().lock()))?;
        return match written {
            // Who reads them may stop: that is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::Failed(format!("cannot write to stdout: {error}")))
            }
            _ => Ok(value),
        };
    }
    let path = Path::new(to);
    let unwritable = |error: io::Error| Failure::Failed(format!("cannot write {to}: {error}"));
    if path.is_dir() {
        return Err(unwritable(io::ErrorKind::IsADirectory.into()));
    }
    // A pipe or a device is written to, not replaced; so is what a link leads to.
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        let out = File::options().write(true).open(path).map_err(unwritable)?;
        let (value, written) = rows(&mut BufWriter::new(out))?;
        return written.map(|()| value).map_err(unwritable);
    }
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut file = beside(path).map_err(unwritable)?;
    let (value, written) = rows(&mut BufWriter::new(file.as_file_mut()))?;
    written.map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(value)
}
