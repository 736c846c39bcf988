//! `replay`: limits decide on the requests of a trace, or of access logs.

mod flags;
mod logs;

use std::fs::File;
use std::io::{self, BufRead};
use std::num::NonZeroUsize;

use clap::Args;

use super::{Failure, all_threads, fetch, print, rows, say, setting};
use crate::attribute::Principals;
use crate::log::{head, unpacked};
use crate::replay::{Columns, Options, Trace, TraceError, Wanted, decisions};
use crate::report::decisions::{Column, summary, write_columns};
use crate::report::text::{visible, wrap};
use crate::scenario::Alone;
use crate::scenario::quick::Quick;
use flags::OfLogs;

/// Lets limits decide on the requests of access logs, or of a trace: who would
/// have been throttled?
#[derive(Debug, Args)]
#[command(after_help = "\
LOGS are access logs of one kind, plain, gzip or zstd, and are put into the order
of time together: Apache's and nginx's common and combined formats, any
log_format of nginx, JSON lines (the field names of nginx, Envoy, AWS load
balancers, CloudFront and Cloud Run are known) or CSV with a header. Limits have
fields as their keys, or parts of them:

  60/min per ip                        fixed windows on the clock, in UTC
  sliding 60/min per ip/24             no minute at all has more than 60
  first-request 60/min per user        a window begins with a request
  bucket 10/s burst 20 per ip,host     both together are the key
  nginx 10/s burst 20 nodelay per ip   as nginx's limit_req does it
  9/s per path~^/api/([^/]+)           what a regular expression finds
  9/s per ip where status != 429       only these requests count

Clients are frozen: what comes back after the 429s is not in a log.

A file whose header has one of the columns t_ns, t_us, t_ms, mono_ms, now_ms,
wall_ms and t_s, or --time COLUMN with such an end, is a trace: the attributes
that the limits name (key, ip, token, ...) are columns of those names. cost
replaces the model's cost. A response comes duration_ns, _us, _ms or _s later, or
at once, with the status in backend_status. Lines that start with # before the
header are comments.

OUT has a row for each request: t_ns, key, cost, decision (admit, delay, queue
or reject), delay_ns, remaining, retry_after_ns, reset_ns, and the limit that
bound; a field is empty where the limiter tells nothing. Rows of a trace stand in
its order, those of logs in the order of time. With --columns it has those, and
what is not asked for is neither read nor worked out.

Examples:
  tollgate replay access.log --limit '60/min per ip'
  tollgate replay access.log --limit '60/min per ip' --find 'keys_hit <= 0.1%'
  tollgate replay access.log.1.gz access.log --limit 'bucket 9/s per ip/24' \\
      --where 'path ~ ^/api/' --fail-if 'keys_hit > 9' -o out/impact
  tollgate replay trace.csv --api gateway.toml --decisions out.csv
  tollgate replay - --limit '10/s per key' --decisions - < trace.csv
  tollgate replay trace.csv --api api/github --headers --decisions out.csv
  tollgate replay trace.csv --limit '10/s per key' --decisions out.csv \\
      --columns t_ns,key,decision")]
pub(super) struct Replay {
    /// Access logs, or one trace; - is stdin
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<String>,
    /// The API whose limits decide: a name or a file
    #[arg(long, value_name = "FILE", required_unless_present = "limits")]
    api: Option<String>,
    /// A limit of its own, instead of an API: [ALGORITHM] RATE [burst N] per
    /// KEY[,KEY] [where EXPR], as below
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
    /// The field of the time; in a trace its name ends in _ns, _us, _ms or _s
    #[arg(long, value_name = "FIELD")]
    time: Option<String>,
    /// A column of a trace, of 0 and 1: whether the backend failed
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
    #[command(flatten)]
    of_logs: OfLogs,
}

/// What limits decide: an API's, or those of the command line.
struct Deciding {
    api: Alone,
    /// Where they are of the command line.
    quick: Option<Quick>,
}

impl Replay {
    pub(super) fn run(self) -> Result<(), Failure> {
        let deciding = self.deciding()?;
        let columns = Columns { time: self.time.clone(), failed: self.failed.clone() };
        let [log] = self.logs.as_slice() else { return logs::run(&self, &deciding, None) };
        let (header, input) = open(log).map_err(|why| unreadable(log, &why))?;
        // Of nothing at all nothing is seen but what is asked for.
        let is_trace = columns.are_in(&header) || header.is_empty() && self.decisions.is_some();
        if !is_trace || self.of_logs.format.is_some() {
            return logs::run(&self, &deciding, Some(input));
        }
        if let Some(flag) = self.of_logs.given() {
            return Err(Failure::Usage(format!(
                "{flag} is for access logs, and {} is a trace, as its header says: leave {flag} out",
                told(log)
            )));
        }
        self.decide(&deciding.api, &columns, input)
    }

    /// Decides on a trace.
    fn decide(
        &self,
        api: &Alone,
        columns: &Columns,
        mut input: Box<dyn BufRead>,
    ) -> Result<(), Failure> {
        let attributes = api.attributes();
        let endpoints = api.endpoints();
        let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
        let columns_out = self.columns_out(api)?;
        let keys = columns_out.contains(&Column::Key);
        let trace = Trace::read_for(&mut *input, columns, &attributes, &endpoints, keys);
        let mut trace = trace.map_err(|error| self.data(&error))?;
        let model = api.model(&mut trace.principals, trace.has_used);
        let wanted = Wanted {
            options: Options { sort: self.sort, headers: has_headers(&columns_out) },
            told: columns_out.iter().any(|column| column.is_told()),
            threads: Some(self.threads.map_or_else(all_threads, threads)),
        };
        let decided = decisions(&model, &trace, wanted).map_err(|error| self.data(&error))?;
        if let Some(to) = self.decisions.as_deref() {
            rows::write(to, |out| {
                Ok(((), write_columns(&model, &trace, &decided, &columns_out, out)))
            })?;
        }
        self.show(&summary(&model, &trace, &decided))
    }

    /// Shows what came out, and where the rows are.
    fn show(&self, summary: &str) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        match self.decisions.as_deref() {
            // The rows are the data, so the summary is talk.
            Some("-") => say(summary),
            Some(path) => {
                print(summary)?;
                say(&format!("wrote {}", visible(path)));
            }
            None => print(summary)?,
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

    fn deciding(&self) -> Result<Deciding, Failure> {
        if let Some(name) = &self.api {
            return Ok(Deciding { api: Alone::load(name, &self.settings, &fetch)?, quick: None });
        }
        let quick = Quick::of_logs(&self.limits)?;
        if !self.quiet {
            quick.echo_limits().iter().for_each(|line| say(&wrap(&visible(line), 2)));
        }
        let api = Alone::of(quick.documents()?.1, &self.settings)?;
        Ok(Deciding { api, quick: Some(quick) })
    }

    fn data(&self, error: &TraceError) -> Failure {
        Failure::Data(format!("{}: {error}", told(&self.logs[0])))
    }
}

/// A file's name, as it is told.
fn told(name: &str) -> String {
    if name == "-" { "stdin".to_owned() } else { visible(name) }
}

fn unreadable(name: &str, why: &io::Error) -> Failure {
    Failure::Data(format!("{}: cannot read it: {why}", told(name)))
}

/// A file's first line that is no comment, and all of it, unpacked.
fn open(name: &str) -> io::Result<(Vec<u8>, Box<dyn BufRead>)> {
    let (_, input) = match name {
        "-" => unpacked(io::stdin())?,
        path => unpacked(File::open(path)?)?,
    };
    head(input)
}

fn has_headers(columns: &[Column]) -> bool {
    columns.iter().any(|column| matches!(column, Column::Header(_)))
}

fn threads(asked: u32) -> NonZeroUsize {
    NonZeroUsize::new(asked as usize).unwrap_or(NonZeroUsize::MIN)
}
