//! Levers: what a client does between a call and its first attempt.
//!
//! They are what the vendors' pages recommend besides retrying well: a cache,
//! batches, webhooks instead of polling, a captcha, staggered starts, backfill
//! off-peak.

use crate::api::EndpointId;
use crate::rng::Chance;
use crate::time::Span;

/// Which calls a lever takes; empty lists take all.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Filter {
    /// Only these endpoints.
    pub endpoints: Vec<EndpointId>,
    /// Only these populations, by index.
    pub populations: Vec<u16>,
}

impl Filter {
    /// Whether a call is taken.
    #[must_use]
    pub fn takes(&self, population: u16, endpoint: EndpointId) -> bool {
        (self.endpoints.is_empty() || self.endpoints.contains(&endpoint))
            && self.takes_population(population)
    }

    /// Whether calls of a population are taken, whatever they ask.
    #[must_use]
    pub fn takes_population(&self, population: u16) -> bool {
        self.populations.is_empty() || self.populations.contains(&population)
    }
}

/// Answers that the client still has.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Cache {
    /// This share of calls is answered by it.
    Share(Chance),
    /// An answer serves for so long all calls of the client that ask the same.
    Ttl(Span),
    /// An answer serves until the end of the session.
    Session,
}

/// A share of some calls.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// How many of them.
    pub share: Chance,
    /// Which calls.
    pub filter: Filter,
}

/// Several calls in one attempt.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// At most so many.
    pub calls: u32,
    /// The first call waits so long for others.
    pub wait: Span,
    /// The endpoint that takes batches.
    pub endpoint: EndpointId,
    /// Which calls.
    pub filter: Filter,
}

/// All levers of a client; none by default.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Levers {
    /// Stopped before anything else: by a captcha, by a limiter of the client's own.
    pub screens: Vec<Part>,
    /// Need no attempt: news come by webhook, or nothing was modified.
    pub avoids: Vec<Part>,
    /// Answered by the client's own cache.
    pub caches: Vec<(Cache, Filter)>,
    /// Sent together.
    pub batch: Option<Batch>,
    /// The starts of the clients are spread evenly over this span.
    pub stagger: Option<(Span, Filter)>,
    /// Work that can wait starts so long after the run does.
    pub off_peak: Option<(Span, Filter)>,
    /// Each attempt takes the next of the population's identities.
    pub spreads: bool,
}
