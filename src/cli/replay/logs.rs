//! Access logs against limits: who would have been throttled.
//!
//! Clients are frozen as the log has them: what they would do after a 429 is not
//! asked here.

use std::io::BufRead;
use std::path::Path;

use super::{Deciding, Replay, has_headers, open, rows, unreadable};
use crate::api::{ApiModel, LimitId};
use crate::attribute::{Place, Principal};
use crate::cli::{Failure, all_threads, print, say};
use crate::metric::{Condition, LogMetric};
use crate::replay::{
    Headroom, Log, LogError, Options, Reader, Reading, Readings, Seen, Smallest, Trace, Wanted,
    decisions, smallest,
};
use crate::report::decisions::{Column, write_columns};
use crate::report::impact;
use crate::report::output::Folder;
use crate::report::text::{keep, visible, wrap};
use crate::scenario::Alone;
use crate::scenario::quick::Quick;
use crate::time::Rate;

/// A search goes up to so many at least: a burst of its own may want more than
/// the busiest key has.
const MOST: u64 = 1_000_000;

/// Reads the logs, of which `first` is open if it is the only one, and says what
/// the limits make of them.
pub(super) fn run(
    replay: &Replay,
    deciding: &Deciding,
    first: Option<Box<dyn BufRead>>,
) -> Result<(), Failure> {
    if replay.failed.is_some() {
        let why = "--failed is for traces: what a log says of failures is its status";
        return Err(Failure::Usage(why.to_owned()));
    }
    if deciding.api.endpoints().len() > 1 {
        let why = "the API has several endpoints, and a log does not name them: write an API \
                   with one, and a `where` behind the keys of its limits";
        return Err(Failure::Usage(why.to_owned()));
    }
    let search = search(replay, deciding)?;
    let Reading { trace, seen } = read(replay, &deciding.api.attributes(), first)?;
    if !replay.quiet {
        let names: Vec<String> = replay.logs.iter().map(|name| super::told(name)).collect();
        say(&impact::seen(&names, &seen, &trace));
    }
    if trace.rows.is_empty() {
        return Err(Failure::Data(format!(
            "{}: no request to decide on",
            super::told(&replay.logs[0])
        )));
    }
    let mut log = Log::new(trace, seen.tick, seen.starts);
    match search {
        None => decide(replay, &deciding.api, &mut log, &seen),
        Some(search) => search.run(replay, &mut log, &seen),
    }
}

/// What the limits do, on the screen, in files and against thresholds.
fn decide(replay: &Replay, api: &Alone, log: &mut Log, seen: &Seen) -> Result<(), Failure> {
    let model = api.model(&mut log.trace.principals, false);
    let readings = meets(replay, &model, log)?;
    for condition in &replay.of_logs.fail_if {
        let judged = readings.judge(&model, seen.undecided, condition);
        judged.map_err(|unknown| {
            Failure::Usage(format!("--fail-if: {}", visible(&unknown.to_string())))
        })?;
    }
    let headroom = headroom(&model, &log.trace, &readings);
    if let Some(to) = replay.decisions.as_deref() {
        write_rows(replay, api, &model, log, to)?;
    }
    replay.show(&impact::impact(&model, log, &readings, &headroom))?;
    if let Some(path) = &replay.of_logs.output {
        write(replay, path, &model, log, &readings)?;
    }
    let crossed = impact::crossed(&replay.of_logs.fail_if, &model, &readings, seen.undecided);
    crossed.map_or(Ok(()), |crossed| Err(Failure::Crossed(crossed)))
}

/// A search for the smallest count of a limit.
struct Search<'s> {
    condition: &'s Condition<LogMetric>,
    quick: &'s Quick,
    rate: Rate,
}

fn search<'s>(replay: &'s Replay, deciding: &'s Deciding) -> Result<Option<Search<'s>>, Failure> {
    let (Some(condition), Some(quick)) = (&replay.of_logs.find, &deciding.quick) else {
        return Ok(None);
    };
    let Some(rate) = quick.rate() else {
        let why = "--find looks for one number: give it one --limit with a rate";
        return Err(Failure::Usage(why.to_owned()));
    };
    Ok(Some(Search { condition, quick, rate }))
}

impl Search<'_> {
    fn run(&self, replay: &Replay, log: &mut Log, seen: &Seen) -> Result<(), Failure> {
        let given = self.meets(replay, log, self.rate.count)?.1;
        let keys = given.at_once.limits.iter().flat_map(|limit| &limit.keys);
        let busiest = keys.map(|key| key.requests).max().unwrap_or(1);
        let mut found = None;
        for most in [busiest, busiest.max(MOST)] {
            if found.is_none() {
                found = self.smallest(replay, log, seen, most)?;
            }
        }
        let Some(found) = found else {
            let most = Rate { count: busiest.max(MOST), ..self.rate };
            return Err(Failure::Crossed(impact::none_found(self.condition, most)));
        };
        let model = self.model(replay, log, found.count)?;
        if !replay.quiet {
            print(&impact::found(self.condition, self.rate, &model, &found))?;
        }
        match &replay.of_logs.output {
            Some(path) => write(replay, path, &model, log, &found.at),
            None => Ok(()),
        }
    }

    fn smallest(
        &self,
        replay: &Replay,
        log: &mut Log,
        seen: &Seen,
        most: u64,
    ) -> Result<Option<Smallest<Readings>>, Failure> {
        smallest(most, |count| {
            let (model, readings) = self.meets(replay, log, count)?;
            let judged = readings.judge(&model, seen.undecided, self.condition);
            let judged = judged.map_err(|unknown| Failure::Usage(unknown.to_string()))?;
            Ok((judged.iter().all(|holds| *holds), readings))
        })
    }

    fn model(&self, replay: &Replay, log: &mut Log, count: u64) -> Result<ApiModel, Failure> {
        let quick = self.quick.with_count(count);
        let api = Alone::of(quick.documents()?.1, &replay.settings)?;
        Ok(api.model(&mut log.trace.principals, false))
    }

    fn meets(
        &self,
        replay: &Replay,
        log: &mut Log,
        count: u64,
    ) -> Result<(ApiModel, Readings), Failure> {
        let model = self.model(replay, log, count)?;
        let readings = meets(replay, &model, log)?;
        Ok((model, readings))
    }
}

fn wanted(replay: &Replay) -> Wanted {
    let threads = Some(replay.threads.map_or_else(all_threads, super::threads));
    Wanted { options: Options { sort: true, headers: false }, told: false, threads }
}

fn meets(replay: &Replay, model: &ApiModel, log: &mut Log) -> Result<Readings, Failure> {
    log.meets(model, wanted(replay)).map_err(|error| replay.data(&error))
}

/// Writes a row for each request, as they are stamped.
fn write_rows(
    replay: &Replay,
    api: &Alone,
    model: &ApiModel,
    log: &mut Log,
    to: &str,
) -> Result<(), Failure> {
    let columns = replay.columns_out(api)?;
    if columns.contains(&Column::Key) {
        log.trace.name_keys();
    }
    let mut wanted = wanted(replay);
    wanted.options.headers = has_headers(&columns);
    wanted.told = columns.iter().any(|column| column.is_told());
    let decided = decisions(model, &log.trace, wanted).map_err(|error| replay.data(&error))?;
    rows::write(to, |out| Ok(((), write_columns(model, &log.trace, &decided, &columns, out))))
}

/// The busiest windows of the keys of each limit.
fn headroom(model: &ApiModel, trace: &Trace, readings: &Readings) -> Vec<Vec<Headroom>> {
    let of = |limit: LimitId| {
        let slots = &model.slots[usize::from(limit.0)];
        let key_of = |principal: Principal| match slots.place(principal, 0) {
            Place::At(slot) => Some(slot),
            Place::Skip | Place::Refuse => None,
        };
        Headroom::of(trace, slots.len(), key_of)
    };
    readings.at_once.limits.iter().map(|limit| of(limit.limit)).collect()
}

/// Writes the files.
fn write(
    replay: &Replay,
    path: &Path,
    model: &ApiModel,
    log: &Log,
    readings: &Readings,
) -> Result<(), Failure> {
    let headroom = headroom(model, &log.trace, readings);
    let limits = &readings.at_once.limits;
    let mut folder = Folder::open(path)?;
    folder.write("impact.csv", impact::sheet(model, log, readings).as_bytes())?;
    let peaks = impact::headroom(model, &log.trace.principals, limits, &headroom);
    folder.write("headroom.csv", peaks.as_bytes())?;
    folder.write("curve.csv", impact::curve(model, limits, &headroom).as_bytes())?;
    folder.keep()?;
    if !replay.quiet {
        let place = keep(&visible(&path.display().to_string()));
        say(&wrap(&format!("wrote {place}/: impact.csv headroom.csv curve.csv"), 6));
    }
    Ok(())
}

fn read(
    replay: &Replay,
    attributes: &[String],
    mut first: Option<Box<dyn BufRead>>,
) -> Result<Reading, Failure> {
    let wrong = |error: LogError| Failure::Data(error.to_string());
    if replay.logs.iter().filter(|name| *name == "-").count() > 1 {
        return Err(Failure::Usage("- is stdin, which can be read once".to_owned()));
    }
    let asked = replay.of_logs.asked(replay.time.clone(), replay.sort);
    let mut reader = Reader::new(&asked, attributes).map_err(Failure::Usage)?;
    for name in &replay.logs {
        let input = match first.take() {
            Some(input) => input,
            None => open(name).map_err(|why| unreadable(name, &why))?.1,
        };
        reader.read(&super::told(name), input).map_err(wrong)?;
    }
    reader.done().map_err(wrong)
}
