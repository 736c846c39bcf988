//! How long calls take: the share of all calls served within each span.
//!
//! A call that is never served is counted, so that the curve of a client that
//! drops calls ends below 100 %, where others would have left it out.

use super::Chart;
use super::canvas::{Canvas, Header};
use super::ink::{Ink, Pen};
use super::key::{self, Entry};
use super::number::{duration, percent};
use super::panel::{Frame, Panel, gutter};
use super::reduce::{Value, hides};
use super::scale::{Scale, Unit};

/// Width of the sheet in pixels.
const WIDTH: f64 = 880.0;
/// What the key is sorted by, and what the dots are.
const HEADING: &str = "by p95; dots: p50, p95, p99";
/// A share so small at the left of a curve is not worth an axis.
const TAIL: f64 = 0.02;
/// The least height of the plot in pixels.
const PLOT: f64 = 336.0;
/// Radius of the dot of a quantile in tenths of a pixel.
const DOT: u32 = 42;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Wait {
    /// The finding.
    pub title: String,
    /// API, clients, seeds, and from when a wait counts.
    pub subtitle: String,
    /// The clients, in the order that gives them their colours.
    pub clients: Vec<Client>,
}

/// One client's waits.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Seconds, and the share of *all* calls served within them, of one; both
    /// rising. Calls never served are in no point.
    pub curve: Vec<(f64, f64)>,
    /// Seconds within which half of all calls are served; `None` when they never
    /// are.
    pub p50: Option<f64>,
    /// The same for 95 %.
    pub p95: Option<f64>,
    /// The same for 99 %.
    pub p99: Option<f64>,
    /// Calls served ÷ calls made, of one.
    pub served: f64,
}

impl Client {
    /// Each quantile with its share and its name.
    fn quantiles(&self) -> [(f64, &'static str, Option<f64>); 3] {
        [(0.5, "p50", self.p50), (0.95, "p95", self.p95), (0.99, "p99", self.p99)]
    }
}

impl Wait {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        let x = self.time();
        let y = Scale::from_zero(1.0, 5, Unit::Share);
        let entries = self.entries();
        let top = canvas.top() + 28.0;
        let key = key::width(HEADING, &entries);
        let frame = Frame {
            left: gutter(&y),
            right: WIDTH - key - 24.0,
            top,
            bottom: top + PLOT.max(key::height(&entries) - 26.0),
        };
        let mut panel = Panel::new(&canvas, frame, x, y);
        panel.grid();
        panel.title("Share of all calls served within t", 12.0);
        panel.ticks("Time t since the call was meant to start (log scale)");
        for (index, client) in self.clients.iter().enumerate().rev() {
            draw_curve(&mut panel, index, client);
        }
        for (index, client) in self.clients.iter().enumerate().rev() {
            draw_dots(&mut panel, index, client);
        }
        let (right, bottom) = (panel.frame.right, panel.frame.bottom);
        drop(panel);
        key::draw(&canvas, (right + 16.0, top + 8.0), key, HEADING, &entries);
        canvas.finish("wait", bottom + 56.0, &self.description())
    }

    /// The time axis: from the first span that matters to the last.
    fn time(&self) -> Scale {
        let spans = self.clients.iter().flat_map(|client| {
            let quantiles = client.quantiles().into_iter().filter_map(|(_, _, span)| span);
            let curve = drawable(client).into_iter().filter(|(_, share)| *share >= TAIL);
            curve.map(|(span, _)| span).chain(quantiles)
        });
        let spans: Vec<f64> = spans.filter(|span| *span > 0.0 && span.is_finite()).collect();
        if spans.is_empty() {
            return Scale::decades(0.1, 10.0, Unit::Time);
        }
        let least = spans.iter().copied().fold(f64::INFINITY, f64::min);
        let most = spans.iter().copied().fold(0.0, f64::max);
        Scale::decades(least, most, Unit::Time)
    }

    /// The key, the soonest client first.
    fn entries(&self) -> Vec<Entry<'_>> {
        let mut order: Vec<usize> = (0..self.clients.len()).collect();
        let rank = |index: usize| {
            let client = &self.clients[index];
            (client.p95.unwrap_or(f64::INFINITY), -client.served)
        };
        order.sort_by(|&a, &b| {
            let (a, b) = (rank(a), rank(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let x = self.time();
        let decades = x.place(x.to) - x.place(x.from);
        let drawn = |client: &Client| -> Vec<Value> {
            let width = WIDTH / decades;
            let points = drawable(client).into_iter();
            points.map(|(span, share)| (x.place(span) * width, share * PLOT)).collect()
        };
        let entry = |index: usize| {
            let client = &self.clients[index];
            let mut notes = vec![numbers(client)];
            if client.served < 1.0 {
                notes.push(format!("{} never served", percent(1.0 - client.served)));
            }
            let mut before = self.clients[..index].iter();
            let over = before.find(|over| hides(&drawn(client), &drawn(over)));
            notes.extend(over.map(|over| format!("same as {}", over.name)));
            Entry { index, name: &client.name, notes }
        };
        order.into_iter().map(entry).collect()
    }

    fn description(&self) -> String {
        let each = |client: &Client| {
            let served = percent(client.served);
            format!("{}: {}, {served} served", client.name, numbers(client))
        };
        let clients: Vec<String> = self.clients.iter().map(each).collect();
        format!(
            "{}. Share of all calls served within a span of time. {}.",
            self.subtitle,
            clients.join("; ")
        )
    }
}

/// The points of a curve that have a place on the sheet.
fn drawable(client: &Client) -> Vec<Value> {
    let drawable = |point: &&Value| point.0.is_finite() && point.1.is_finite();
    client.curve.iter().filter(drawable).copied().collect()
}

/// `p50 1.2 s · p95 30 s · p99 –`.
fn numbers(client: &Client) -> String {
    let each = |(_, name, span): (f64, &str, Option<f64>)| {
        format!("{name} {}", span.map_or("–".to_owned(), duration))
    };
    client.quantiles().map(each).join(" · ")
}

/// The curve, held at its last share to the right edge.
///
/// Calls served sooner than the axis begins have no place on it: the curve
/// starts at their share. Where there are none it starts at nothing.
fn draw_curve(panel: &mut Panel, index: usize, client: &Client) {
    let (from, to) = (panel.x.from, panel.x.to);
    let all = drawable(client);
    let (early, late) = all.split_at(all.partition_point(|&(span, _)| span <= from));
    let start = early.last().map_or(0.0, |&(_, share)| share);
    let mut points = vec![(from, start)];
    if early.is_empty() {
        points.extend(late.first().map(|&(span, _)| (span, 0.0)));
    }
    points.extend(late);
    let last = points.last().map_or(start, |&(_, share)| share);
    points.push((to, last));
    panel.line(&points, Pen::series(index));
}

/// The quantiles of a curve, and its end where it does not reach all.
fn draw_dots(panel: &mut Panel, index: usize, client: &Client) {
    for (share, _, span) in client.quantiles() {
        if let Some(span) = span.filter(|span| span.is_finite()) {
            panel.dot((panel.x.clamp(span), share), DOT, Ink::series(index));
        }
    }
    if client.served < 1.0
        && let Some(&(_, last)) = drawable(client).last()
    {
        panel.ring((panel.x.to, last.clamp(0.0, 1.0)), DOT, Ink::series(index));
    }
}
