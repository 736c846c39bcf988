//! The share of attempts answered 429, a dot and its interval for each client.

use super::canvas::{Anchor, Canvas, Header, MARGIN, Style};
use super::ink::{Ink, Pen};
use super::number::percent;
use super::panel::{Frame, Panel};
use super::scale::{Scale, Unit};
use super::{Chart, Estimate};

/// Width of the sheet in pixels.
const WIDTH: f64 = 760.0;
/// Height of a client's row in pixels.
const ROW: f64 = 34.0;
/// The most that a name may take, in pixels.
const NAMES: f64 = 210.0;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Throttled {
    /// The finding.
    pub title: String,
    /// API, clients, seeds, and what the interval is.
    pub subtitle: String,
    /// The clients, in the order that gives them their colours.
    pub clients: Vec<Client>,
}

/// One client's share.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Attempts rejected ÷ attempts made, of one.
    pub share: Estimate,
}

impl Throttled {
    /// Draws it: the most throttled client first.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        let rows = self.sorted();
        let values: Vec<String> = rows.iter().map(|&(_, client)| value(client.share)).collect();

        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let names = widest(&mut rows.iter().map(|(_, client)| Style::NAME.face.room(&client.name)));
        let numbers = widest(&mut values.iter().map(|value| Style::TICK.face.room(value)));
        let top = canvas.top() + 30.0;
        let frame = Frame {
            left: MARGIN + names.min(NAMES) + 12.0,
            right: WIDTH - MARGIN - numbers - 16.0,
            top,
            bottom: top + ROW * rows.len().max(1) as f64,
        };
        let most = rows.iter().map(|(_, client)| client.share.high).fold(0.0, f64::max);
        let x = Scale::from_zero(most, 5, Unit::Share);
        let y = Scale { from: rows.len().max(1) as f64, to: 0.0, log: false, ticks: Vec::new() };
        let mut panel = Panel::new(&canvas, frame, x, y);
        panel.title("Attempts answered 429", 12.0);
        panel.columns();
        for (row, ((index, client), value)) in rows.iter().zip(&values).enumerate() {
            draw_row(&canvas, &mut panel, row, (*index, client), value);
        }
        let height = panel.frame.bottom + 40.0;
        drop(panel);
        canvas.finish("throttled", height, &self.description(&rows))
    }

    /// The clients that can be drawn, by falling share, each with its place.
    fn sorted(&self) -> Vec<(usize, &Client)> {
        let mut rows: Vec<(usize, &Client)> = self.clients.iter().enumerate().collect();
        rows.retain(|(_, client)| client.share.is_finite());
        rows.sort_by(|a, b| b.1.share.mean.total_cmp(&a.1.share.mean));
        rows
    }

    fn description(&self, rows: &[(usize, &Client)]) -> String {
        let each: Vec<String> = rows
            .iter()
            .map(|(_, client)| format!("{} {}", client.name, value(client.share)))
            .collect();
        format!("{}. Share of attempts answered 429: {}.", self.subtitle, each.join("; "))
    }
}

/// One client: its name, its row's line, its interval and its dot, its value.
fn draw_row(
    canvas: &Canvas,
    panel: &mut Panel,
    row: usize,
    (index, client): (usize, &Client),
    value: &str,
) {
    let y = row as f64 + 0.5;
    let share = client.share;
    let frame = panel.frame;
    let (_, height) = panel.at((0.0, y));
    let name = Style::NAME.ink(Ink::name(index)).anchor(Anchor::End);
    let shown = name.face.fit(&client.name, NAMES);
    canvas.beside((frame.left - 12.0, height), &shown, name);
    let line = [(frame.left, height), (frame.right, height)];
    canvas.line(&line, Pen::solid(Ink::Grid), 1.0);
    let pen = Pen::solid(Ink::series(index));
    panel.line(&[(share.low, y), (share.high, y)], pen);
    for end in [share.low, share.high] {
        let (x, height) = panel.at((end, y));
        canvas.line(&[(x, height - 4.0), (x, height + 4.0)], pen, 1.4);
    }
    panel.disc((share.mean, y), 45, Ink::series(index));
    let style = Style::TICK.ink(Ink::Text);
    canvas.beside((frame.right + 16.0, height), value, style);
}

/// A share and, where it has one, its interval: `68.1% (66–70.2)`.
fn value(share: Estimate) -> String {
    let bare = |share| percent(share).trim_end_matches('%').to_owned();
    let (low, high) = (bare(share.low.max(0.0)), bare(share.high.min(1.0)));
    if low == high {
        percent(share.mean)
    } else {
        format!("{} ({low}–{high})", percent(share.mean))
    }
}
