//! From a sweep to its chart: of one varied path lines, of two a field of cells.

use super::super::chart::{Chart, Estimate, Unit, heat, response};
use super::super::sweep::{Head, Shown};
use super::super::text::visible;
use super::{SUBTITLE, of};
use crate::experiment::Dimension;
use crate::metric::{self, Metric};
use crate::scenario::vary::{Number, Scale};

/// A field has so many cells either way.
const SIDE: usize = 40;

/// All fields together have so many.
const CELLS: usize = 800;

/// The chart of a sweep's metric; else why there is none.
pub fn figure(head: &Head, shown: &Shown) -> Result<Chart, String> {
    let varied: Vec<&Dimension> =
        head.axes.dimensions().iter().filter(|dimension| dimension.values.len() > 1).collect();
    match varied.as_slice() {
        [] => Err("only one point".to_owned()),
        [one] => match on_axis(one) {
            Some((values, scale)) => Ok(lines(head, shown, one, &values, scale)),
            None => field(head, shown, one, None),
        },
        [one, other] if !one.latin && !other.latin => field(head, shown, other, Some(one)),
        [_, _] => {
            Err("samples of a Latin hypercube are no rows and columns; sweep.csv has all"
                .to_owned())
        }
        more => Err(format!(
            "{} paths vary, and a chart shows one or two; sweep.csv has all",
            more.len()
        )),
    }
}

/// The values of a path as numbers of one kind.
fn on_axis(dimension: &Dimension) -> Option<(Vec<f64>, Scale)> {
    let number = |value: &String| Number::read(value)?.on_axis();
    let numbers: Vec<(f64, Scale)> = dimension.values.iter().map(number).collect::<Option<_>>()?;
    let scale = numbers.first()?.1;
    let alike = numbers.iter().all(|(_, other)| *other == scale);
    alike.then(|| (numbers.into_iter().map(|(value, _)| value).collect(), scale))
}

fn lines(head: &Head, shown: &Shown, path: &Dimension, values: &[f64], scale: Scale) -> Chart {
    let (unit, words) = match scale {
        Scale::Plain => (Unit::Number, ""),
        Scale::PerSecond => (Unit::Number, ", per second"),
        Scale::Seconds => (Unit::Time, ""),
        Scale::Share => (Unit::Share, ""),
    };
    // Samples of a hypercube stand in the order in which they were drawn.
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let clients = head.clients.iter().enumerate().map(|(client, name)| {
        let at = |point: &usize| shown.points.get(*point)?.get(client).copied().flatten().map(of);
        let y: Vec<Option<Estimate>> = order.iter().map(at).collect();
        response::Client { name: visible(name), y }
    });
    response::Response {
        title: title(shown, &[path]),
        subtitle: subtitle(head, "mean with 95% interval"),
        x_title: format!("{}{words}", visible(&path.path)),
        x_unit: unit,
        y_title: meaning(shown),
        y_unit: unit_of(shown.metric),
        x: order.iter().map(|point| values[*point]).collect(),
        clients: clients.collect(),
    }
    .chart()
}

fn field(
    head: &Head,
    shown: &Shown,
    across: &Dimension,
    down: Option<&Dimension>,
) -> Result<Chart, String> {
    let rows = down.map_or(1, |down| down.values.len());
    let cells = across.values.len() * rows * head.clients.len();
    if across.values.len() > SIDE || rows > SIDE || cells > CELLS {
        return Err(format!(
            "a chart has at most {CELLS} cells, {SIDE} by {SIDE} for a client; sweep.csv has all"
        ));
    }
    let texts = |dimension: &Dimension| dimension.values.iter().map(|v| visible(v)).collect();
    let clients = head.clients.iter().enumerate().map(|(client, name)| {
        let mean = |point: &Vec<Option<crate::stats::interval::Estimate>>| {
            point.get(client).copied().flatten().map(|estimate| estimate.mean)
        };
        heat::Client { name: visible(name), cells: shown.points.iter().map(mean).collect() }
    });
    let paths: Vec<&Dimension> = down.into_iter().chain([across]).collect();
    Ok(heat::Heat {
        title: title(shown, &paths),
        subtitle: subtitle(head, "mean"),
        x_title: visible(&across.path),
        x: texts(across),
        y_title: down.map_or_else(|| "nothing".to_owned(), |down| visible(&down.path)),
        y: down.map_or_else(|| vec![String::new()], texts),
        unit: unit_of(shown.metric),
        clients: clients.collect(),
    }
    .chart())
}

fn unit_of(metric: Metric) -> Unit {
    match metric.unit() {
        metric::Unit::Seconds => Unit::Time,
        metric::Unit::Share => Unit::Share,
        _ => Unit::Number,
    }
}

fn meaning(shown: &Shown) -> String {
    format!("{}: {}", shown.metric.name(), shown.metric.meaning())
}

/// The metric and the last word of each path: the whole ones stand at the axes.
fn title(shown: &Shown, paths: &[&Dimension]) -> String {
    let word = |path: &&Dimension| visible(path.path.rsplit('.').next().unwrap_or(&path.path));
    let words: Vec<String> = paths.iter().map(word).collect();
    format!("{} by {} and client", shown.metric.name(), words.join(", "))
}

fn subtitle(head: &Head, how: &str) -> String {
    let seeds = match head.seeds {
        1 => "1 seed".to_owned(),
        seeds => format!("{seeds} seeds"),
    };
    let title = visible(&head.title);
    let end = if title.ends_with('?') { "" } else { ";" };
    let whole = format!("{title}{end} {seeds}, {how}");
    if whole.chars().count() <= SUBTITLE {
        return whole;
    }
    format!("{}; {seeds}, {how}", visible(&head.api))
}
