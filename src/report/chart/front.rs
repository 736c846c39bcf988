//! The points that were tried, by two things that are wanted of them, and which
//! of them nobody beats.

use super::canvas::{Canvas, Header, MARGIN, Style};
use super::ink::{Ink, Pen};
use super::knob::Number;
use super::panel::{Frame, Panel, gutter};
use super::place::{Area, Dot, Obstacle, labels};
use super::scale::Scale;
use super::{Chart, Estimate};

/// Width of the sheet in pixels.
const WIDTH: f64 = 820.0;
/// Height of the plot in pixels.
const PLOT: f64 = 360.0;
/// Radius of the dot of a point of the front, in tenths of a pixel.
const DOT: u32 = 45;
/// More points than this have no room for a name each.
const NAMED: usize = 10;
/// Where zero is farther from the values than this, as a share of how far they
/// reach, an axis does not begin at zero.
const FAR: f64 = 1.0;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Front {
    /// The finding.
    pub title: String,
    /// What was run, over how many seeds.
    pub subtitle: String,
    /// The lower axis.
    pub x: Axis,
    /// The upright one.
    pub y: Axis,
    /// All points that were tried.
    pub points: Vec<Point>,
}

/// Something that is wanted, or what is turned.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What.
    pub title: String,
    /// What its numbers are.
    pub unit: Number,
}

/// A point that was tried.
#[derive(Clone, Debug)]
pub struct Point {
    /// What it is called.
    pub name: String,
    /// On the lower axis.
    pub x: Estimate,
    /// On the upright one.
    pub y: Estimate,
    /// What it is among the others.
    pub is: Is,
}

/// What a point is among the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Is {
    /// Nobody beats it.
    Front,
    /// It may be of the front.
    Open,
    /// Another is better.
    Beaten,
    /// It misses a goal.
    Missing,
}

impl Is {
    const ALL: [(Is, &'static str); 4] = [
        (Is::Front, "of the front"),
        (Is::Open, "not told apart"),
        (Is::Beaten, "beaten"),
        (Is::Missing, "misses a goal"),
    ];
}

impl Front {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        key(&canvas, canvas.top() + 14.0);
        let points: Vec<&Point> =
            self.points.iter().filter(|p| p.x.is_finite() && p.y.is_finite()).collect();
        let y = scale(points.iter().map(|p| p.y), self.y.unit);
        let x = scale(points.iter().map(|p| p.x), self.x.unit);
        let top = canvas.top() + 62.0;
        let (left, right) = (gutter(&y), WIDTH - MARGIN);
        let frame = Frame { left, right, top, bottom: top + PLOT };
        let mut panel = Panel::new(&canvas, frame, x, y);
        panel.grid();
        panel.title(&self.y.title, 14.0);
        panel.ticks(&self.x.title);
        for is in [Is::Missing, Is::Beaten, Is::Open, Is::Front] {
            points.iter().filter(|p| p.is == is).for_each(|point| draw(&mut panel, point));
        }
        name(&canvas, &panel, &points);
        let bottom = panel.frame.bottom;
        drop(panel);
        canvas.finish("tune", bottom + 56.0, &self.description())
    }

    fn description(&self) -> String {
        let of = |is: Is| self.points.iter().filter(move |point| point.is == is);
        let written = |p: &Point| {
            let (x, y) = (self.x.unit.write(p.x.mean), self.y.unit.write(p.y.mean));
            format!("{} ({x}, {y})", p.name)
        };
        let front: Vec<String> = of(Is::Front).map(written).collect();
        let counts = [Is::Open, Is::Beaten, Is::Missing].map(|is| of(is).count());
        format!(
            "{}. {} against {}. Of the front: {}. Not told apart: {}; beaten: {}; missing a goal: {}.",
            self.subtitle,
            self.y.title,
            self.x.title,
            front.join("; "),
            counts[0],
            counts[1],
            counts[2]
        )
    }
}

/// From zero, or from near the least value where zero is far from it.
fn scale(values: impl Iterator<Item = Estimate>, unit: Number) -> Scale {
    let (least, most) = values
        .fold((f64::INFINITY, 0.0_f64), |(least, most), e| (least.min(e.low), most.max(e.high)));
    let room = most - least;
    if least.is_finite() && room > 0.0 && least > FAR * room {
        Scale::within(least - room / 20.0, most + room / 20.0, 6, unit.unit())
    } else {
        Scale::from_zero(most * 1.03, 6, unit.unit())
    }
}

fn draw(panel: &mut Panel, point: &Point) {
    let at = (point.x.mean, point.y.mean);
    match point.is {
        Is::Front => {
            let pen = Pen::solid(Ink::series(3)).faint(60);
            panel.thin(&[(point.x.low, at.1), (point.x.high, at.1)], pen);
            panel.thin(&[(at.0, point.y.low), (at.0, point.y.high)], pen);
            panel.dot(at, DOT, Ink::series(3));
        }
        Is::Open => {
            panel.disc(at, DOT - 5, Ink::Paper);
            panel.ring(at, DOT - 5, Ink::series(2));
        }
        Is::Beaten => panel.disc(at, DOT - 20, Ink::Axis),
        Is::Missing => panel.ring(at, DOT - 20, Ink::series(0)),
    }
}

/// The names of the points of the front, where they have room.
fn name(canvas: &Canvas, panel: &Panel, points: &[&Point]) {
    let front: Vec<&&Point> = points.iter().filter(|p| p.is == Is::Front).collect();
    if front.len() > NAMED {
        return;
    }
    let at = |point: &Point| panel.at((point.x.mean, point.y.mean));
    let style = Style::NOTE.ink(Ink::name(3)).halo();
    let dots: Vec<Dot> = front
        .iter()
        .map(|point| Dot { at: at(point), size: (style.face.room(&point.name), 15.0) })
        .collect();
    let obstacle = |point: &&Point| Obstacle { area: Area::around(at(point), 5.0), weight: 20.0 };
    let bar = |point: &&&Point| {
        let (left, top) = panel.at((point.x.low, point.y.high));
        let (right, bottom) = panel.at((point.x.high, point.y.low));
        let (x, y) = at(point);
        let bars = [(left, y - 2.0, right, y + 2.0), (x - 2.0, top, x + 2.0, bottom)];
        bars.map(|(left, top, right, bottom)| Obstacle {
            area: Area { left, top, right, bottom },
            weight: 2.0,
        })
    };
    let bars = front.iter().flat_map(bar);
    let obstacles: Vec<Obstacle> = points.iter().map(obstacle).chain(bars).collect();
    let frame = panel.frame;
    let bounds =
        Area { left: frame.left, top: frame.top, right: frame.right, bottom: frame.bottom };
    for (area, point) in labels(&dots, &bounds, &obstacles).iter().zip(front) {
        canvas.text((area.left, area.bottom - 3.0), &point.name, style);
    }
}

/// What the marks are.
fn key(canvas: &Canvas, y: f64) {
    let radius = f64::from(DOT) / 10.0;
    let mut x = MARGIN + radius;
    for (is, text) in Is::ALL {
        let at = (x, y - 4.0);
        match is {
            Is::Front => canvas.dot(at, radius, Ink::series(3)),
            Is::Open => canvas.ring(at, radius - 0.5, Ink::series(2)),
            Is::Beaten => canvas.dot(at, radius - 2.0, Ink::Axis),
            Is::Missing => canvas.ring(at, radius - 2.0, Ink::series(0)),
        }
        canvas.text((x + 10.0, y), text, Style::NOTE);
        x += Style::NOTE.face.room(text) + 34.0;
    }
}
