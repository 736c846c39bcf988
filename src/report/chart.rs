//! Charts in the house style, as SVG text and as PNG bytes.
//!
//! A chart is a pure function from plain numbers to a [`Chart`]: no file, no
//! clock, no font of the machine. `plotters` lays it out and draws its series
//! into a list of marks in tenths of a pixel, through a backend of ours that only
//! writes them down, and two small painters turn the list into bytes. plotters' own backends round to whole
//! pixels, which makes staircases of curves; ours draw the same integers into
//! both formats, so that the picture and the vector say the same thing and the
//! bytes never change.
//!
//! One chart a file; each defines the struct it draws:
//! [`work_time`], [`rate`], [`waves`], [`throttled`], [`fairness`], [`wait`]; of
//! sweeps [`response`] and [`heat`]; of tuning [`knob`] and [`front`].

mod ink;
mod font;
mod number;
mod scale;
mod canvas;
mod recorder;
mod panel;
mod reduce;
mod place;
mod key;
mod svg;
mod palette;
mod png;

pub mod work_time;
pub mod rate;
pub mod waves;
pub mod throttled;
pub mod fairness;
pub mod wait;
pub mod response;
pub mod heat;
pub mod knob;
pub mod front;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use canvas::Mark;
pub(in crate::report) use number::{duration, percent};
pub use scale::Unit;

/// The background a PNG is drawn for; an SVG follows its reader's preference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// Dark ink on white, for paper and most documents.
    #[default]
    Light,
    /// Light ink on near-black.
    Dark,
}

/// A mean with the interval it lies in, all in one unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The middle: what the dot marks.
    pub mean: f64,
    /// The lower end of the interval (95 % unless the subtitle says otherwise).
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// An estimate without an interval, from one run.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self { mean: value, low: value, high: value }
    }

    /// Whether it can be drawn: no NaN and no infinity.
    fn is_finite(&self) -> bool {
        self.mean.is_finite() && self.low.is_finite() && self.high.is_finite()
    }
}

/// A finished chart: what is drawn, before it is drawn in any format.
#[derive(Clone, Debug)]
pub struct Chart {
    name: &'static str,
    title: String,
    description: String,
    width: u32,
    height: u32,
    marks: Vec<Mark>,
}

impl Chart {
    /// The name for a file, without its ending: `work-time`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The title as drawn, with characters that could mislead replaced.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The picture in words and numbers, for those who cannot see it.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Width and height in CSS pixels.
    #[must_use]
    pub const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The chart as one SVG document, light or dark as its reader prefers.
    ///
    /// It may stand in an HTML page as it is: its identifiers begin with
    /// [`Chart::name`] and its styles apply inside it only.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::paint(self)
    }

    /// The chart as a PNG file of `scale` times [`Chart::size`] pixels.
    ///
    /// The house uses a `scale` of 2; it is held between 1 and 8.
    #[must_use]
    pub fn png(&self, scale: u32, theme: Theme) -> Vec<u8> {
        png::paint(self, scale.clamp(1, 8), theme)
    }
}
