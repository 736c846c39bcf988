//! The limits decide on the requests of a trace.
//!
//! Requests are taken in the order of their times, those of one instant in the
//! order of the file. What a decision leaves for later (a delay, a place held, a
//! response) happens after the requests of its instant, in the order in which it
//! was scheduled.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::error::TraceError;
use super::rows::{Row, Rows};
use super::trace::Trace;
use crate::api::{Api, ApiModel, Decision, LimitId, Receipt, Request, Response, Ruling};
use crate::attribute::Place;
use crate::http::{Headers, Status};
use crate::limiter::{Verdict, View};
use crate::time::{Instant, Span};

/// The most requests of which everything is told: about 100 bytes each.
pub(super) const IN_FULL_MAX: usize = 20_000_000;

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// Let through at once.
    Admit,
    /// Let through later.
    Delay(Span),
    /// Let through after it waited in a line.
    Queue(Span),
    /// Refused.
    Reject,
}

/// What a request was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What became of it.
    pub said: Said,
    /// The limit that bound: that refused, or else held it back last, of one
    /// stage the longest.
    pub limit: Option<LimitId>,
    /// What is left, as that limit tells it, or the tightest.
    pub remaining: Option<u64>,
    /// When it may come again, from now.
    pub retry_after: Option<Span>,
    /// When the limit is whole again, from now.
    pub reset: Option<Span>,
}

/// What became of all requests, in the order of the file.
#[derive(Clone, Debug)]
pub struct Outcomes {
    /// Of each request.
    pub rows: Vec<Outcome>,
    /// The headers of each response, where they were asked for.
    pub headers: Vec<Headers>,
}

impl Outcome {
    const NONE: Outcome =
        Outcome { said: Said::Admit, limit: None, remaining: None, retry_after: None, reset: None };
}

/// How a trace is decided on.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    /// Times may run backwards at one key of a limit; else that is an error.
    pub sort: bool,
    /// The headers of the responses are wanted.
    pub headers: bool,
}

/// Decides on every request of a trace, and tells all of each.
pub fn decide(model: &ApiModel, trace: &Trace, options: Options) -> Result<Outcomes, TraceError> {
    check(model, trace, options)?;
    if trace.rows.len() > IN_FULL_MAX {
        let (all, most) = (trace.rows.len(), IN_FULL_MAX);
        return Err(TraceError::Lacks(format!(
            "it has {all} requests, and with all that is told of each there can be {most}: \
             split the trace, or ask for less"
        )));
    }
    let sorted = trace.rows.is_sorted();
    let mut order: Vec<u32> = (0..).take(trace.rows.len()).collect();
    if !sorted {
        order.sort_by_key(|row| trace.rows.times()[*row as usize]);
    }
    let mut replay = Replay {
        model,
        rows: &trace.rows,
        api: Api::new(model),
        outcomes: vec![Outcome::NONE; trace.rows.len()],
        headers: vec![Headers::NONE; if options.headers { trace.rows.len() } else { 0 }],
        receipts: Vec::new(),
        under_way: BTreeMap::new(),
        events: BinaryHeap::new(),
        scheduled: 0,
    };
    for row in order {
        let at = trace.rows.times()[row as usize];
        replay.catch_up(at);
        replay.arrive(row, at);
    }
    replay.catch_up(Instant::NEVER);
    Ok(Outcomes { rows: replay.outcomes, headers: replay.headers })
}

/// Whether a trace says all that the limits need, in an order that they can take.
pub(super) fn check(model: &ApiModel, trace: &Trace, options: Options) -> Result<(), TraceError> {
    if !trace.has_durations
        && let Some(limit) = model.limits.iter().find(|limit| limit.limiter.holds())
    {
        return Err(TraceError::Lacks(format!(
            "`{}` limits what is in progress, and the trace does not say how long a request \
             takes: give it a column duration_ms",
            limit.name
        )));
    }
    if model.units.len() > 1 && trace.rows.has_costs() {
        return Err(TraceError::Lacks(format!(
            "the limits count several units ({}), and one column `cost` cannot be all of them: \
             leave it out, and let the endpoints say what a request costs",
            model.units.join(", ")
        )));
    }
    if trace.rows.is_sorted() || options.sort { Ok(()) } else { in_order(model, trace) }
}

/// Whether no key of any limit sees time run backwards.
fn in_order(model: &ApiModel, trace: &Trace) -> Result<(), TraceError> {
    let mut last: Vec<Vec<(Instant, u64)>> =
        model.slots.iter().map(|slots| vec![(Instant(0), 0); slots.len()]).collect();
    for row in trace.rows.iter() {
        for (id, place) in model.places(row.endpoint, row.principal) {
            let Place::At(slot) = place else { continue };
            let seen = &mut last[usize::from(id.0)][slot as usize];
            if row.at < seen.0 {
                let back = seen.0.since(row.at);
                let limit = &model.limit(id).name;
                let why = format!(
                    "time runs backwards by {back} for this key of `{limit}`, after line {}: \
                     sort the trace, or add --sort",
                    seen.1
                );
                return Err(TraceError::Row { line: row.line, why });
            }
            *seen = (row.at, row.line);
        }
    }
    Ok(())
}

/// What was scheduled for a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    /// A limit holds it back no longer.
    Pass,
    /// It has waited long enough in a line.
    Tire,
    /// The backend has answered.
    Respond,
}

/// A request that a decision has not finished with.
#[derive(Debug)]
struct UnderWay {
    stage: usize,
    /// Whether it waited in a line.
    queued: bool,
    /// When its patience in the line where it stands ends.
    tires: Instant,
    receipts: Vec<Receipt>,
}

struct Replay<'t> {
    model: &'t ApiModel,
    rows: &'t Rows,
    api: Api<'t>,
    outcomes: Vec<Outcome>,
    headers: Vec<Headers>,
    /// Room for those of the next request; empty where another took it along.
    receipts: Vec<Receipt>,
    under_way: BTreeMap<u32, UnderWay>,
    events: BinaryHeap<Reverse<(Instant, u64, u32, What)>>,
    scheduled: u64,
}

impl Replay<'_> {
    /// Lets everything happen that was scheduled before `until`.
    fn catch_up(&mut self, until: Instant) {
        while let Some(Reverse((at, _, row, what))) = self.events.peek().copied()
            && at < until
        {
            self.events.pop();
            match what {
                What::Pass => self.pass(row, at),
                What::Tire => self.tire(row, at),
                What::Respond => self.respond(row, at, self.rows.get(row as usize).status),
            }
        }
    }

    fn schedule(&mut self, at: Instant, row: u32, what: What) {
        // What never comes is not queued.
        if at < Instant::NEVER {
            self.events.push(Reverse((at, self.scheduled, row, what)));
            self.scheduled += 1;
        }
    }

    fn request(&self, row: u32) -> Request {
        let Row { endpoint, principal, cost, .. } = self.rows.get(row as usize);
        Request { endpoint, principal, cost, ticket: row }
    }

    fn arrive(&mut self, row: u32, now: Instant) {
        let mut receipts = std::mem::take(&mut self.receipts);
        receipts.resize(self.model.receipts_max(), Receipt::NONE);
        self.go_on(row, now, UnderWay { stage: 0, queued: false, tires: Instant::NEVER, receipts });
    }

    /// The stages of limits from this one on, as far as they let the request.
    fn go_on(&mut self, row: u32, now: Instant, mut under_way: UnderWay) {
        let request = self.request(row);
        while under_way.stage < self.model.stages(request.endpoint) {
            match self.api.decide(now, request, under_way.stage, &mut under_way.receipts) {
                Ruling::Decided(Decision::Admit) => under_way.stage += 1,
                Ruling::Decided(Decision::Reject { limit, wait }) => {
                    return self.refuse(row, now, limit, wait, under_way);
                }
                Ruling::Delay { limit, by } => {
                    self.bound(row, now, limit, Verdict::Delay(by));
                    self.schedule(now.after(by), row, What::Pass);
                    self.under_way.insert(row, under_way);
                    return;
                }
                Ruling::Queue { limit, patience } => {
                    self.bound(row, now, limit, Verdict::NEVER);
                    self.schedule(now.after(patience), row, What::Tire);
                    under_way.queued = true;
                    under_way.tires = now.after(patience);
                    self.under_way.insert(row, under_way);
                    return;
                }
            }
        }
        self.let_through(row, now, under_way);
    }

    /// A limit binds: what it tells is what the request is told.
    fn bound(&mut self, row: u32, now: Instant, limit: LimitId, verdict: Verdict) {
        let view = self.api.view(now, self.request(row), limit, verdict);
        let outcome = &mut self.outcomes[row as usize];
        outcome.limit = Some(limit);
        outcome.remaining = view.and_then(|view| view.remaining);
        outcome.reset = view.and_then(|view| view.reset);
    }

    fn refuse(&mut self, row: u32, now: Instant, limit: LimitId, wait: Span, by: UnderWay) {
        self.bound(row, now, limit, Verdict::Reject { wait });
        self.tell(row, now, Decision::Reject { limit, wait });
        let outcome = &mut self.outcomes[row as usize];
        outcome.said = Said::Reject;
        outcome.retry_after = (wait != Span::NEVER).then_some(wait);
        self.settle(row, now, by, self.model.limit(limit).status);
    }

    /// Writes the headers down, where they are wanted.
    fn tell(&mut self, row: u32, now: Instant, decision: Decision) {
        let request = self.request(row);
        if let Some(headers) = self.headers.get_mut(row as usize) {
            *headers = self.api.headers(now, request, decision);
        }
    }

    /// All limits have let it through.
    fn let_through(&mut self, row: u32, now: Instant, by: UnderWay) {
        let Row { at, took, status, .. } = self.rows.get(row as usize);
        let request = self.request(row);
        let held = now.since(at);
        if self.outcomes[row as usize].limit.is_none() {
            let view = self.tightest(now, request);
            self.outcomes[row as usize].remaining = view.and_then(|view| view.remaining);
            self.outcomes[row as usize].reset = view.and_then(|view| view.reset);
        }
        self.tell(row, now, Decision::Admit);
        self.outcomes[row as usize].said = match held {
            _ if by.queued => Said::Queue(held),
            Span::ZERO => Said::Admit,
            _ => Said::Delay(held),
        };
        if took == Span::ZERO {
            self.settle(row, now, by, status);
        } else {
            self.schedule(now.after(took), row, What::Respond);
            self.under_way.insert(row, by);
        }
    }

    /// What the limit with the least left tells; the first of several.
    fn tightest(&self, now: Instant, request: Request) -> Option<View> {
        let views = self.model.places(request.endpoint, request.principal);
        let views = views.filter_map(|(id, _)| self.api.view(now, request, id, Verdict::Admit));
        views.min_by_key(|view| view.remaining.unwrap_or(u64::MAX))
    }

    fn pass(&mut self, row: u32, now: Instant) {
        if let Some(mut under_way) = self.under_way.remove(&row) {
            under_way.stage += 1;
            self.go_on(row, now, under_way);
        }
    }

    fn tire(&mut self, row: u32, now: Instant) {
        // One who stood in an earlier line may stand in another by now.
        let here = self.under_way.get(&row).filter(|under_way| under_way.tires == now);
        let Some(stage) = here.map(|under_way| under_way.stage) else { return };
        let given_up = self.api.lose_patience(self.request(row), stage);
        if let Some(Decision::Reject { limit, wait }) = given_up
            && let Some(under_way) = self.under_way.remove(&row)
        {
            self.refuse(row, now, limit, wait, under_way);
        }
    }

    fn respond(&mut self, row: u32, now: Instant, status: Status) {
        if let Some(under_way) = self.under_way.remove(&row) {
            self.settle(row, now, under_way, status);
        }
    }

    /// The request is over; its room is for the next one.
    fn settle(&mut self, row: u32, now: Instant, mut by: UnderWay, status: Status) {
        let Row { endpoint, cost, used, .. } = self.rows.get(row as usize);
        let response = Response { status, endpoint, used: used.or(cost) };
        self.api.settle(now, response, &mut by.receipts);
        self.receipts = by.receipts;
        while let Some((waiting, receipt)) = self.api.granted() {
            if let Some(under_way) = self.under_way.get_mut(&waiting) {
                receipt.keep(&mut under_way.receipts);
                under_way.tires = Instant::NEVER;
                self.schedule(now, waiting, What::Pass);
            }
        }
    }
}
