//! The sheet a chart is drawn on: a list of marks, and the words among them.

use std::cell::RefCell;
use std::rc::Rc;

use super::Chart;
use super::font::{self, Face};
use super::ink::{Ink, Pen};

/// A place in tenths of a pixel, y growing downwards.
pub(super) type Point = (i32, i32);

/// Margin around the whole, in pixels.
pub(super) const MARGIN: f64 = 24.0;

/// What a painter paints, one after another.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A line through `points`, `width` tenths of a pixel wide.
    Line { points: Vec<Point>, pen: Pen, width: u32 },
    /// The surface that `points` enclose.
    Area { points: Vec<Point>, pen: Pen },
    /// Many short lines with round ends, each `width` tenths of a pixel wide; one
    /// of no length is a dot.
    Runs { runs: Vec<(Point, Point)>, pen: Pen, width: u32 },
    /// A disc; with a `ring` so wide, ink around the background's colour.
    Dot { at: Point, radius: u32, ink: Ink, ring: Option<u32> },
    /// Words on a baseline.
    Text { at: Point, body: String, style: Style },
}

/// Which end of a text its place is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How words look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) face: Face,
    pub(super) ink: Ink,
    pub(super) anchor: Anchor,
    /// Whether the background's colour surrounds them, so that they can be read
    /// across lines.
    pub(super) halo: bool,
}

impl Style {
    const fn new(size: u32, bold: bool, ink: Ink) -> Self {
        Self { face: Face { size, bold }, ink, anchor: Anchor::Start, halo: false }
    }

    /// The finding.
    pub(super) const TITLE: Style = Style::new(180, true, Ink::Text);
    /// What was simulated, under the title.
    pub(super) const SUBTITLE: Style = Style::new(130, false, Ink::Muted);
    /// The name of an axis, written horizontally above it.
    pub(super) const AXIS: Style = Style::new(125, true, Ink::Text);
    /// The values along an axis.
    pub(super) const TICK: Style = Style::new(120, false, Ink::Muted);
    /// The name of a client.
    pub(super) const NAME: Style = Style::new(125, true, Ink::Text);
    /// What is said under a name or beside a mark.
    pub(super) const NOTE: Style = Style::new(120, false, Ink::Muted);

    pub(super) const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    pub(super) const fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) const fn halo(self) -> Self {
        Self { halo: true, ..self }
    }
}

/// What the top of each chart says.
pub(super) struct Header<'a> {
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
}

/// A sheet of a given width; its height is settled when it is finished.
pub(super) struct Canvas {
    marks: Rc<RefCell<Vec<Mark>>>,
    width: f64,
    top: f64,
    title: String,
}

impl Canvas {
    /// A sheet `width` pixels wide with its title and subtitle written, each in
    /// at most two lines.
    pub(super) fn new(width: f64, header: &Header) -> Self {
        let mut canvas =
            Self { marks: Rc::default(), width, top: MARGIN, title: font::plain(header.title) };
        let texts = [(header.title, Style::TITLE, 24.0), (header.subtitle, Style::SUBTITLE, 19.0)];
        for (text, style, line_height) in texts {
            let lines = style.face.balanced(&font::plain(text), width - 2.0 * MARGIN, 2);
            for line in lines {
                canvas.text((MARGIN, canvas.top + 0.6 * line_height), &line, style);
                canvas.top += line_height;
            }
        }
        canvas
    }

    /// Where the space under the subtitle begins.
    pub(super) const fn top(&self) -> f64 {
        self.top + 6.0
    }

    /// The list that plotters draws into.
    pub(super) fn marks(&self) -> Rc<RefCell<Vec<Mark>>> {
        Rc::clone(&self.marks)
    }

    fn push(&self, mark: Mark) {
        self.marks.borrow_mut().push(mark);
    }

    /// Words on the baseline at `at`; nothing in them can act as markup.
    pub(super) fn text(&self, at: (f64, f64), body: &str, style: Style) {
        if !body.is_empty() {
            self.push(Mark::Text { at: tenths(at), body: font::plain(body), style });
        }
    }

    /// Words whose digits are centred on the height of `at`.
    pub(super) fn beside(&self, at: (f64, f64), body: &str, style: Style) {
        let drop = 0.036 * f64::from(style.face.size);
        self.text((at.0, at.1 + drop), body, style);
    }

    /// A line `width` pixels wide.
    pub(super) fn line(&self, points: &[(f64, f64)], pen: Pen, width: f64) {
        let width = tenths((width, 0.0)).0.unsigned_abs();
        let points = points.iter().copied().map(tenths).collect();
        self.push(Mark::Line { points, pen, width });
    }

    /// Many lines from one place to another, both in tenths of a pixel, `width`
    /// pixels wide with round ends.
    pub(super) fn runs(&self, runs: Vec<(Point, Point)>, pen: Pen, width: f64) {
        let width = tenths((width, 0.0)).0.unsigned_abs();
        self.push(Mark::Runs { runs, pen, width });
    }

    /// A filled rectangle from one corner to the other.
    pub(super) fn rectangle(&self, from: (f64, f64), to: (f64, f64), pen: Pen) {
        let corners = [from, (to.0, from.1), to, (from.0, to.1)];
        let points = corners.map(tenths).to_vec();
        self.push(Mark::Area { points, pen });
    }

    /// A disc with a thin edge of background, so that it stands out on a line.
    pub(super) fn dot(&self, at: (f64, f64), radius: f64, ink: Ink) {
        for (radius, ink) in [(radius + 1.2, Ink::Paper), (radius, ink)] {
            let radius = tenths((radius, 0.0)).0.unsigned_abs();
            self.push(Mark::Dot { at: tenths(at), radius, ink, ring: None });
        }
    }

    /// An open circle: something that did not happen.
    pub(super) fn ring(&self, at: (f64, f64), radius: f64, ink: Ink) {
        self.push(Mark::Dot {
            at: tenths(at),
            radius: tenths((radius, 0.0)).0.unsigned_abs(),
            ink,
            ring: Some(16),
        });
    }

    /// The chart, `height` pixels high.
    pub(super) fn finish(self, name: &'static str, height: f64, description: &str) -> Chart {
        let whole = |size: f64| tenths((size.ceil() / 10.0, 0.0)).0.unsigned_abs();
        let marks = self.marks.borrow().clone();
        Chart {
            name,
            title: self.title,
            description: font::plain(description),
            width: whole(self.width),
            height: whole(height),
            marks,
        }
    }
}

/// A place in pixels as one in tenths; what is far outside the sheet, or no
/// number at all, stays where an integer can hold it.
pub(super) fn tenths(at: (f64, f64)) -> Point {
    #[expect(clippy::cast_possible_truncation, reason = "held within ±10⁶")]
    let whole = |size: f64| (size * 10.0).round().clamp(-1e6, 1e6) as i32;
    (whole(at.0), whole(at.1))
}
