//! `sweep.csv`: a row for each metric of each client at each point.

use std::io::{self, Write};

use super::{Head, Point};
use crate::metric::{METRICS, Metric};
use crate::report::text::cell;
use crate::scenario::vary::Number;

/// Writes the rows, point after point.
pub(super) struct Sheet<'h, W: Write> {
    writer: csv::Writer<W>,
    head: &'h Head,
}

impl<'h, W: Write> Sheet<'h, W> {
    /// The sheet with its header.
    pub(super) fn new(to: W, head: &'h Head) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().from_writer(to);
        let paths =
            head.axes.dimensions().iter().map(|dimension| cell(&dimension.path).into_owned());
        let columns = ["client", "metric", "unit", "mean", "low", "high"].map(str::to_owned);
        let header = std::iter::once("point".to_owned()).chain(paths).chain(columns);
        writer.write_record(header)?;
        Ok(Sheet { writer, head })
    }

    /// The rows of the next point.
    pub(super) fn add(&mut self, point: &Point) -> io::Result<()> {
        let values: Vec<String> =
            self.head.axes.point(point.point).iter().map(|v| value(v)).collect();
        let number = point.point.to_string();
        for client in &point.clients {
            let name = cell(&client.name);
            let metrics = METRICS.iter().zip(&client.metrics);
            // As in `summary.csv`, what follows a trigger is left out without one.
            let follows = |(metric, estimate): &(&Metric, &String)| {
                metric.follows_trigger() && !estimate.starts_with(',')
            };
            let disturbed = metrics.clone().any(|row| follows(&row));
            for (metric, estimate) in metrics.filter(|(m, _)| disturbed || !m.follows_trigger()) {
                let own = [name.as_ref(), metric.name(), metric.unit().name()];
                let row = std::iter::once(number.as_str()).chain(values.iter().map(String::as_str));
                self.writer.write_record(row.chain(own).chain(estimate.split(',')))?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A value as a cell: a negative number is no formula.
pub(super) fn value(value: &str) -> String {
    match Number::read(value) {
        Some(_) => value.to_owned(),
        None => cell(value).into_owned(),
    }
}
