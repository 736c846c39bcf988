//! What `replay` takes for access logs, and not for a trace.

use std::path::PathBuf;

use clap::Args;

use crate::cli::per_cent;
use crate::log::{Filter, Mask};
use crate::metric::{Condition, LogMetric};
use crate::replay::{Asked, unsearchable};
use crate::time::Span;

/// How access logs are read, and what is asked of them.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown)] // the help of a terminal has no markup
#[command(next_help_heading = "Of access logs")]
pub(super) struct OfLogs {
    /// What the lines are, where it is not seen: combined, common, json, csv, or a
    /// log_format of nginx
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<String>,
    /// Only these requests: 'path ~ ^/api/ and status != 429'
    #[arg(long = "where", value_name = "EXPR")]
    only: Option<Filter>,
    /// How late a line may come after one of a later time [default: 1min]
    #[arg(long, value_name = "SPAN", conflicts_with = "sort")]
    reorder: Option<Span>,
    /// The share of lines that may be unreadable [default: 1%]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    unreadable: Option<f64>,
    /// Decide on the first so many keys only [default: 10000000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keys_max: Option<u32>,
    /// Show keys as their hashes under this secret (HMAC-SHA256, 64 bits)
    #[arg(long, value_name = "SECRET", value_parser = mask)]
    mask: Option<Mask>,
    /// Find the smallest count of the --limit that holds: 'keys_hit <= 0.1%'
    #[arg(long, value_name = "CONDITION", value_parser = search, conflicts_with_all = ["api", "decisions"])]
    pub(super) find: Option<Condition<LogMetric>>,
    /// Exit with 99 if this is so: 'keys_hit > 0' (see `list metrics`)
    #[arg(long, value_name = "CONDITION", conflicts_with = "find")]
    pub(super) fail_if: Vec<Condition<LogMetric>>,
    /// Write impact.csv, headroom.csv and curve.csv to this folder
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

impl OfLogs {
    /// How logs are to be read.
    pub(super) fn asked(&self, time: Option<String>, sort: bool) -> Asked {
        let usual = Asked::default();
        Asked {
            format: self.format.clone(),
            time,
            filter: self.only.clone(),
            reorder: self.reorder.unwrap_or(usual.reorder),
            sort,
            unreadable: self.unreadable.unwrap_or(usual.unreadable),
            keys_max: self.keys_max.map_or(usual.keys_max, |most| most as usize),
            mask: self.mask.clone(),
        }
    }

    /// One of these flags that was given, if any was.
    pub(super) fn given(&self) -> Option<&'static str> {
        [
            ("--format", self.format.is_some()),
            ("--where", self.only.is_some()),
            ("--reorder", self.reorder.is_some()),
            ("--unreadable", self.unreadable.is_some()),
            ("--keys-max", self.keys_max.is_some()),
            ("--mask", self.mask.is_some()),
            ("--find", self.find.is_some()),
            ("--fail-if", !self.fail_if.is_empty()),
            ("--output", self.output.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = per_cent(text).or_else(|| text.parse().ok());
    let is_share = |share: &f64| (0.0..=1.0).contains(share);
    share.filter(is_share).ok_or_else(|| "write a share like 5% or 0.05".to_owned())
}

fn mask(text: &str) -> Result<Mask, String> {
    Mask::new(text).ok_or_else(|| "the secret is empty".to_owned())
}

fn search(text: &str) -> Result<Condition<LogMetric>, String> {
    let condition = text.parse::<Condition<LogMetric>>()?;
    unsearchable(&condition).map_or(Ok(condition), Err)
}
