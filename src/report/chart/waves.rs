//! When each client sends, and what comes of it: a dot for each attempt, one
//! plot a policy, one row a client. Clients that come back together make a
//! vertical stripe.

use super::Chart;
use super::canvas::{Anchor, Canvas, Header, MARGIN, Style, tenths};
use super::ink::{Ink, Pen};
use super::number::count;
use super::panel::{Frame, Panel};
use super::rate::Phase;
use super::scale::{Scale, Unit};

/// Width of the sheet in pixels.
const WIDTH: f64 = 880.0;
/// How many columns of time the plots are wide enough for: two pixels each.
pub const COLUMNS: usize = 416;
/// Height of all plots together, in pixels; each has at least and at most so much.
const HEIGHT: f64 = 400.0;
const LEAST: f64 = 60.0;
const MOST: f64 = 130.0;
/// Height of the name over a plot, with the space above it.
const NAME: f64 = 34.0;
/// The least height of a row in pixels.
const ROW: f64 = 1.6;
/// The largest dot's width in pixels.
const DOT: f64 = 3.2;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Waves {
    /// The finding.
    pub title: String,
    /// API, clients, which seed.
    pub subtitle: String,
    /// Whose attempts: `Attempts of 200 clients, a row each`.
    pub rows_text: String,
    /// What a dot stands for: `A dot is one attempt.`
    pub note: String,
    /// Width of a column in seconds.
    pub width: f64,
    /// How many columns the longest run has.
    pub columns: usize,
    /// How many rows a plot has.
    pub rows: usize,
    /// Stretches of time that explain what is seen.
    pub phases: Vec<Phase>,
    /// The policies, in the order of the comparison.
    pub clients: Vec<Client>,
}

/// What came of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// Answered, and not with an error.
    Admitted,
    /// Refused by a limit.
    Refused,
    /// Answered 5xx, or not at all.
    Failed,
}

impl Fate {
    /// In the order of the legend.
    const ALL: [Fate; 3] = [Fate::Admitted, Fate::Refused, Fate::Failed];

    /// Of the dot, and of words about it.
    fn inks(self) -> (Ink, Ink) {
        match self {
            Fate::Admitted => (Ink::Admitted, Ink::name(2)),
            Fate::Failed => (Ink::Text, Ink::Text),
            Fate::Refused => (Ink::series(0), Ink::name(0)),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Fate::Admitted => "admitted",
            Fate::Failed => "failed: 5xx or no answer",
            Fate::Refused => "refused",
        }
    }
}

/// A field of a plot in which something was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Dot {
    /// Which column, from the left.
    pub column: u32,
    /// Which row, from the top.
    pub row: u32,
    /// What came of most of its attempts.
    pub fate: Fate,
}

/// One policy.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// The numbers that matter: `4 attempts per call · 75% refused`.
    pub note: String,
    /// Its dots.
    pub dots: Vec<Dot>,
}

/// The height of each of so many plots, in pixels.
fn height_of(plots: usize) -> f64 {
    (HEIGHT / plots.max(1) as f64).floor().clamp(LEAST, MOST)
}

/// How many rows each of so many plots has room for.
#[must_use]
pub fn rows_for(plots: usize) -> usize {
    let mut rows = 1;
    while (rows + 1) as f64 * ROW <= height_of(plots) {
        rows += 1;
    }
    rows
}

impl Waves {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        self.legend(&canvas, canvas.top() + 14.0);
        let plots = self.clients.len();
        let height = height_of(plots);
        let mut top = canvas.top() + 14.0 + NAME;
        for (index, client) in self.clients.iter().enumerate() {
            let frame = Frame { left: MARGIN, right: WIDTH - MARGIN, top, bottom: top + height };
            self.draw(&canvas, frame, client, index + 1 == plots);
            top += height + NAME;
        }
        let bottom = top - if plots == 0 { 0.0 } else { NAME };
        let style = Style::NOTE;
        let mut y = bottom + 42.0;
        for line in style.face.wrap(&self.note, WIDTH - 2.0 * MARGIN, 2) {
            canvas.text((MARGIN, y), &line, style);
            y += 16.0;
        }
        canvas.finish("waves", y + 6.0, &self.description())
    }

    /// Whose rows these are, and at the right what each colour means.
    fn legend(&self, canvas: &Canvas, y: f64) {
        let mut x = WIDTH - MARGIN;
        let mut said: Vec<&str> = vec![];
        for phase in self.phases.iter().rev() {
            if !said.contains(&phase.text.as_str()) {
                said.push(&phase.text);
                x -= Style::NOTE.face.room(&phase.text);
                canvas.text((x, y), &phase.text, Style::NOTE);
                x -= 21.0;
                canvas.rectangle((x, y - 10.0), (x + 15.0, y + 1.5), Pen::solid(Ink::Grid));
                x -= 14.0;
            }
        }
        for fate in Fate::ALL.into_iter().rev().filter(|fate| self.has(*fate)) {
            let (dot, words) = fate.inks();
            let style = Style::NAME.ink(words);
            x -= style.face.room(fate.word());
            canvas.text((x, y), fate.word(), style);
            x -= 9.0;
            canvas.dot((x, y - 4.0), 3.2, dot);
            x -= 18.0;
        }
        let room = x - MARGIN;
        canvas.text((MARGIN, y), &Style::AXIS.face.fit(&self.rows_text, room), Style::AXIS);
    }

    fn has(&self, fate: Fate) -> bool {
        let mut dots = self.clients.iter().flat_map(|client| &client.dots);
        dots.any(|dot| dot.fate == fate)
    }

    /// One policy's plot, its name and numbers over it.
    fn draw(&self, canvas: &Canvas, frame: Frame, client: &Client, last: bool) {
        let columns = self.columns.max(1);
        let x = Scale::within(0.0, columns as f64 * self.width, 8, Unit::Time);
        let y = Scale { from: self.rows.max(1) as f64, to: 0.0, log: false, ticks: vec![] };
        let mut panel = Panel::new(canvas, frame, x, y);
        for phase in &self.phases {
            panel.band(phase.from, phase.to);
        }
        panel.verticals();
        panel.floor();
        if last {
            panel.ticks("");
        }
        let (left, right, top) = (panel.frame.left, panel.frame.right, panel.frame.top);
        let notes = Style::NOTE.anchor(Anchor::End);
        let note = notes.face.fit(&client.note, (right - left) * 0.62);
        canvas.text((right, top - 7.0), &note, notes);
        let room = right - left - notes.face.room(&note) - 12.0;
        let name = Style::NAME.face.fit(&client.name, room);
        canvas.text((left, top - 7.0), &name, Style::NAME);
        if client.dots.is_empty() {
            let middle = f64::midpoint(panel.frame.top, panel.frame.bottom);
            let at = (f64::midpoint(left, right), middle);
            canvas.beside(at, "no attempts", Style::NOTE.anchor(Anchor::Middle).halo());
        }
        for fate in Fate::ALL {
            let dots: Vec<Dot> =
                client.dots.iter().filter(|dot| dot.fate == fate).copied().collect();
            self.draw_dots(canvas, &panel, &dots, fate.inks().0);
        }
    }

    /// Dots of one colour; neighbours that touch are one stroke. A column that is
    /// wider than a dot is filled across: a gap would be a stripe of our making.
    fn draw_dots(&self, canvas: &Canvas, panel: &Panel, dots: &[Dot], ink: Ink) {
        if dots.is_empty() {
            return;
        }
        let frame = panel.frame;
        let across = (frame.right - frame.left) / self.columns.max(1) as f64;
        let down = (frame.bottom - frame.top - 2.0) / self.rows.max(1) as f64;
        let size = halved(down.min(1.5 * across.max(2.0)).min(DOT)).max(1.5);
        let touching = down <= 1.5 * size && across <= DOT;
        let (tall, wide) = (upright(dots, touching), level(dots));
        let stand = touching && tall.len() < wide.len();
        let runs = if stand { tall } else { wide };
        let place = |(from, to): (Dot, Dot)| {
            // Half of a stroke's width sticks out at its ends.
            let spare = halved(((across - size) / 2.0).max(0.0));
            let x = |column: u32| halved(frame.left + (f64::from(column) + 0.5) * across);
            let y = |row: u32| halved(frame.top + (f64::from(row) + 0.5) * down);
            let from_at = (x(from.column) - spare, y(from.row));
            let to_at = (x(to.column) + spare, y(to.row));
            (tenths(from_at), tenths(to_at))
        };
        canvas.runs(runs.into_iter().map(place).collect(), Pen::solid(ink), size);
    }

    fn description(&self) -> String {
        let each = |client: &Client| {
            let dots = count(client.dots.len() as f64);
            format!("{}: {}, {dots} dots", client.name, client.note)
        };
        let clients: Vec<String> = self.clients.iter().map(each).collect();
        let (rows, note) = (&self.rows_text, &self.note);
        format!("{}. {rows} over time. {note} {}.", self.subtitle, clients.join("; "))
    }
}

/// The nearest half of a pixel: dots that are all alike deflate better.
fn halved(at: f64) -> f64 {
    (at * 2.0).round() / 2.0
}

/// Dots joined with those under them, from the first to the last of each run.
fn upright(dots: &[Dot], touching: bool) -> Vec<(Dot, Dot)> {
    let mut sorted = dots.to_vec();
    sorted.sort_unstable_by_key(|dot| (dot.column, dot.row));
    let next =
        |a: &Dot, b: &Dot| touching && a.column == b.column && a.row.checked_add(1) == Some(b.row);
    sorted.chunk_by(next).map(|run| (run[0], run[run.len() - 1])).collect()
}

/// Dots joined with those beside them.
fn level(dots: &[Dot]) -> Vec<(Dot, Dot)> {
    let mut sorted = dots.to_vec();
    sorted.sort_unstable_by_key(|dot| (dot.row, dot.column));
    let next = |a: &Dot, b: &Dot| a.row == b.row && a.column.checked_add(1) == Some(b.column);
    sorted.chunk_by(next).map(|run| (run[0], run[run.len() - 1])).collect()
}
