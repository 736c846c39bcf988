//! How a metric answers to one value that is varied: a line and its band for
//! each client.

use super::canvas::{Anchor, Canvas, Header, Style};
use super::ink::{Ink, Pen};
use super::key::{self, Entry};
use super::number::{duration, figure, percent};
use super::panel::{Frame, Panel, gutter};
use super::reduce::envelope;
use super::scale::{Scale, Unit};
use super::{Chart, Estimate};

/// Width of the sheet in pixels.
const WIDTH: f64 = 880.0;
/// The least height of the plot in pixels.
const HEIGHT: f64 = 320.0;
/// What stands over the key.
const HEADING: &str = "from the least to the most";
/// More values than this are not marked one by one.
const DOTS: usize = 40;
/// Values of which the last is so many times the first lie on a logarithmic axis.
const WIDE: f64 = 50.0;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Response {
    /// The finding.
    pub title: String,
    /// Scenario, seeds, and what the band is.
    pub subtitle: String,
    /// What is varied, with its unit.
    pub x_title: String,
    /// What its values are.
    pub x_unit: Unit,
    /// The metric.
    pub y_title: String,
    /// What its values are.
    pub y_unit: Unit,
    /// The values of what is varied, ascending.
    pub x: Vec<f64>,
    /// The clients, in the order that gives them their colours.
    pub clients: Vec<Client>,
}

/// One client's line.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Its metric at each value of `x`, where there is one.
    pub y: Vec<Option<Estimate>>,
}

impl Response {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        let ends = self.clients.iter().flat_map(|client| self.points(client));
        let (mut least, mut most) = (0.0_f64, 0.0_f64);
        for (_, estimate) in ends {
            // What nothing bounds bounds no axis.
            let end = |end: f64| if end.is_finite() { end } else { estimate.mean };
            least = least.min(end(estimate.low));
            most = most.max(end(estimate.high));
        }
        let y = if least < 0.0 {
            Scale::within(least, most.max(0.0), 5, self.y_unit)
        } else {
            Scale::from_zero(most, 5, self.y_unit)
        };
        let entries: Vec<Entry> = (0..self.clients.len()).map(|index| self.entry(index)).collect();
        let key = key::width(HEADING, &entries);
        let (left, right, top) = (gutter(&y), WIDTH - key - 34.0, canvas.top() + 28.0);
        let height = HEIGHT.max(key::height(&entries) - 20.0);
        let frame = Frame { left, right, top, bottom: top + height };
        let mut panel = Panel::new(&canvas, frame, self.x_scale(), y);
        panel.title(&self.y_title, 12.0);
        panel.grid();
        panel.ticks("");
        let style = Style::AXIS.anchor(Anchor::Middle);
        let middle =
            (f64::midpoint(panel.frame.left, panel.frame.right), panel.frame.bottom + 38.0);
        // Centred under the plot, and never wider than twice what is left of its middle.
        let room = 2.0 * (middle.0 - 12.0).min(WIDTH - middle.0 - 12.0);
        canvas.text(middle, &style.face.fit(&self.x_title, room), style);
        // Last to first: what the caller names first lies on top.
        for (index, client) in self.clients.iter().enumerate().rev() {
            self.draw_band(&mut panel, index, client);
        }
        for (index, client) in self.clients.iter().enumerate().rev() {
            self.draw_line(&mut panel, index, client);
        }
        let at = (panel.frame.right + 26.0, top + 8.0);
        drop(panel);
        key::draw(&canvas, at, key, HEADING, &entries);
        canvas.finish("sweep", top + height + 62.0, &self.description(&entries))
    }

    fn x_scale(&self) -> Scale {
        let finite = || self.x.iter().copied().filter(|x| x.is_finite());
        let (least, most) = (finite().fold(f64::MAX, f64::min), finite().fold(f64::MIN, f64::max));
        if least > 0.0 && most >= WIDE * least {
            return Scale::decades(least, most, self.x_unit);
        }
        Scale::within(least, most, 8, self.x_unit)
    }

    /// What can be drawn of a client's line.
    fn points<'c>(&'c self, client: &'c Client) -> impl Iterator<Item = (f64, Estimate)> + 'c {
        self.places(client).filter_map(|(x, y)| Some((x, y?)))
    }

    /// The stretches of a line in which no value is missing.
    fn pieces(&self, client: &Client) -> Vec<Vec<(f64, Estimate)>> {
        let all: Vec<_> = self.places(client).collect();
        all.chunk_by(|a, b| a.1.is_some() == b.1.is_some())
            .map(|piece| piece.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect())
            .filter(|piece: &Vec<_>| !piece.is_empty())
            .collect()
    }

    /// What there is at each value of what is varied. An interval that nothing
    /// bounds reaches as far as the plot does.
    fn places<'c>(
        &'c self,
        client: &'c Client,
    ) -> impl Iterator<Item = (f64, Option<Estimate>)> + 'c {
        let all = self.x.iter().copied().zip(client.y.iter().copied());
        let there = |y: Option<Estimate>| y.filter(|y| y.mean.is_finite());
        all.filter(|(x, _)| x.is_finite()).map(move |(x, y)| (x, there(y)))
    }

    fn draw_band(&self, panel: &mut Panel, index: usize, client: &Client) {
        let (bottom, top) = (panel.y.from, panel.y.to);
        let held = |end: f64, mean: f64| if end.is_nan() { mean } else { end.clamp(bottom, top) };
        let range = (panel.x.place(panel.x.from), panel.x.place(panel.x.to));
        for piece in self.pieces(client) {
            let lows: Vec<f64> = piece.iter().map(|(_, y)| held(y.low, y.mean)).collect();
            let highs: Vec<f64> = piece.iter().map(|(_, y)| held(y.high, y.mean)).collect();
            // On a logarithmic axis, columns are as wide as they look.
            let places: Vec<f64> = piece.iter().map(|(x, _)| panel.x.place(*x)).collect();
            let columns = panel.columns_across() / 2;
            let (low, high) = envelope(&places, (&lows, &highs), range, columns);
            let back = |edge: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
                let value = |x| if panel.x.log { libm::exp10(x) } else { x };
                edge.into_iter().map(|(x, y)| (value(x), y)).collect()
            };
            let (low, high) = (back(low), back(high));
            if low != high {
                panel.ribbon(&low, &high, Pen::solid(Ink::series(index)).faint(15));
            }
        }
    }

    fn draw_line(&self, panel: &mut Panel, index: usize, client: &Client) {
        for piece in self.pieces(client) {
            let line: Vec<(f64, f64)> = piece.iter().map(|(x, y)| (*x, y.mean)).collect();
            panel.line(&line, Pen::series(index));
            // A point between two gaps is no line.
            if self.x.len() <= DOTS || line.len() == 1 {
                for at in line {
                    panel.dot(at, 32, Ink::series(index));
                }
            }
        }
    }

    fn entry(&self, index: usize) -> Entry<'_> {
        let client = &self.clients[index];
        let means = || self.points(client).map(|(_, estimate)| estimate.mean);
        let (least, most) = (means().fold(f64::MAX, f64::min), means().fold(f64::MIN, f64::max));
        let missing = client.y.len() - self.points(client).count();
        let mut notes = vec![];
        if least <= most {
            let (least, most) = (written(least, self.y_unit), written(most, self.y_unit));
            notes.push(if least == most { least } else { format!("{least} to {most}") });
        }
        if missing > 0 {
            notes.push(format!("not at {missing} of {} values", client.y.len()));
        }
        Entry { index, name: &client.name, notes }
    }

    fn description(&self, entries: &[Entry]) -> String {
        let each: Vec<String> = entries
            .iter()
            .map(|entry| format!("{}: {}", entry.name, entry.notes.join(", ")))
            .collect();
        format!("{}. {} over {}. {}.", self.subtitle, self.y_title, self.x_title, each.join("; "))
    }
}

/// A value as a reader wants it.
pub(super) fn written(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Number => figure(value),
        Unit::Share => percent(value),
        Unit::Time => duration(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Mark;
    use super::*;

    fn response(y: Vec<Option<Estimate>>) -> Chart {
        Response {
            title: String::new(),
            subtitle: String::new(),
            x_title: "x".to_owned(),
            x_unit: Unit::Number,
            y_title: "y".to_owned(),
            y_unit: Unit::Share,
            x: (1..=y.len()).map(|x| x as f64).collect(),
            clients: vec![Client { name: "client".to_owned(), y }],
        }
        .chart()
    }

    /// The lines of the client and its bands, by how many points they have.
    fn drawn(chart: &Chart) -> (Vec<usize>, usize) {
        let own = |pen: &Pen| pen.ink == Ink::series(0);
        let lines = chart.marks.iter().filter_map(|mark| match mark {
            // The other is the sample in the key.
            Mark::Line { points, pen, width: 18 } if own(pen) => Some(points.len()),
            _ => None,
        });
        let bands =
            chart.marks.iter().filter(|mark| matches!(mark, Mark::Area { pen, .. } if own(pen)));
        (lines.collect(), bands.count())
    }

    #[test]
    fn a_missing_value_is_a_gap_and_an_endless_interval_is_none() {
        let about = |mean| Some(Estimate { mean, low: mean - 0.1, high: mean + 0.1 });
        let endless = Some(Estimate { mean: 0.4, low: f64::NEG_INFINITY, high: f64::INFINITY });
        assert_eq!(
            drawn(&response(vec![about(0.2), about(0.3), None, about(0.5), about(0.6)])),
            (vec![2, 2], 2)
        );
        let chart = response(vec![about(0.2), endless, about(0.5)]);
        assert_eq!(drawn(&chart), (vec![3], 1));
        assert!(!chart.description().contains("not at"));
        let never = Some(Estimate::exact(f64::INFINITY));
        assert!(response(vec![about(0.2), never]).description().contains("not at 1 of 2 values"));
    }

    #[test]
    fn values_far_apart_lie_on_a_logarithm() {
        let chart = |x: Vec<f64>| {
            let y = x.iter().map(|_| Some(Estimate::exact(1.0))).collect();
            let of = |x_unit| Response {
                title: String::new(),
                subtitle: String::new(),
                x_title: String::new(),
                x_unit,
                y_title: String::new(),
                y_unit: Unit::Number,
                x,
                clients: vec![Client { name: String::new(), y }],
            };
            of(Unit::Number).x_scale().log
        };
        assert!(chart(vec![1.0, 10.0, 100.0, 1_000.0]));
        assert!(!chart(vec![1.0, 10.0, 40.0]));
        assert!(!chart(vec![0.0, 10.0, 1_000.0]));
    }
}
