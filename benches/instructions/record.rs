//! The recorded figures: `benches/instructions.csv`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How much a figure may grow, in per cent.
pub(crate) const TOLERANCE: f64 = 5.0;

/// Figures, and what compiled what they were measured of.
pub(crate) struct Record {
    pub(crate) compiler: String,
    rows: Vec<(String, f64)>,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.csv")
}

/// The compiler and what it compiles for.
pub(crate) fn compiler() -> String {
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!("{} on {}", rustc.unwrap_or_default(), std::env::consts::ARCH)
}

impl Record {
    pub(crate) fn of(measured: &[(&str, f64)]) -> Self {
        let rows = measured.iter().map(|(case, figure)| ((*case).to_owned(), *figure)).collect();
        Record { compiler: compiler(), rows }
    }

    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let compiler = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let compiler = compiler.unwrap_or("nothing").to_owned();
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let rows = reader.deserialize().map(|row| row.expect("a case and its figure")).collect();
        Record { compiler, rows }
    }

    /// Writes the figures over those of the same cases.
    pub(crate) fn write(&self) {
        let mut rows = Record::read().rows;
        for (case, figure) in &self.rows {
            match rows.iter_mut().find(|(other, _)| other == case) {
                Some(row) => row.1 = *figure,
                None => rows.push((case.clone(), *figure)),
            }
        }
        rows.retain(|(case, _)| crate::CASES.iter().any(|known| known.name == case));
        let mut text = format!("# {}\ncase,instructions\n", self.compiler);
        for (case, figure) in &rows {
            writeln!(text, "{case},{figure:.1}").expect("a text takes all");
        }
        std::fs::write(path(), &text).expect("the record can be written");
        print!("{text}");
    }

    pub(crate) fn of_case(&self, case: &str) -> Option<f64> {
        self.rows.iter().find(|(other, _)| other == case).map(|(_, figure)| *figure)
    }
}
