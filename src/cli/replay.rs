//! `replay`: limits decide on the requests of a trace.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::num::NonZeroUsize;

use clap::Args;

use super::{Failure, all_threads, fetch, print, rows, say, setting};
use crate::attribute::Principals;
use crate::replay::{Columns, Options, Trace, TraceError, Wanted, decisions};
use crate::report::decisions::{Column, summary, write_columns};
use crate::report::text::{visible, wrap};
use crate::scenario::Alone;
use crate::scenario::quick::Quick;

/// Lets limits decide on the requests of a trace.
#[derive(Debug, Args)]
#[command(after_help = "\
The trace is CSV with a header. The time is its first column of t_ns, t_us, t_ms,
mono_ms, now_ms, wall_ms and t_s; the attributes that the limits name (key, ip,
token, ...) are columns of those names. cost replaces the model's cost. A
response comes duration_ns, _us, _ms or _s later, or at once, with the status in
backend_status. Lines that start with # before the header are comments.

OUT has a row for each request: t_ns, key, cost, decision (admit, delay, queue
or reject), delay_ns, remaining, retry_after_ns, reset_ns, and the limit that
bound; a field is empty where the limiter tells nothing. With --columns it has
those, and what is not asked for is neither read nor worked out.

Examples:
  tollgate replay trace.csv --api gateway.toml --decisions out.csv
  tollgate replay - --limit '10/s per key' --decisions - < trace.csv
  tollgate replay trace.csv --api api/github --headers --decisions out.csv
  tollgate replay trace.csv --limit '10/s per key' --decisions out.csv \\
      --columns t_ns,key,decision")]
pub(super) struct Replay {
    /// The trace; - is stdin
    trace: String,
    /// The API whose limits decide: a name or a file
    #[arg(long, value_name = "FILE", required_unless_present = "limits")]
    api: Option<String>,
    /// A limit of its own, instead of an API: '50/s per key'
    #[arg(long = "limit", value_name = "RULE", conflicts_with = "api")]
    limits: Vec<String>,
    /// Write a row for each request to this CSV file; - is stdout
    #[arg(long, value_name = "OUT")]
    decisions: Option<String>,
    /// Add the headers of each response to the rows
    #[arg(long, requires = "decisions")]
    headers: bool,
    /// The columns of OUT in their order, separated by commas; also headers
    #[arg(long, value_name = "LIST", requires = "decisions", conflicts_with = "headers")]
    columns: Option<String>,
    /// The column of the time; its name ends in _ns, _us, _ms or _s
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// A column of 0 and 1 that says whether the backend failed
    #[arg(long, value_name = "COLUMN")]
    failed: Option<String>,
    /// Take the requests in the order of their times, whatever their lines
    #[arg(long)]
    sort: bool,
    /// Change a value of the API, such as limit.ip.nginx-limit-req.burst=20
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// How many threads decide; the same comes out with any number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Print nothing but errors, and the rows if OUT is -
    #[arg(short, long)]
    quiet: bool,
}

impl Replay {
    pub(super) fn run(self) -> Result<(), Failure> {
        let api = self.alone()?;
        let attributes = api.attributes();
        let endpoints = api.endpoints();
        let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
        let columns_out = self.columns_out(&api)?;
        let columns = Columns { time: self.time.clone(), failed: self.failed.clone() };
        let keys = columns_out.contains(&Column::Key);
        let read = |input: &mut dyn BufRead| {
            Trace::read_for(input, &columns, &attributes, &endpoints, keys)
        };
        let trace = match self.trace.as_str() {
            "-" => read(&mut io::stdin().lock()),
            path => match File::open(path) {
                Ok(file) => read(&mut BufReader::new(file)),
                Err(error) => Err(TraceError::Unreadable(error.to_string())),
            },
        };
        let mut trace = trace.map_err(|error| self.data(&error))?;
        let model = api.model(&mut trace.principals, trace.has_used);
        let threads = self.threads.and_then(|n| NonZeroUsize::new(n as usize));
        let has = |is: fn(&Column) -> bool| columns_out.iter().any(is);
        let headers = has(|column| matches!(column, Column::Header(_)));
        let wanted = Wanted {
            options: Options { sort: self.sort, headers },
            told: has(|column| column.is_told()),
            threads: Some(threads.unwrap_or_else(all_threads)),
        };
        let decided = decisions(&model, &trace, wanted).map_err(|error| self.data(&error))?;
        if let Some(to) = self.decisions.as_deref() {
            rows::write(to, |out| {
                Ok(((), write_columns(&model, &trace, &decided, &columns_out, out)))
            })?;
        }
        if self.quiet {
            return Ok(());
        }
        let summary = summary(&model, &trace, &decided);
        match self.decisions.as_deref() {
            // The rows are the data, so the summary is talk.
            Some("-") => say(&summary),
            Some(path) => {
                print(&summary)?;
                say(&format!("wrote {}", visible(path)));
            }
            None => print(&summary)?,
        }
        Ok(())
    }

    /// The columns that the rows are to have; none where no rows are written.
    fn columns_out(&self, api: &Alone) -> Result<Vec<Column>, Failure> {
        if self.decisions.is_none() {
            return Ok(vec![]);
        }
        // Which headers there are does not hang on who asks.
        let model = api.model(&mut Principals::new(api.attributes()), false);
        match &self.columns {
            None => Ok(Column::all(&model, self.headers)),
            Some(names) => Column::list(names, &model).map_err(Failure::Usage),
        }
    }

    fn alone(&self) -> Result<Alone, Failure> {
        if let Some(name) = &self.api {
            return Ok(Alone::load(name, &self.settings, &fetch)?);
        }
        let quick = Quick::read(&self.limits, 1, 1, 1)?;
        if !self.quiet {
            quick.echo_limits().iter().for_each(|line| say(&wrap(line, 2)));
        }
        Ok(Alone::of(quick.documents()?.1, &self.settings)?)
    }

    fn data(&self, error: &TraceError) -> Failure {
        let name = if self.trace == "-" { "stdin" } else { &self.trace };
        Failure::Data(format!("{}: {error}", visible(name)))
    }
}
