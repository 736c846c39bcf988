//! API: limits over scopes, what counts against them, and what clients are told.
//!
//! A model of an API is data that never changes during a run; [`Api`] is the
//! state of one run beside it. A decision has two steps: every limit that
//! applies is tested, then those that the commit rule names are charged. What
//! was charged and must be undone later (a slot held, a count given back, a cost
//! known only at the response) stays with the attempt as receipts.

mod header;
mod penalty;
mod line;
mod receipt;
mod counts;
mod decide;
mod alone;
mod settle;
mod tell;

pub use counts::LimitCounts;
pub use decide::{Api, Request};
pub use header::{Form, HeaderRule, Notation, Round, Told, Unit};
pub use line::Ticket;
pub use penalty::{Early, Locks, Penalty};
pub use receipt::Receipt;
pub use settle::Response;

use serde::Deserialize;

use crate::attribute::{Place, Principal, Scope, SlotMap};
use crate::http::{Method, Status, Statuses};
use crate::limiter::Limiter;
use crate::time::{Instant, Span};

/// The index of an endpoint in its API.
pub type EndpointId = u16;

/// The index of a limit in its API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LimitId(pub u16);

/// Which limits are charged when the verdict is in. A limit with a line is a
/// stage of its own, and so is one that holds places behind one that delays: who
/// comes to it has passed the stages before, and what those charged stays
/// charged when it refuses, as nginx's `limit_req` does before its `limit_conn`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Commit {
    /// All, if all admit; none, if one refuses (nginx, Bucket4j).
    #[default]
    AllOrNothing,
    /// Each as it admits, none after the first that refuses, no rollback (Envoy local, APISIX).
    InOrder,
    /// Each by its own verdict, whatever the others say (Envoy global, Kong on Redis, DRF).
    Always,
    /// Each as it admits; what was taken is given back when a later one refuses (lua-resty-limit-traffic).
    Rollback,
    /// One is enough: the first that admits is charged (rate-limiter-flexible's bursty limiter).
    Any,
}

/// What an attempt takes from a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// When it is decided on.
    pub reserved: u32,
    /// When the response is known: the difference is given back, or taken too.
    pub used: u32,
}

impl Cost {
    /// Known from the start.
    #[must_use]
    pub const fn known(cost: u32) -> Cost {
        Cost { reserved: cost, used: cost }
    }
}

/// When an attempt is counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// When it is decided on.
    #[default]
    AtArrival,
    /// When its response is known; until then it is only tested.
    AtResponse,
}

/// The clock that a limiter looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockView {
    /// Added to the virtual clock, around its end; zero for the wall clock.
    shift: u64,
    /// What it showed when the limiter was made.
    created: Instant,
}

impl ClockView {
    /// A clock that shows `at_start` at the run's start, when a limiter was
    /// made that was made at `created` on it.
    #[must_use]
    pub const fn new(start: Instant, at_start: Instant, created: Instant) -> ClockView {
        ClockView { shift: at_start.0.wrapping_sub(start.0), created }
    }

    /// What it showed when a limiter that looks at it was made.
    #[must_use]
    pub const fn created(self) -> Instant {
        self.created
    }

    /// What it shows now.
    #[must_use]
    pub const fn at(self, now: Instant) -> Instant {
        Instant(now.0.wrapping_add(self.shift))
    }
}

/// One limit of an API.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a rule of its own
pub struct LimitModel {
    /// As the model file names it.
    pub name: String,
    /// The algorithm with its parameters, without slots.
    pub limiter: Limiter,
    /// The clock that it looks at.
    pub clock: ClockView,
    /// Whose state it is.
    pub scope: Scope,
    /// What an attempt takes from it, by endpoint.
    pub costs: Vec<Cost>,
    /// Whether a cost that a request brings itself is in this limit's unit.
    pub takes_cost: bool,
    /// When an attempt is counted.
    pub counted: Counted,
    /// What an attempt turns out to cost may be told with its response.
    pub settles: bool,
    /// Whether a refused attempt counts too.
    pub counts_rejects: bool,
    /// Attempts answered with one of these must not have counted.
    pub gives_back: Statuses,
    /// Decides and counts, but refuses nobody.
    pub shadow: bool,
    /// Somebody is told each time a window's limit is reached.
    pub notifies: bool,
    /// The status of its refusals.
    pub status: Status,
    /// What it tells of itself.
    pub headers: Vec<HeaderRule>,
    /// What a refusal costs, and whose key is locked.
    pub penalty: Option<(Penalty, Scope)>,
}

impl LimitModel {
    /// The most that one key can be granted in `span` from the run's start.
    #[must_use]
    pub fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let (made, seen) = (self.clock.created, self.clock.at(start));
        // One that was made before has had that time as well.
        let before = seen.since(made);
        self.limiter.admits_within(made.min(seen), span.plus(before))
    }

    /// The status that a client takes a refusal for: one behind a 2xx says so in
    /// its body, which clients here read.
    #[must_use]
    pub const fn answers(&self) -> Status {
        if self.status.is_class(2) { Status::TOO_MANY_REQUESTS } else { self.status }
    }

    /// Whether what it charges may have to be undone.
    fn keeps_receipt(&self) -> bool {
        self.settles
            || self.limiter.holds()
            || !self.gives_back.is_empty()
            || self.counted == Counted::AtResponse
            || self.costs.iter().any(|cost| cost.reserved != cost.used)
    }
}

/// An endpoint of an API.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// As the model file names it.
    pub name: String,
    /// What it is asked with.
    pub method: Method,
    /// The limits that apply to it, in the order in which they are asked.
    pub limits: Vec<LimitId>,
    /// How many of them each stage has. An attempt that one stage delays comes
    /// to the next when the delay is over: nginx's `limit_conn` counts nobody
    /// whom `limit_req` still holds back.
    pub stages: Vec<usize>,
}

/// An API as a model: all of this stays as it is during a run.
#[derive(Clone, Debug)]
pub struct ApiModel {
    /// As the model file names it.
    pub name: String,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Its limits, in the order in which they are asked.
    pub limits: Vec<LimitModel>,
    /// Which limits are charged.
    pub commit: Commit,
    /// The names of the headers that the limits send.
    pub header_names: Vec<String>,
    /// What headers say that is no number: names of policies, scopes, resources.
    pub texts: Vec<String>,
    /// The units that limits count, where they name any.
    pub units: Vec<String>,
    /// The slots of each limit.
    pub slots: Vec<SlotMap>,
    /// The slots of each limit's penalty; empty without one.
    pub penalty_slots: Vec<Option<SlotMap>>,
}

impl ApiModel {
    /// The limits that apply to an endpoint, each with the place of its state.
    pub fn places(
        &self,
        endpoint: EndpointId,
        principal: Principal,
    ) -> impl Iterator<Item = (LimitId, Place)> + '_ {
        let limits = &self.endpoints[endpoint as usize].limits;
        self.places_of(limits, endpoint, principal)
    }

    /// The same for the limits of one stage.
    fn stage(
        &self,
        stage: usize,
        endpoint: EndpointId,
        principal: Principal,
    ) -> impl Iterator<Item = (LimitId, Place)> + '_ {
        let Endpoint { limits, stages, .. } = &self.endpoints[endpoint as usize];
        let before: usize = stages.iter().take(stage).sum();
        // Where nothing is limited there is no stage at all.
        let count = stages.get(stage).copied().unwrap_or(0);
        self.places_of(&limits[before..before + count], endpoint, principal)
    }

    fn places_of<'a>(
        &'a self,
        limits: &'a [LimitId],
        endpoint: EndpointId,
        principal: Principal,
    ) -> impl Iterator<Item = (LimitId, Place)> + 'a {
        limits
            .iter()
            .map(move |&id| (id, self.slots[usize::from(id.0)].place(principal, endpoint)))
            .filter(|(_, place)| *place != Place::Skip)
    }

    /// A limit of this API.
    #[must_use]
    pub fn limit(&self, id: LimitId) -> &LimitModel {
        &self.limits[usize::from(id.0)]
    }

    /// How many stages an attempt at an endpoint goes through.
    #[must_use]
    pub fn stages(&self, endpoint: EndpointId) -> usize {
        self.endpoints[endpoint as usize].stages.len()
    }

    /// How many receipts an attempt may hold: the most limits that apply to
    /// one endpoint and have something to undo.
    #[must_use]
    pub fn receipts_max(&self) -> usize {
        let undone = |id: &&LimitId| self.limit(**id).keeps_receipt();
        let of = |endpoint: &Endpoint| endpoint.limits.iter().filter(undone).count();
        self.endpoints.iter().map(of).max().unwrap_or(0)
    }
}

/// What the limits say of an attempt in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It goes on to the service.
    Admit,
    /// It is refused.
    Reject {
        /// The limit that refused it.
        limit: LimitId,
        /// What that limit would tell: how long to wait from now.
        wait: Span,
    },
}

/// What the limits of one stage say of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ruling {
    /// It has passed the stage, or is refused.
    Decided(Decision),
    /// It has passed, but goes on only after a time.
    Delay {
        /// The limit that holds it back the longest.
        limit: LimitId,
        /// For so long.
        by: Span,
    },
    /// It waits in the line of a limit until a place is free.
    Queue {
        /// The limit.
        limit: LimitId,
        /// It is refused when it has waited so long.
        patience: Span,
    },
}
