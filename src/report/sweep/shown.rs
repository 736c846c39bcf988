//! One metric of a sweep, at every point and for every client: what the screen
//! and the charts show.

use serde_json::json;

use super::{Head, Point};
use crate::metric::{METRICS, Metric};
use crate::report::grid;
use crate::report::number::{self, Quantity, count, data};
use crate::report::table::Format;
use crate::report::text::{WIDTH, cell, keep, visible, wrap};
use crate::stats::interval::{Estimate, Method};

/// A screen shows so many points.
const POINTS: usize = 24;

/// A name at the head of a column is cut here.
const TITLE: usize = 20;

/// One metric of a sweep.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which.
    pub metric: Metric,
    /// By point and client; `None` where a run does not have it.
    pub points: Vec<Vec<Option<Estimate>>>,
}

impl Shown {
    /// No point yet.
    #[must_use]
    pub fn new(metric: Metric) -> Shown {
        Shown { metric, points: vec![] }
    }

    /// The next point.
    pub fn add(&mut self, _: &Head, point: &Point) {
        let place = METRICS.iter().position(|metric| *metric == self.metric);
        let metric = |metrics: &Vec<String>| place.and_then(|place| read(metrics.get(place)?));
        self.points.push(point.clients.iter().map(|row| metric(&row.metrics)).collect());
    }

    /// The table in a format, with a newline at its end.
    #[must_use]
    pub fn write(&self, head: &Head, format: Format) -> String {
        match format {
            Format::Text => self.text(head),
            Format::Markdown => self.markdown(head),
            Format::Csv => self.csv(head),
            Format::Json => format!("{:#}\n", self.json(head)),
        }
    }

    fn quantity(&self) -> Quantity {
        Quantity::of(self.metric)
    }

    fn fields(&self, head: &Head, most: usize) -> Vec<Vec<String>> {
        let rows = (0..).zip(self.points.iter().take(most));
        rows.map(|(point, estimates)| {
            let values = head.axes.point(point).into_iter().map(visible);
            let numbers = estimates.iter().map(|estimate| match estimate {
                Some(estimate) => self.quantity().write_estimate(estimate),
                None => "-".to_owned(),
            });
            values.chain(numbers).collect()
        })
        .collect()
    }

    fn meaning(&self, head: &Head) -> String {
        let seeds = match head.seeds {
            1 => "1 seed".to_owned(),
            seeds => format!("mean of {seeds} seeds, ± 95 % interval where above 1 %"),
        };
        format!("{}: {}; {seeds}", self.metric.name(), self.metric.meaning())
    }

    fn text(&self, head: &Head) -> String {
        let titles: Vec<String> = titles(head).iter().map(|title| short(title)).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let rows = self.fields(head, POINTS);
        let mut lines = grid::lines(&titles, &rows, &[]);
        if lines.iter().any(|line| line.chars().count() > WIDTH) {
            lines = list(head, &titles, &rows);
        }
        let mut text = wrap(&visible(&head.title), 0) + "\n\n";
        text.extend(lines.iter().map(|line| format!("{line}\n")));
        if self.points.len() > POINTS {
            let more = count((self.points.len() - POINTS) as u64);
            text = text + "and " + &more + " more points in sweep.csv\n";
        }
        let same = format!("A point again, with all its files: {}", head.compare(0));
        text + &wrap(&self.meaning(head), 0) + "\n\n" + &wrap(&same, 2) + "\n"
    }

    fn markdown(&self, head: &Head) -> String {
        let row = |fields: &[String]| {
            let fields: Vec<String> = fields.iter().map(|f| f.replace('|', "\\|")).collect();
            format!("| {} |\n", fields.join(" | "))
        };
        let titles = titles(head);
        let mut text = format!("## {}\n\n{}", visible(&head.title), row(&titles));
        text.push_str(&row(&vec!["---:".to_owned(); titles.len()]));
        let rows = self.fields(head, usize::MAX);
        text.extend(rows.iter().map(|fields| row(fields)));
        text + &format!("\n{}\n", self.meaning(head))
    }

    fn csv(&self, head: &Head) -> String {
        let paths = head.axes.dimensions().iter().map(|dimension| dimension.path.as_str());
        let clients = head
            .clients
            .iter()
            .flat_map(|name| ["", "-low", "-high"].map(|end| format!("{}{end}", cell(name))));
        let header = std::iter::once("point".to_owned())
            .chain(paths.map(|path| cell(path).into_owned()))
            .chain(clients)
            .collect();
        let rows = (0..).zip(&self.points).map(|(point, estimates)| {
            let values = head.axes.point(point).into_iter().map(super::sheet::value);
            let numbers = estimates.iter().flat_map(|estimate| match estimate {
                Some(e) if e.has_interval() => [data(e.mean), data(e.low), data(e.high)],
                Some(e) => [data(e.mean), String::new(), String::new()],
                None => [const { String::new() }; 3],
            });
            std::iter::once(point.to_string()).chain(values).chain(numbers).collect()
        });
        crate::report::csv::sheet(std::iter::once(header).chain(rows))
    }

    fn json(&self, head: &Head) -> serde_json::Value {
        let point = |(number, estimates): (u64, &Vec<Option<Estimate>>)| {
            let clients = head.clients.iter().zip(estimates).map(|(name, estimate)| {
                let ends = estimate.map(|e| {
                    let end = |value| e.has_interval().then(|| number::json(value));
                    (number::json(e.mean), end(e.low), end(e.high))
                });
                let (mean, low, high) = ends.unwrap_or_default();
                json!({ "client": name, "mean": mean, "low": low, "high": high })
            });
            json!({
                "point": number,
                "values": head.axes.point(number),
                "clients": clients.collect::<Vec<_>>(),
            })
        };
        let paths = head.axes.dimensions().iter().map(|dimension| &dimension.path);
        json!({
            "command": head.command,
            "digest": head.digest,
            "metric": self.metric.name(),
            "unit": self.metric.unit().name(),
            "paths": paths.collect::<Vec<_>>(),
            "points": (0..).zip(&self.points).map(point).collect::<Vec<_>>(),
        })
    }
}

/// The titles of the columns: what is varied, then the clients.
fn titles(head: &Head) -> Vec<String> {
    let paths = head.axes.dimensions().iter().map(|dimension| dimension.path.as_str());
    paths.chain(head.clients.iter().map(String::as_str)).map(visible).collect()
}

/// Where the columns do not fit a screen side by side: a row for each client.
fn list(head: &Head, titles: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let paths = head.axes.dimensions().len();
    let mut lines = vec![];
    for row in rows {
        let values = titles.iter().zip(&row[..paths]);
        let values: Vec<String> =
            values.map(|(path, value)| keep(&format!("{path}={value}"))).collect();
        lines.extend(wrap(&values.join(" "), 4).lines().map(str::to_owned));
        let clients: Vec<Vec<String>> = head
            .clients
            .iter()
            .zip(&row[paths..])
            .map(|(name, value)| vec![format!("  {}", visible(name)), value.clone()])
            .collect();
        lines.extend(grid::lines(&["", ""], &clients, &[0]).into_iter().skip(1));
    }
    lines
}

/// `mean,low,high` of a line.
fn read(text: &str) -> Option<Estimate> {
    let mut numbers = text.split(',').map(str::parse::<f64>);
    let mean = numbers.next()?.ok()?;
    match (numbers.next()?, numbers.next()?) {
        // Only a bound of what was seen never or always has all of its interval on
        // one side.
        (Ok(low), Ok(high)) if low < high && (mean <= low || mean >= high) => {
            Some(Estimate { mean, low, high, method: Method::Wilson })
        }
        (Ok(low), Ok(high)) => Some(Estimate { mean, low, high, method: Method::StudentT }),
        _ => Some(Estimate::single(mean)),
    }
}

/// The end of a path says more than its beginning.
fn short(title: &str) -> String {
    let length = title.chars().count();
    if length <= TITLE {
        return title.to_owned();
    }
    let end: String = title.chars().skip(length - TITLE + 1).collect();
    match end.split_once('.') {
        Some((_, end)) if !end.is_empty() => format!("…{end}"),
        _ => format!("…{end}"),
    }
}
