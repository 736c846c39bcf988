//! What came of each value of a knob: a line with its band for each thing that
//! goals are about, the bounds, and the value that was chosen.

use super::canvas::{Anchor, Canvas, Header, MARGIN, Style};
use super::ink::{Ink, Pen};
use super::panel::{Frame, Panel, gutter};
use super::scale::{Scale, Unit};
use super::{Chart, Estimate, duration, number, percent};

/// Width of the sheet in pixels.
const WIDTH: f64 = 820.0;
/// Height of the plot where there is one, and where there are several.
const PLOT: (f64, f64) = (330.0, 200.0);
/// Radius of a dot in tenths of a pixel.
const DOT: u32 = 45;
/// Room between plots, for the values of the one and the title of the other.
const BETWEEN: f64 = 84.0;

/// What the numbers of an axis are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Number {
    /// Plain ones.
    Plain,
    /// Shares of one.
    Share,
    /// Seconds.
    Seconds,
}

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Knob {
    /// The finding.
    pub title: String,
    /// What was run, over how many seeds.
    pub subtitle: String,
    /// What is turned.
    pub knob: String,
    /// What its values are.
    pub unit: Number,
    /// Whether only a logarithmic axis shows both ends.
    pub wide: bool,
    /// What goals are about, each on a plot of its own.
    pub measured: Vec<Measured>,
    /// The value that was chosen, and what is written beside it.
    pub chosen: Option<(f64, String)>,
}

/// Something that was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// What it is.
    pub unit: Number,
    /// In the order of the knob's values.
    pub points: Vec<Point>,
    /// The bounds of goals, and what is written beside each.
    pub bounds: Vec<(f64, String)>,
}

/// A value that was tried.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// The knob's value.
    pub at: f64,
    /// What was measured; `None` where it is beyond every bound.
    pub found: Option<Estimate>,
    /// Whether all goals are met for sure, missed for sure, or neither.
    pub meets: Option<bool>,
}

impl Number {
    pub(super) const fn unit(self) -> Unit {
        match self {
            Number::Plain => Unit::Number,
            Number::Share => Unit::Share,
            Number::Seconds => Unit::Time,
        }
    }

    pub(super) fn write(self, value: f64) -> String {
        match self {
            Number::Plain => number::figure(value),
            Number::Share => percent(value),
            Number::Seconds => duration(value),
        }
    }
}

impl Knob {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        key(&canvas, canvas.top() + 14.0);
        let height = if self.measured.len() > 1 { PLOT.1 } else { PLOT.0 };
        let left = self.measured.iter().map(|m| gutter(&m.scale())).fold(62.0, f64::max);
        let mut top = canvas.top() + 62.0;
        let mut bottom = top;
        for (place, measured) in self.measured.iter().enumerate() {
            let frame = Frame { left, right: WIDTH - MARGIN, top, bottom: top + height };
            let mut panel = Panel::new(&canvas, frame, self.axis(), measured.scale());
            panel.grid();
            panel.title(&measured.name, 14.0);
            panel.ticks(if place + 1 == self.measured.len() { &self.knob } else { "" });
            if let Some((at, text)) = &self.chosen {
                choose(&canvas, &panel, *at, if place == 0 { text } else { "" });
            }
            draw(&canvas, &mut panel, measured);
            bottom = panel.frame.bottom;
            top = bottom + BETWEEN;
        }
        canvas.finish("tune", bottom + 56.0, &self.description())
    }

    fn axis(&self) -> Scale {
        let points = self.measured.iter().flat_map(|measured| &measured.points);
        let (least, most) = points.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), p| {
            (least.min(p.at), most.max(p.at))
        });
        if self.wide && least > 0.0 {
            Scale::decades(least, most, self.unit.unit())
        } else {
            Scale::within(least, most, 8, self.unit.unit())
        }
    }

    fn description(&self) -> String {
        let each = |measured: &Measured| {
            let found = |point: &Point| {
                let value = point.found.map_or("never".to_owned(), |e| measured.unit.write(e.mean));
                format!("{} {value}", self.unit.write(point.at))
            };
            let points: Vec<String> = measured.points.iter().map(found).collect();
            format!("{} by {}: {}", measured.name, self.knob, points.join(", "))
        };
        let all: Vec<String> = self.measured.iter().map(each).collect();
        format!("{}. {}.", self.subtitle, all.join("; "))
    }
}

impl Measured {
    /// From zero to the highest interval or bound.
    fn scale(&self) -> Scale {
        let found = self.points.iter().filter_map(|point| point.found);
        let highs = found.filter(Estimate::is_finite).map(|e| e.high);
        let most = highs.chain(self.bounds.iter().map(|bound| bound.0)).fold(0.0, f64::max);
        Scale::from_zero(most * 1.04, 5, self.unit.unit())
    }
}

/// The band, the line, the bounds and a mark for each value.
fn draw(canvas: &Canvas, panel: &mut Panel, measured: &Measured) {
    let found = measured.points.iter().filter_map(|point| Some((point.at, point.found?)));
    let found: Vec<(f64, Estimate)> = found.filter(|(_, e)| e.is_finite()).collect();
    let along = |end: fn(&Estimate) -> f64, panel: &Panel| -> Vec<(f64, f64)> {
        found.iter().map(|(at, e)| (*at, panel.y.clamp(end(e)))).collect()
    };
    let pen = Pen::series(2);
    let (low, high) = (along(|e| e.low, panel), along(|e| e.high, panel));
    panel.ribbon(&low, &high, pen.faint(18));
    for (bound, text) in &measured.bounds {
        panel.limit(*bound);
        let (_, y) = panel.at((panel.x.from, *bound));
        let style = Style::NOTE.ink(Ink::Text).anchor(Anchor::End).halo();
        canvas.text((panel.frame.right - 4.0, y - 6.0), text, style);
    }
    let line = along(|e| e.mean, panel);
    panel.line(&line, pen);
    // What never comes stands at the upper edge.
    let never = measured.points.iter().rfind(|p| p.found.is_none_or(|e| !e.is_finite()));
    if let Some(point) = never {
        let (x, y) = panel.at((point.at, panel.y.to));
        canvas.text((x + 9.0, y + 16.0), "never", Style::NOTE.halo());
    }
    for point in &measured.points {
        let (y, is_drawn) = match point.found {
            Some(e) if e.is_finite() => (panel.y.clamp(e.mean), true),
            _ => (panel.y.to, false),
        };
        let at = (point.at, y);
        match point.meets {
            Some(true) if is_drawn => panel.dot(at, DOT, Ink::series(3)),
            Some(_) => {
                panel.disc(at, DOT, Ink::Paper);
                panel.ring(at, DOT, Ink::series(0));
            }
            None => panel.dot(at, DOT - 15, Ink::Muted),
        }
    }
}

/// The value that was chosen.
fn choose(canvas: &Canvas, panel: &Panel, at: f64, text: &str) {
    let line = [(at, panel.y.from), (at, panel.y.to)];
    panel.thin(&line, Pen::solid(Ink::name(3)));
    let (x, y) = panel.at((at, panel.y.to));
    let style = Style::NAME.ink(Ink::name(3)).halo();
    let room = style.face.room(text) + 8.0;
    let (x, anchor) = if x + room > panel.frame.right {
        (x - 7.0, Anchor::End)
    } else {
        (x + 7.0, Anchor::Start)
    };
    canvas.text((x, y + 15.0), text, style.anchor(anchor));
}

/// What the marks are.
fn key(canvas: &Canvas, y: f64) {
    let radius = f64::from(DOT) / 10.0;
    let mut x = MARGIN + radius;
    for (place, text) in ["meets", "misses", "not told apart"].into_iter().enumerate() {
        match place {
            0 => canvas.dot((x, y - 4.0), radius, Ink::series(3)),
            1 => canvas.ring((x, y - 4.0), radius, Ink::series(0)),
            _ => canvas.dot((x, y - 4.0), radius - 1.5, Ink::Muted),
        }
        canvas.text((x + 10.0, y), text, Style::NOTE);
        x += Style::NOTE.face.room(text) + 34.0;
    }
}
