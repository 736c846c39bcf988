//! How soon the work is done against how many attempts it took.
//!
//! Down and to the left is better on both. A client that did not finish has no
//! place on an axis of time: it stands apart, at its height, with what it served.

use super::canvas::{Anchor, Canvas, Header, MARGIN, Style};
use super::ink::{Dash, Ink, Pen};
use super::number::percent;
use super::panel::{Frame, Panel, gutter};
use super::place::{Area, Dot, Obstacle, along, labels, spread};
use super::scale::{Scale, Unit};
use super::{Chart, Estimate};

/// Width of the sheet in pixels.
const WIDTH: f64 = 880.0;
/// Height of the plot in pixels.
const PLOT: f64 = 336.0;
/// Radius of a dot in tenths of a pixel.
const DOT: u32 = 48;
/// The longest name that is written in full, in pixels.
const NAME: f64 = 190.0;
/// Beyond this ratio of the most to the least an axis is logarithmic.
const WIDE: f64 = 15.0;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct WorkTime {
    /// The finding.
    pub title: String,
    /// API, clients, seeds, and what the interval is.
    pub subtitle: String,
    /// What the horizontal axis is: `Time to 99% of calls served`.
    pub x_title: String,
    /// The unit of the horizontal axis.
    pub x_unit: XUnit,
    /// What the vertical axis is: `Attempts per run`.
    pub y_title: String,
    /// Where no client can do better, on the horizontal axis.
    pub floor: Option<Floor>,
    /// The clients, in the order that gives them their colours.
    pub clients: Vec<Client>,
}

/// What the horizontal axis counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XUnit {
    /// Seconds.
    Seconds,
    /// Shares of one, for open workloads, which have no completion time.
    Share,
}

/// A bound that no client can pass.
#[derive(Clone, Debug)]
pub struct Floor {
    /// Where, in the unit of the horizontal axis.
    pub at: f64,
    /// What it says: `no client can be sooner: 150 s, chain 16/s per token`.
    pub text: String,
}

/// One client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Its place on the horizontal axis; `None` when it did not finish.
    pub x: Option<Estimate>,
    /// Attempts per run.
    pub attempts: Estimate,
    /// Calls served ÷ calls made, of one.
    pub served: f64,
}

/// A client that can be drawn, with its place in the palette.
type Placed<'a> = (usize, &'a Client, Estimate);

impl WorkTime {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        let (done, undone) = self.parted();
        let (x, y) = (self.x_scale(&done), self.y_scale());
        let strip = strip_width(&undone);
        let floor_room = if self.floor.is_some() { 20.0 } else { 0.0 };
        let top = canvas.top() + 28.0 + floor_room;
        let frame =
            Frame { left: gutter(&y), right: WIDTH - MARGIN - strip, top, bottom: top + PLOT };
        let y_title = axis_title(&self.y_title, &y, Unit::Number);
        let x_title = axis_title(&self.x_title, &x, Unit::Time);
        let mut panel = Panel::new(&canvas, frame, x, y);
        panel.title(&y_title, 12.0 + floor_room);
        panel.grid();
        panel.ticks(&x_title);
        let mut taken = Vec::new();
        if let Some(floor) = &self.floor {
            taken.extend(draw_floor(&canvas, &panel, floor));
        }
        draw_crosses(&mut panel, &done);
        label_dots(&canvas, &panel, &done, taken);
        if done.is_empty() {
            say_nobody(&canvas, &panel, self.floor.as_ref());
        }
        draw_strip(&canvas, &panel, &undone, strip);
        let height = panel.frame.bottom + 56.0;
        drop(panel);
        canvas.finish("work-time", height, &self.description())
    }

    /// The clients that finished and those that did not.
    fn parted(&self) -> (Vec<Placed<'_>>, Vec<(usize, &Client)>) {
        let (mut done, mut undone) = (Vec::new(), Vec::new());
        for (index, client) in self.clients.iter().enumerate() {
            if !client.attempts.is_finite() {
                continue;
            }
            match client.x.filter(Estimate::is_finite) {
                Some(x) => done.push((index, client, x)),
                None => undone.push((index, client)),
            }
        }
        (done, undone)
    }

    fn x_scale(&self, done: &[Placed]) -> Scale {
        let ends = done.iter().flat_map(|(_, _, x)| [x.low, x.high]);
        let floor = self.floor.iter().map(|floor| floor.at);
        let values: Vec<f64> = ends.chain(floor).filter(|at| at.is_finite()).collect();
        match self.x_unit {
            XUnit::Seconds => fitted(&values, Unit::Time, 7, 0.06),
            XUnit::Share => {
                let scale = fitted(&values, Unit::Share, 6, 0.06);
                Scale::within(scale.from, scale.to.min(1.0), 6, Unit::Share)
            }
        }
    }

    fn y_scale(&self) -> Scale {
        let attempts = self.clients.iter().map(|client| client.attempts);
        let ends =
            attempts.filter(Estimate::is_finite).flat_map(|estimate| [estimate.low, estimate.high]);
        let values: Vec<f64> = ends.collect();
        let (least, most) = ends_of(&values);
        if most - least > 0.3 * most && most < WIDE * least {
            return Scale::from_zero(most * 1.04, 5, Unit::Number);
        }
        fitted(&values, Unit::Number, 6, 0.15)
    }

    fn description(&self) -> String {
        let each = |client: &Client| {
            let attempts = super::number::count(client.attempts.mean);
            let x = match (client.x, self.x_unit) {
                (Some(x), XUnit::Seconds) => super::number::duration(x.mean),
                (Some(x), XUnit::Share) => percent(x.mean),
                (None, _) => format!("not finished, {} served", percent(client.served)),
            };
            format!("{}: {x}, {attempts} attempts", client.name)
        };
        let clients: Vec<String> = self.clients.iter().map(each).collect();
        let floor = self.floor.iter().map(|floor| format!(" {}.", floor.text));
        format!(
            "{}. {} against {}: {}.{}",
            self.subtitle,
            self.y_title,
            self.x_title,
            clients.join("; "),
            floor.collect::<String>()
        )
    }
}

/// The least and the most; zero and one of nothing.
fn ends_of(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least <= most { (least, most) } else { (0.0, 1.0) }
}

/// An axis that holds `values` with a `margin` of their span on either side;
/// logarithmic when they differ by more than [`WIDE`] times.
fn fitted(values: &[f64], unit: Unit, ticks: usize, margin: f64) -> Scale {
    let (least, most) = ends_of(values);
    if unit != Unit::Share && least > 0.0 && most > WIDE * least {
        return Scale::decades(least * 0.95, most * 1.05, unit);
    }
    let room = (margin * (most - least)).max(0.01 * most.abs()).max(1e-6);
    let from = least - room;
    // A range that begins near zero might as well begin there.
    let from = if from < 0.15 * most { 0.0 } else { from };
    Scale::within(from, most + room, ticks, unit)
}

/// The title of an axis with what a reader would not expect of it.
fn axis_title(title: &str, scale: &Scale, unit: Unit) -> String {
    if scale.log {
        format!("{title} (log scale)")
    } else if scale.from > 0.0 && unit == Unit::Number {
        format!("{title} (the axis does not start at 0)")
    } else {
        title.to_owned()
    }
}

/// The bound: a dashed line from over the plot to its foot, its words beside its
/// head. Gives the area that labels must leave free.
fn draw_floor(canvas: &Canvas, panel: &Panel, floor: &Floor) -> Option<Obstacle> {
    if !floor.at.is_finite() {
        return None;
    }
    let frame = panel.frame;
    let (x, _) = panel.at((floor.at, panel.y.from));
    let x = x.floor() + 0.5;
    let line = [(x, frame.top - 18.0), (x, frame.bottom)];
    canvas.line(&line, Pen::solid(Ink::Text).dashed(Dash::Limit), 1.2);
    let style = Style::NOTE.ink(Ink::Text);
    let room = style.face.room(&floor.text);
    let right = WIDTH - MARGIN;
    let (place, anchor, limit) = if x + 7.0 + room <= right || x - MARGIN < right - x {
        (x + 7.0, Anchor::Start, right - x - 7.0)
    } else {
        (x - 7.0, Anchor::End, x - 7.0 - MARGIN)
    };
    let text = style.face.fit(&floor.text, limit);
    canvas.text((place, frame.top - 8.0), &text, style.anchor(anchor));
    Some(Obstacle {
        area: Area { left: x - 3.0, top: frame.top, right: x + 3.0, bottom: frame.bottom },
        weight: 4.0,
    })
}

/// Says that the plot is empty because nobody finished, right of the bound.
fn say_nobody(canvas: &Canvas, panel: &Panel, floor: Option<&Floor>) {
    let left = floor.map_or(panel.frame.left, |floor| panel.at((floor.at, 0.0)).0);
    let middle = f64::midpoint(left, panel.frame.right);
    let style = Style::NOTE.anchor(Anchor::Middle).halo();
    let at = (middle, panel.frame.top + PLOT / 2.0);
    canvas.text(at, "no client finished its work", style);
}

/// The intervals of all clients, then their dots.
fn draw_crosses(panel: &mut Panel, done: &[Placed]) {
    for &(index, client, x) in done {
        let y = client.attempts;
        let pen = Pen::solid(Ink::series(index)).faint(70);
        panel.line(&[(x.low, y.mean), (x.high, y.mean)], pen);
        panel.line(&[(x.mean, y.low), (x.mean, y.high)], pen);
    }
    for &(index, client, x) in done {
        panel.dot((x.mean, client.attempts.mean), DOT, Ink::series(index));
    }
}

/// The name of each dot beside it, off all that is drawn, with a thin line to
/// the dot where there is no room near it.
fn label_dots(canvas: &Canvas, panel: &Panel, done: &[Placed], mut taken: Vec<Obstacle>) {
    let frame = panel.frame;
    let bounds = Area {
        left: frame.left + 3.0,
        top: frame.top - 6.0,
        right: frame.right + 6.0,
        bottom: frame.bottom - 4.0,
    };
    for &(_, client, x) in done {
        let y = client.attempts;
        let dot = panel.at((x.mean, y.mean));
        let from = panel.at((x.low, y.high));
        let to = panel.at((x.high, y.low));
        let bar = |left, top, right, bottom| Area { left, top, right, bottom };
        taken.push(Obstacle { area: Area::around(dot, 8.0), weight: 8.0 });
        let across = bar(from.0, dot.1 - 1.5, to.0, dot.1 + 1.5);
        let upright = bar(dot.0 - 1.5, from.1, dot.0 + 1.5, to.1);
        taken.extend([across, upright].map(|area| Obstacle { area, weight: 2.0 }));
    }
    let names = done.iter().map(|(_, client, _)| Style::NAME.face.fit(&client.name, NAME));
    let names: Vec<String> = names.collect();
    let dots = done.iter().zip(&names).map(|((_, client, x), name)| Dot {
        at: panel.at((x.mean, client.attempts.mean)),
        size: (Style::NAME.face.room(name), 16.0),
    });
    let dots: Vec<Dot> = dots.collect();
    let areas = labels(&dots, &bounds, &taken);
    for ((&(index, ..), name), (dot, area)) in done.iter().zip(&names).zip(dots.iter().zip(areas)) {
        let end = area.nearest(dot.at);
        if along(dot.at, end).len() > 2 {
            canvas.line(&[dot.at, end], Pen::solid(Ink::series(index)), 0.8);
            canvas.dot(dot.at, f64::from(DOT) / 10.0, Ink::series(index));
        }
        let style = Style::NAME.ink(Ink::name(index)).halo();
        // A name left of its dot ends there, however wide the reader's font.
        let (anchor, at) = if area.right <= dot.at.0 {
            (Anchor::End, area.right)
        } else {
            (Anchor::Start, area.left)
        };
        canvas.text((at, area.top + 12.5), name, style.anchor(anchor));
    }
}

/// The width of the strip for the clients that did not finish.
fn strip_width(undone: &[(usize, &Client)]) -> f64 {
    let widths = undone.iter().map(|(_, client)| {
        let name = Style::NAME.face.room(&client.name).min(NAME);
        name.max(Style::NOTE.face.room(&served(client)))
    });
    match widths.fold(0.0, f64::max) {
        0.0 => 0.0,
        widest => (widest + 60.0).max(130.0),
    }
}

fn served(client: &Client) -> String {
    format!("{} served", percent(client.served))
}

/// The clients that did not finish, each at its height: an open circle.
fn draw_strip(canvas: &Canvas, panel: &Panel, undone: &[(usize, &Client)], width: f64) {
    if undone.is_empty() {
        return;
    }
    let frame = panel.frame;
    let (left, right) = (WIDTH - MARGIN - width + 18.0, WIDTH - MARGIN);
    let band = Pen::solid(Ink::Grid).faint(45);
    canvas.rectangle((left, frame.top), (right, frame.bottom), band);
    let middle = f64::midpoint(left, right);
    let style = Style::NOTE.anchor(Anchor::Middle);
    canvas.text((middle, frame.bottom + 17.5), "did not finish", style);

    let heights: Vec<f64> =
        undone.iter().map(|(_, client)| panel.at((panel.x.from, client.attempts.mean)).1).collect();
    let labels = spread(&heights, 36.0, frame.top + 16.0, frame.bottom - 28.0);
    for ((&(index, client), &height), &label) in undone.iter().zip(&heights).zip(&labels) {
        let (x, words) = (left + 14.0, left + 28.0);
        let estimate = client.attempts;
        let ends =
            [estimate.low, estimate.high].map(|attempts| (x, panel.at((panel.x.from, attempts)).1));
        canvas.line(&ends, Pen::solid(Ink::series(index)).faint(70), 1.8);
        if (height - label).abs() > 6.0 {
            let leader = [(x, height), (words - 3.0, label)];
            canvas.line(&leader, Pen::solid(Ink::series(index)), 0.8);
        }
        canvas.ring((x, height), 4.4, Ink::series(index));
        let style = Style::NAME.ink(Ink::name(index));
        canvas.beside((words, label), &style.face.fit(&client.name, NAME), style);
        canvas.beside((words, label + 15.5), &served(client), Style::NOTE);
    }
}
