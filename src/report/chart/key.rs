//! The key at the right: who is who, and the number that matters of each.

use super::canvas::{Canvas, Style};
use super::ink::{Ink, Pen};

/// Height of a line under a name, in pixels.
const NOTE_HEIGHT: f64 = 15.5;
/// Height of a name with the space above it.
const NAME_HEIGHT: f64 = 19.5;
/// Height of the heading.
const HEADING_HEIGHT: f64 = 22.0;
/// Width of the sample of line before a name, with its space.
const SAMPLE_WIDTH: f64 = 24.0;

/// A client in the key.
pub(super) struct Entry<'a> {
    /// Its place among the clients of the chart: its colour.
    pub(super) index: usize,
    /// Its name.
    pub(super) name: &'a str,
    /// What is said of it, a line each.
    pub(super) notes: Vec<String>,
}

/// The height that `entries` take with their heading, in pixels.
pub(super) fn height(entries: &[Entry]) -> f64 {
    let notes: usize = entries.iter().map(|entry| entry.notes.len()).sum();
    HEADING_HEIGHT + NAME_HEIGHT * entries.len() as f64 + NOTE_HEIGHT * notes as f64
}

/// The width in pixels that nothing in the key needs more of, within reason.
pub(super) fn width(heading: &str, entries: &[Entry]) -> f64 {
    let names = entries.iter().map(|entry| Style::NAME.face.room(entry.name));
    let notes = entries.iter().flat_map(|entry| &entry.notes);
    let notes = notes.map(|note| Style::NOTE.face.room(note));
    let words = names.chain(notes).fold(0.0, f64::max) + SAMPLE_WIDTH;
    words.max(Style::NOTE.face.room(heading)).clamp(150.0, 264.0)
}

/// Writes the key `width` pixels wide with its first baseline at `at`.
pub(super) fn draw(canvas: &Canvas, at: (f64, f64), width: f64, heading: &str, entries: &[Entry]) {
    let (x, mut y) = at;
    canvas.text((x, y), &Style::NOTE.face.fit(heading, width), Style::NOTE);
    y += HEADING_HEIGHT - NAME_HEIGHT;
    let words = x + SAMPLE_WIDTH;
    let room = width - SAMPLE_WIDTH;
    for entry in entries {
        y += NAME_HEIGHT;
        let sample = [(x, y - 4.5), (x + SAMPLE_WIDTH - 7.0, y - 4.5)];
        canvas.line(&sample, Pen::series(entry.index), 2.4);
        let style = Style::NAME.ink(Ink::name(entry.index));
        canvas.text((words, y), &style.face.fit(entry.name, room), style);
        for note in &entry.notes {
            y += NOTE_HEIGHT;
            let style = Style::NOTE;
            canvas.text((words, y), &style.face.fit(note, room), style);
        }
    }
}
