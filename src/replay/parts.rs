//! Decisions as they are wanted: in brief where that is enough, and then on
//! several threads.
//!
//! Threads live in `experiment`, and here: one trace is one task, and what can
//! be done apart is seen only where keys are known. Each thread looks at all
//! rows and decides on those of its share of the keys, because handing rows out
//! would take longer than deciding on them. How many there are never shows,
//! because keys do not meet.

use std::num::NonZeroUsize;

use super::brief::{Brief, Part, Share, decide_part, only_limit};
use super::decide::{IN_FULL_MAX, Options, Outcome, Outcomes, check, decide};
use super::error::TraceError;
use super::trace::Trace;
use crate::api::ApiModel;
use crate::http::Headers;

/// The most threads, as a power of two: all look at all rows.
const BITS_MAX: u32 = 4;

/// Decisions on the requests of a trace, in the order of the file.
pub trait Decided {
    /// What became of a request.
    fn outcome(&self, row: usize) -> Outcome;

    /// The headers of each response, where they were asked for.
    fn headers(&self) -> &[Headers];
}

impl Decided for Outcomes {
    fn outcome(&self, row: usize) -> Outcome {
        self.rows[row]
    }

    fn headers(&self) -> &[Headers] {
        &self.headers
    }
}

/// Decisions, as much of them as was wanted.
#[derive(Clone, Debug)]
pub enum Decisions {
    /// All of it.
    Full(Outcomes),
    /// A byte of each, and what was told where that was wanted.
    Brief(Brief),
}

impl Decided for Decisions {
    fn outcome(&self, row: usize) -> Outcome {
        match self {
            Decisions::Full(outcomes) => outcomes.outcome(row),
            Decisions::Brief(brief) => brief.outcome(row),
        }
    }

    fn headers(&self) -> &[Headers] {
        match self {
            Decisions::Full(outcomes) => &outcomes.headers,
            Decisions::Brief(_) => &[],
        }
    }
}

/// How much is wanted of decisions.
#[derive(Clone, Copy, Default, Debug)]
pub struct Wanted {
    /// As for all decisions.
    pub options: Options,
    /// What limits tell beside their decisions, which [`decide`] always does.
    pub told: bool,
    /// How many threads may decide; one where none is said. It never shows.
    pub threads: Option<NonZeroUsize>,
}

/// Decides on every request of a trace.
pub fn decisions(model: &ApiModel, trace: &Trace, wanted: Wanted) -> Result<Decisions, TraceError> {
    let Wanted { options, told, threads } = wanted;
    let rows = &trace.rows;
    let backwards = options.sort && !rows.is_sorted();
    if only_limit(model).is_none()
        || options.headers
        || backwards
        || told && rows.len() > IN_FULL_MAX
    {
        return decide(model, trace, options).map(Decisions::Full);
    }
    check(model, trace, options)?;
    let bits = threads.map_or(0, |threads| threads.get().ilog2().min(BITS_MAX));
    let part = |number| decide_part(model, rows, Share { number, bits }, told);
    let parts = side_by_side(1 << bits, &part)?;
    Ok(Decisions::Brief(Brief::merge(parts, rows.len())))
}

/// Does parts of some work, each on a thread of its own, but for the first.
fn side_by_side(count: u32, work: &(impl Fn(u32) -> Part + Sync)) -> Result<Vec<Part>, TraceError> {
    std::thread::scope(|scope| {
        let spawn = |number| std::thread::Builder::new().spawn_scoped(scope, move || work(number));
        let others: Vec<_> = (1..count).map(spawn).collect::<Result<_, _>>().map_err(|error| {
            TraceError::Unreadable(format!("there is no thread for it: {error}"))
        })?;
        let first = work(0);
        let others = others.into_iter().map(|other| other.join().expect("a part does not panic"));
        Ok(std::iter::once(first).chain(others).collect())
    })
}
