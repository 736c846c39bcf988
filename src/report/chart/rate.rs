//! Admitted and rejected attempts over time, in two plots, one line a client.

use super::Chart;
use super::canvas::{Anchor, Canvas, Header, MARGIN, Style};
use super::ink::{Ink, Pen};
use super::key::{self, Entry};
use super::number::{count, figure, percent};
use super::panel::{Frame, Panel, gutter};
use super::reduce::{Value, envelope, hides, under};
use super::scale::{Scale, Unit};

/// Width of the sheet in pixels.
const WIDTH: f64 = 880.0;
/// What the key is sorted by.
const HEADING: &str = "429 share, whole run";
/// Height of the upper plot in pixels.
const UPPER: f64 = 150.0;
/// The least height of the lower plot in pixels.
const LOWER: f64 = 168.0;
/// A peak so many times the next one is not followed to its top.
const FAR: f64 = 4.0;
/// No more clients than this leave a plot: over it their rails have no room.
const MOST_OFF: usize = 3;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Rate {
    /// The finding.
    pub title: String,
    /// API, clients, seeds, width of a bin, and what the ribbon is.
    pub subtitle: String,
    /// Width of a bin in seconds; bin `i` begins at `i` × this.
    pub bin: f64,
    /// The rate that the API admits, if it has one.
    pub limit: Option<Limit>,
    /// Stretches of time that explain what is seen.
    pub phases: Vec<Phase>,
    /// The clients, in the order that gives them their colours.
    pub clients: Vec<Client>,
}

/// A rate that is not to be passed.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Requests per second.
    pub rate: f64,
    /// What it says: `limit 100/s`.
    pub text: String,
}

/// A stretch of time with a name: an outage, a burst of demand.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Its first second.
    pub from: f64,
    /// Its last second.
    pub to: f64,
    /// Its name.
    pub text: String,
}

/// One client's rates.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Attempts admitted per second.
    pub admitted: Band,
    /// Attempts rejected per second.
    pub throttled: Band,
    /// Attempts rejected ÷ attempts made over the whole run, of one.
    pub throttled_share: f64,
    /// Attempts admitted in the whole run.
    pub admitted_total: f64,
}

/// A rate per bin, over the seeds; the three are equally long.
#[derive(Clone, Debug, Default)]
pub struct Band {
    /// The median over the seeds, per second.
    pub median: Vec<f64>,
    /// The 5 % quantile.
    pub low: Vec<f64>,
    /// The 95 % quantile.
    pub high: Vec<f64>,
}

impl Band {
    fn peak(&self) -> f64 {
        highest(&self.median).max(highest(&self.high))
    }
}

/// Which of a client's rates a plot shows.
type Choice = fn(&Client) -> &Band;

/// A plot of one rate, before it is drawn.
struct Plan {
    title: &'static str,
    choice: Choice,
    y: Scale,
    /// What lies beyond the plot, for the reader to know.
    beyond: Option<String>,
}

impl Rate {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        let plans = [
            self.plan("Admitted requests/s", |client| &client.admitted, self.limit.as_ref()),
            self.plan("429 responses/s", |client| &client.throttled, None),
        ];
        let entries = self.entries(&plans);
        let key = key::width(HEADING, &entries);
        let left = gutter(&plans[0].y).max(gutter(&plans[1].y));
        let right = WIDTH - key - 21.0;
        let top = canvas.top() + 28.0;
        let (middle, x) = (top + UPPER + 56.0, self.time());
        let frame = |top, height| Frame { left, right, top, bottom: top + height };
        let first = self.draw(&canvas, frame(top, UPPER), x.clone(), &plans[0]);
        self.draw_limit(&canvas, &first);
        let height = LOWER.max(key::height(&entries) - 26.0);
        let second = self.draw(&canvas, frame(middle, height), x, &plans[1]);
        second.ticks("");
        self.name_phases(&canvas, &first, plans[0].choice);
        let at = (right + 13.0, middle + 8.0);
        key::draw(&canvas, at, key, HEADING, &entries);
        let bottom = second.frame.bottom;
        drop((first, second));
        canvas.finish("rate", bottom + 42.0, &self.description())
    }

    /// The time axis: as many bins as the longest series has.
    fn time(&self) -> Scale {
        let lengths =
            |client: &Client| client.admitted.median.len().max(client.throttled.median.len());
        let bins = self.clients.iter().map(lengths).max().unwrap_or(0);
        Scale::within(0.0, bins as f64 * self.bin, 8, Unit::Time)
    }

    /// The middle of each bin, in seconds.
    fn times(&self, bins: usize) -> Vec<f64> {
        (0..bins).map(|bin| (bin as f64 + 0.5) * self.bin).collect()
    }

    /// How high a plot goes. A client far above the others would press them all
    /// to the floor: its line leaves the plot, and the plot says how far it goes.
    fn plan(&self, title: &'static str, choice: Choice, limit: Option<&Limit>) -> Plan {
        let mut peaks: Vec<f64> = self.clients.iter().map(|client| choice(client).peak()).collect();
        peaks.sort_by(|a, b| b.total_cmp(a));
        let far = |&at: &usize| peaks[at] > FAR * peaks[at + 1] && peaks[at + 1] > 0.0;
        let cut = (0..(peaks.len() / 2).min(MOST_OFF)).rfind(far).map_or(0, |at| at + 1);
        let most = peaks.get(cut).copied().unwrap_or(0.0);
        // A limit that nobody comes near would do the same.
        let limit = limit.map(|limit| limit.rate).filter(|rate| *rate <= FAR * most || most <= 0.0);
        let y = Scale::from_zero((most * 1.03).max(limit.unwrap_or(0.0) * 1.12), 4, Unit::Number);
        let gone =
            self.clients.iter().map(|client| (highest(&choice(client).median), &client.name));
        let gone: Vec<String> = gone
            .filter(|(peak, _)| *peak > y.to)
            .map(|(peak, name)| format!("{name} peaks at {}/s", figure(peak)))
            .collect();
        let beyond = (!gone.is_empty()).then(|| format!("↑ off this axis: {}", gone.join(", ")));
        Plan { title, choice, y, beyond }
    }

    /// One plot with its bands, grid, ribbons and lines.
    fn draw<'a>(&self, canvas: &'a Canvas, frame: Frame, x: Scale, plan: &Plan) -> Panel<'a> {
        let mut panel = Panel::new(canvas, frame, x, plan.y.clone());
        for phase in &self.phases {
            panel.band(phase.from, phase.to);
        }
        panel.grid();
        panel.title(plan.title, 12.0);
        if let Some(text) = &plan.beyond {
            let style = Style::NOTE.anchor(Anchor::End);
            let room = panel.frame.right - MARGIN - Style::AXIS.face.room(plan.title) - 12.0;
            let at = (panel.frame.right, panel.frame.top - 12.0);
            canvas.text(at, &style.face.fit(text, room), style);
        }
        let range = (panel.x.from, panel.x.to);
        let columns = panel.columns_across();
        let top = panel.y.to;
        // Last to first: what the caller names first lies on top.
        for (index, client) in self.clients.iter().enumerate().rev() {
            let band = (plan.choice)(client);
            let edges = (band.low.as_slice(), band.high.as_slice());
            let (low, high) = envelope(&self.times(band.high.len()), edges, range, columns / 2);
            let held =
                |edge: Vec<Value>| edge.into_iter().map(|(x, y)| (x, y.clamp(0.0, top))).collect();
            let (low, high): (Vec<Value>, Vec<Value>) = (held(low), held(high));
            if low != high {
                panel.ribbon(&low, &high, Pen::solid(Ink::series(index)).faint(15));
            }
        }
        let mut rails = 0;
        for (index, client) in self.clients.iter().enumerate().rev() {
            let line = self.line((plan.choice)(client));
            for piece in under(&line, top) {
                panel.line(&piece, Pen::series(index));
            }
            rails += usize::from(draw_rail(canvas, &panel, index, &line, rails));
        }
        panel
    }

    /// The median of a band as a line.
    fn line(&self, band: &Band) -> Vec<Value> {
        let times = self.times(band.median.len());
        let all = times.into_iter().zip(band.median.iter().copied());
        all.filter(|(_, rate)| rate.is_finite()).collect()
    }

    fn draw_limit(&self, canvas: &Canvas, panel: &Panel) {
        let Some(limit) = &self.limit else { return };
        let style = Style::TICK.ink(Ink::Text);
        let right = panel.frame.right + 13.0;
        let room = WIDTH - 8.0 - right;
        let (height, lines) = if limit.rate <= panel.y.to {
            panel.limit(limit.rate);
            let (_, height) = panel.at((panel.x.to, limit.rate));
            (height, style.face.wrap(&limit.text, room, 3))
        } else {
            let text = format!("{}, above this axis", limit.text);
            (panel.frame.top, style.face.wrap(&text, room, 3))
        };
        for (line, text) in lines.iter().enumerate() {
            canvas.beside((right, height + 15.5 * line as f64), text, style);
        }
    }

    /// Writes the name of each phase into its band, where fewer lines pass; a
    /// name that a narrow band has no room for stands beside the first of them.
    fn name_phases(&self, canvas: &Canvas, panel: &Panel, choice: Choice) {
        let mut said: Vec<&str> = Vec::new();
        for phase in &self.phases {
            let (from, _) = panel.at((panel.x.clamp(phase.from), 0.0));
            let (to, _) = panel.at((panel.x.clamp(phase.to), 0.0));
            let fits = Style::NOTE.face.room(&phase.text) <= to - from - 6.0;
            if !fits && said.contains(&phase.text.as_str()) {
                continue;
            }
            said.push(&phase.text);
            let lines = self.clients.iter().flat_map(|client| self.line(choice(client)));
            let inside = lines.filter(|(time, _)| (phase.from..=phase.to).contains(time));
            let (low, high) = inside.fold((0_u32, 0_u32), |(low, high), (_, rate)| {
                let part = rate / panel.y.to;
                (low + u32::from(part < 0.2), high + u32::from(part > 0.8))
            });
            let height = if low > high { panel.frame.top + 15.0 } else { panel.frame.bottom - 8.0 };
            let style = Style::NOTE.halo();
            if fits {
                let at = (f64::midpoint(from, to), height);
                canvas.text(at, &phase.text, Style::NOTE.anchor(Anchor::Middle));
            } else if to + Style::NOTE.face.room(&phase.text) < panel.frame.right {
                canvas.text((to + 5.0, height), &phase.text, style);
            } else {
                canvas.text((from - 5.0, height), &phase.text, style.anchor(Anchor::End));
            }
        }
    }

    /// The key, the most throttled client first; a client whose lines another
    /// hides says so.
    fn entries(&self, plans: &[Plan; 2]) -> Vec<Entry<'_>> {
        let mut order: Vec<usize> = (0..self.clients.len()).collect();
        let share = |index: usize| self.clients[index].throttled_share;
        order.sort_by(|&a, &b| share(b).total_cmp(&share(a)));
        let across = WIDTH / self.time().to;
        let drawn = |client: &Client, plan: &Plan, height: f64| -> Vec<Value> {
            let line = self.line((plan.choice)(client)).into_iter();
            let up = height / plan.y.to;
            line.map(|(x, y)| (x * across, y * up)).collect()
        };
        let same = |a: &Client, b: &Client| {
            let plots = [(&plans[0], UPPER), (&plans[1], LOWER)];
            let mut plots = plots.into_iter();
            plots.all(|(plan, height)| hides(&drawn(a, plan, height), &drawn(b, plan, height)))
        };
        let entry = |index: usize| {
            let client = &self.clients[index];
            let mut notes = vec![numbers(client)];
            // The first named lies on top and hides the later ones.
            let over = self.clients[..index].iter().find(|other| same(client, other));
            notes.extend(over.map(|over| format!("same as {}", over.name)));
            Entry { index, name: &client.name, notes }
        };
        order.into_iter().map(entry).collect()
    }

    fn description(&self) -> String {
        let each = |client: &Client| format!("{}: {}", client.name, numbers(client));
        let clients: Vec<String> = self.clients.iter().map(each).collect();
        format!(
            "{}. Admitted requests and 429 responses per second over time. {}.",
            self.subtitle,
            clients.join("; ")
        )
    }
}

/// A rail over a plot wherever a line is off it; gives whether there is one.
/// `above` of them are there already.
fn draw_rail(canvas: &Canvas, panel: &Panel, index: usize, line: &[Value], above: usize) -> bool {
    let height = panel.frame.top - 2.5 - 3.2 * above as f64;
    let off = |point: &Value| point.1 > panel.y.to;
    let parts = line.chunk_by(|a, b| off(a) == off(b));
    let mut found = false;
    for part in parts.filter(|part| off(&part[0])) {
        let ends = [part[0], part[part.len() - 1]];
        let rail = ends.map(|(time, _)| (panel.at((time, panel.y.to)).0, height));
        canvas.line(&rail, Pen::series(index), 2.2);
        found = true;
    }
    found
}

/// The numbers that matter: `68% 429s · 8,289 admitted`.
fn numbers(client: &Client) -> String {
    let share = percent(client.throttled_share);
    format!("{share} 429s · {} admitted", count(client.admitted_total))
}

/// The most of some values; zero of none.
fn highest(values: &[f64]) -> f64 {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    finite.fold(0.0, f64::max)
}
