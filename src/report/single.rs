//! What came of one run: every metric, and what happened at each limit.

use serde_json::{Value, json};

use super::grid;
use super::number::{self, Quantity, data};
use super::table::Format;
use super::text::{visible, wrap};
use crate::experiment::Run;
use crate::measure::{Value as Kind, metrics_of};
use crate::metric::Metric;
use crate::scenario::{Model, Release};

/// One run of one client.
#[derive(Clone, Copy, Debug)]
pub struct Single<'s> {
    /// The scenario's title.
    pub title: &'s str,
    /// The client's name.
    pub client: &'s str,
    /// The library that it does as.
    pub release: Option<&'s Release>,
    /// The seed.
    pub seed: u64,
    /// Which of a comparison's seeds, from 0.
    pub replicate: u64,
    /// What was run.
    pub model: &'s Model,
    /// What came of it.
    pub run: &'s Run,
}

impl Single<'_> {
    /// The run in a format, with a newline at its end. CSV holds the metrics only.
    #[must_use]
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(),
            Format::Markdown => self.markdown(),
            Format::Csv => {
                let header = ["metric", "unit", "value"].map(str::to_owned).to_vec();
                let row = |m: &Metric| {
                    let value = self.value(*m).map(data).unwrap_or_default();
                    vec![m.name().to_owned(), m.unit().name().to_owned(), value]
                };
                super::csv::sheet(std::iter::once(header).chain(self.metrics().map(row)))
            }
            Format::Json => format!("{:#}\n", self.json()),
        }
    }

    fn metrics(&self) -> impl Iterator<Item = &'static Metric> + use<> {
        metrics_of(self.model)
    }

    fn value(&self, metric: Metric) -> Option<f64> {
        self.run.value(metric)
    }

    fn heading(&self) -> String {
        let (title, client) = (visible(self.title), visible(self.client));
        let release = self.release.map(|release| visible(&release.to_string()));
        let release = release.map_or(String::new(), |release| format!(" ({release})"));
        format!("{title}; {client}{release}, seed {}, replicate {}", self.seed, self.replicate)
    }

    fn text(&self) -> String {
        let metric = |metric: &Metric| {
            let value = self.value(*metric).map_or("-".to_owned(), |v| written(*metric, v));
            vec![metric.name().to_owned(), value]
        };
        let metrics: Vec<Vec<String>> = self.metrics().map(metric).collect();
        let metrics = grid::lines(&["metric", ""], &metrics, &[0]).join("\n");
        let limits: Vec<Vec<String>> = self.limits().into_iter().map(Vec::from).collect();
        let titles = ["limit", "rule", "charged", "429s", "notices"];
        let limits = grid::lines(&titles, &limits, &[0, 1]).join("\n");
        format!("{}\n\n{metrics}\n\n{limits}\n", wrap(&self.heading(), 0))
    }

    fn markdown(&self) -> String {
        let metric = |m: &Metric| {
            let value = self.value(*m).map_or("-".to_owned(), |v| written(*m, v));
            format!("| {} | {value} |\n", m.name())
        };
        let metrics: String = self.metrics().map(metric).collect();
        let limit = |fields: [String; 5]| format!("| {} |\n", fields.join(" | "));
        let limits: String = self.limits().into_iter().map(limit).collect();
        format!(
            "## {}\n\n| metric | |\n|:---|---:|\n{metrics}\n| limit | rule | charged | 429s | notices |\n|:---|:---|---:|---:|---:|\n{limits}",
            self.heading()
        )
    }

    /// Name, rule, what was charged, refused and told of, for each limit.
    fn limits(&self) -> Vec<[String; 5]> {
        let limits = self.model.api.limits.iter().zip(&self.run.limits);
        let fields = limits.map(|(limit, (counts, rejected))| {
            [
                visible(&limit.name),
                limit.limiter.to_string(),
                number::count(counts.charged),
                number::count(*rejected),
                number::count(counts.notices),
            ]
        });
        fields.collect()
    }

    fn json(&self) -> Value {
        let metrics = self.metrics().map(|metric| {
            let value = self.value(*metric).map_or(Value::Null, |value| {
                if value.is_finite() { number::json(value) } else { "never".into() }
            });
            (metric.name().to_owned(), value)
        });
        let limits = self.model.api.limits.iter().zip(&self.run.limits).map(
            |(limit, (counts, rejected))| {
                json!({
                    "limit": limit.name,
                    "rule": limit.limiter.to_string(),
                    "charged": counts.charged,
                    "rejected": rejected,
                    "notices": counts.notices,
                })
            },
        );
        let mut record = json!({
            "title": self.title,
            "client": self.client,
            "root-seed": self.seed,
            "replicate": self.replicate,
            "metrics": metrics.collect::<serde_json::Map<_, _>>(),
            "limits": limits.collect::<Vec<_>>(),
        });
        if let Some(release) = self.release {
            record["library"] = release.library.clone().into();
            record["version"] = release.version.clone().into();
        }
        record
    }
}

/// An answer that is yes or no is written as such, and not as a share of one run.
fn written(metric: Metric, value: f64) -> String {
    match Kind::of(metric) {
        Kind::YesNo(_) if value > 0.5 => "yes".to_owned(),
        Kind::YesNo(_) => "no".to_owned(),
        _ => Quantity::of(metric).write(value),
    }
}
