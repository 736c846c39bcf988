//! Baselines by name or path: where they lie, and whether one fits.

use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::experiment::Baseline;
use crate::report::baseline;
use crate::report::output::Folder;
use crate::report::text::{keep, visible};
use crate::scenario::Plan;
use crate::scenario::document::slug;

/// The file of a baseline: a path, or a name for one in the output folder.
pub(super) fn place(name: &str, folder: &Path) -> PathBuf {
    if name.contains(['/', '\\']) || Path::new(name).extension().is_some_and(|e| e == "json") {
        PathBuf::from(name)
    } else {
        folder.join(format!("baseline-{}.json", slug(name)))
    }
}

/// Writes a baseline; gives what to say of that.
pub(super) fn save(name: &str, kept: &Baseline, folder: &mut Folder) -> Result<String, Failure> {
    let place = place(name, folder.path());
    let text = baseline::write(kept);
    if let Ok(within) = place.strip_prefix(folder.path()) {
        let within = within.display().to_string();
        folder.write(&within, text.as_bytes())?;
        return Ok(format!(" {within}"));
    }
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut other = Folder::open(parent.unwrap_or(Path::new(".")))?;
    let file = place.file_name().unwrap_or_default().to_string_lossy();
    other.write(&file, text.as_bytes())?;
    other.keep()?;
    Ok(format!("; {}", keep(&visible(&place.display().to_string()))))
}

/// Reads a baseline that was made of the same draws.
pub(super) fn load(name: &str, folder: &Path, plan: &Plan, root: u64) -> Result<Baseline, Failure> {
    let place = place(name, folder);
    let path = visible(&place.display().to_string());
    let bytes = std::fs::read(&place).map_err(|error| {
        Failure::Data(format!(
            "there is no baseline {path}: {error}\n  = help: make one with --save-baseline {}",
            visible(name)
        ))
    })?;
    let wrong = |why: String| Failure::Data(format!("{path}: {why}"));
    let baseline = baseline::read(&bytes).map_err(wrong)?;
    baseline.fits(&plan.name, root).map_err(|mismatch| wrong(mismatch.to_string()))?;
    Ok(baseline)
}
