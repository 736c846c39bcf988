//! Who got through: Lorenz curves, with Jain's and Gini's indices beside them.

use super::Chart;
use super::canvas::{Anchor, Canvas, Header, MARGIN, Style};
use super::ink::{Dash, Ink, Pen};
use super::number::decimal;
use super::panel::{Frame, Panel, gutter};
use super::reduce::{Value, hides};
use super::scale::{Scale, Tick};

/// Width of the sheet in pixels.
const WIDTH: f64 = 830.0;
/// Width and height of the plot in pixels: a Lorenz curve is read in a square.
const PLOT: f64 = 390.0;
/// Height of a row of the table in pixels.
const ROW: f64 = 26.0;
/// Width of a column of numbers in pixels.
const COLUMN: f64 = 62.0;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Fairness {
    /// The finding.
    pub title: String,
    /// API, clients, seeds.
    pub subtitle: String,
    /// What is shared out, on the vertical axis: `Share of admitted requests`.
    pub y_title: String,
    /// Among whom, on the horizontal axis: `Share of clients`.
    pub x_title: String,
    /// The retry strategies, in the order that gives them their colours.
    pub clients: Vec<Client>,
    /// What clients that are alike in all would show, by chance alone.
    pub chance: Option<Curve>,
}

/// One strategy.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// How evenly its clients were served.
    pub curve: Curve,
}

/// How evenly something is shared out.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Lorenz curve: share of clients, least served first, and their share of
    /// what was served; both of one, rising from (0, 0) to (1, 1).
    pub lorenz: Vec<(f64, f64)>,
    /// Jain's index: 1 when all are served alike, 1/n when one takes all.
    pub jain: f64,
    /// Gini's coefficient: 0 when all are served alike.
    pub gini: f64,
}

/// A row of the table.
struct Row<'a> {
    name: &'a str,
    ink: Ink,
    sample: Pen,
    curve: &'a Curve,
    note: Option<String>,
}

impl Fairness {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        let axis = quarters();
        let (left, top) = (gutter(&axis), canvas.top() + 28.0);
        let frame = Frame { left, right: left + PLOT, top, bottom: top + PLOT };
        let mut panel = Panel::new(&canvas, frame, axis.clone(), axis);
        panel.grid();
        panel.title(&self.y_title, 12.0);
        panel.ticks(&self.x_title);
        panel.thin(&[(0.0, 0.0), (1.0, 1.0)], Pen::solid(Ink::Axis));
        if let Some(chance) = &self.chance {
            panel.thin(&curve(chance), Pen::solid(Ink::Muted).dashed(Dash::Limit));
        }
        for (index, client) in self.clients.iter().enumerate().rev() {
            panel.line(&curve(&client.curve), Pen::series(index));
        }
        let right = panel.frame.right;
        let bottom = self.table(&canvas, right + 44.0, top + 12.0);
        let height = bottom.max(panel.frame.bottom + 56.0);
        drop(panel);
        canvas.finish("fairness", height, &self.description())
    }

    /// The table at the right; gives its lower end.
    fn table(&self, canvas: &Canvas, left: f64, top: f64) -> f64 {
        let right = WIDTH - MARGIN;
        let style = Style::NOTE.anchor(Anchor::End);
        for (column, title) in ["Jain", "Gini"].into_iter().rev().enumerate() {
            canvas.text((right - COLUMN * column as f64, top), title, style);
        }
        let (words, room) = (left + 24.0, right - 2.0 * COLUMN + 8.0 - left - 24.0);
        let mut y = top;
        for row in self.rows() {
            y += ROW;
            let muted = row.ink == Ink::Muted;
            let sample = [(left, y - 4.5), (left + 17.0, y - 4.5)];
            canvas.line(&sample, row.sample, if muted { 1.2 } else { 2.4 });
            let name = if muted { Style::NOTE } else { Style::NAME.ink(row.ink) };
            canvas.text((words, y), &name.face.fit(row.name, room), name);
            let value =
                Style::TICK.ink(if muted { Ink::Muted } else { Ink::Text }).anchor(Anchor::End);
            canvas.text((right - COLUMN, y), &decimal(row.curve.jain, 3), value);
            canvas.text((right, y), &decimal(row.curve.gini, 3), value);
            if let Some(note) = row.note {
                y += 15.5;
                let note = Style::NOTE.face.fit(&note, right - words);
                canvas.text((words, y), &note, Style::NOTE);
            }
        }
        y += ROW + 6.0;
        let sample = [(left, y - 4.5), (left + 17.0, y - 4.5)];
        canvas.line(&sample, Pen::solid(Ink::Axis), 1.2);
        canvas.text((words, y), "all served alike: Jain 1, Gini 0", Style::NOTE);
        y + MARGIN
    }

    /// The clients, the fairest first, then chance; a curve that another hides
    /// says by which.
    fn rows(&self) -> Vec<Row<'_>> {
        let drawn = |client: &Client| -> Vec<Value> {
            let line = curve(&client.curve);
            line.into_iter().map(|(x, y)| (x * PLOT, y * PLOT)).collect()
        };
        let mut rows = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            let mut before = self.clients[..index].iter();
            let over = before.find(|over| hides(&drawn(client), &drawn(over)));
            rows.push(Row {
                name: &client.name,
                ink: Ink::name(index),
                sample: Pen::series(index),
                curve: &client.curve,
                note: over.map(|over| format!("curve same as {}", over.name)),
            });
        }
        rows.sort_by(|a: &Row, b: &Row| b.curve.jain.total_cmp(&a.curve.jain));
        rows.extend(self.chance.iter().map(|chance| Row {
            name: "alike clients, by chance",
            ink: Ink::Muted,
            sample: Pen::solid(Ink::Muted).dashed(Dash::Limit),
            curve: chance,
            note: None,
        }));
        rows
    }

    fn description(&self) -> String {
        let each = |row: Row| {
            let (jain, gini) = (decimal(row.curve.jain, 3), decimal(row.curve.gini, 3));
            format!("{}: Jain {jain}, Gini {gini}", row.name)
        };
        let rows: Vec<String> = self.rows().into_iter().map(each).collect();
        format!("{}. Lorenz curves. {}.", self.subtitle, rows.join("; "))
    }
}

/// The points of a Lorenz curve that have a place on the sheet.
fn curve(curve: &Curve) -> Vec<Value> {
    let finite = |point: &&Value| point.0.is_finite() && point.1.is_finite();
    curve.lorenz.iter().filter(finite).copied().collect()
}

/// An axis of all shares, which is read by quarters.
fn quarters() -> Scale {
    let tick = |quarter: u8| Tick {
        at: f64::from(quarter) / 4.0,
        first: true,
        text: format!("{}%", u32::from(quarter) * 25),
    };
    Scale { from: 0.0, to: 1.0, log: false, ticks: (0..=4).map(tick).collect() }
}
