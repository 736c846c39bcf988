//! Service: what stands behind the limits.
//!
//! Time by endpoint, a bounded number of places with a bounded queue, failures,
//! outages, a cache of its own. It only answers questions; when things happen
//! is the engine's affair.

use crate::api::EndpointId;
use crate::dist::Dist;
use crate::http::Status;
use crate::rng::{Chance, Key, Purpose};
use crate::time::{Instant, Span};

/// How requests are served at one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// How long the service takes.
    pub time: Dist,
    /// The chance that it answers `5xx`.
    pub fails: Chance,
    /// The chance that it answers `4xx`, for a fault of the request.
    pub refuses: Chance,
    /// Whether answers go through the service's cache.
    pub cached: bool,
}

impl Serving {
    /// Whether nothing ever goes wrong.
    fn is_sound(&self) -> bool {
        self.fails == Chance::NEVER && self.refuses == Chance::NEVER
    }

    /// One draw decides both: the lowest bits of chance fail, the next are refused.
    fn fate(&self, bits: u64) -> Status {
        if self.fails.hits(bits) {
            Status(500)
        } else if self.refuses.hits(!bits) {
            Status(404)
        } else {
            Status::OK
        }
    }
}

/// What the service does while it is out of order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutageAnswer {
    /// It answers 503.
    Error,
    /// It refuses the connection.
    Refuse,
    /// It never answers.
    Hang,
}

/// A time in which the service is out of order.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// From here.
    pub from: Instant,
    /// Until, but not at, here.
    pub until: Instant,
    /// What it does.
    pub answer: OutageAnswer,
    /// Whether the limits still decide and count meanwhile.
    pub limits_decide: bool,
}

/// A time in which the service takes up nothing: it finishes what it has begun,
/// and whatever passes the limits waits in its queue until it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stall {
    /// From here.
    pub from: Instant,
    /// Until, but not at, here.
    pub until: Instant,
}

/// A cache in front of the service that knows answers by what was asked.
#[derive(Clone, Copy, Debug)]
pub struct ServerCache {
    /// How long an answer is kept.
    pub ttl: Span,
    /// How long a hit takes.
    pub hit: Dist,
}

/// A service as a model.
#[derive(Clone, Debug)]
pub struct ServiceModel {
    /// By endpoint.
    pub serving: Vec<Serving>,
    /// How long a refusal by a limit takes.
    pub reject_time: Dist,
    /// Whether a refusal needs a place of the service too.
    pub reject_takes_place: bool,
    /// How many requests are served at once; `u32::MAX` without a bound.
    pub places: u32,
    /// How many more may wait for a place; the next one gets 503.
    pub queue: u32,
    /// How much longer a request takes for each other one in service: 0.01 is 1 %.
    pub slowdown: f64,
    /// Work whose client has stopped waiting is dropped before it starts.
    pub drops_timed_out: bool,
    /// A cache of answers.
    pub cache: Option<ServerCache>,
    /// Whether what is asked for is a row under optimistic concurrency: a request
    /// is answered 409 if another has written the row since it came.
    pub optimistic: bool,
    /// In order of time, not overlapping.
    pub outages: Vec<Outage>,
    /// In order of time, overlapping neither each other nor the outages.
    pub stalls: Vec<Stall>,
}

impl ServiceModel {
    /// The times in which it does not work as it should, in no particular order.
    pub fn disturbances(&self) -> impl Iterator<Item = (Instant, Instant)> + '_ {
        let outages = self.outages.iter().map(|outage| (outage.from, outage.until));
        outages.chain(self.stalls.iter().map(|stall| (stall.from, stall.until)))
    }
}

/// The state of a service in one run.
#[derive(Debug)]
pub struct Service<'m> {
    model: &'m ServiceModel,
    /// How many requests are in service.
    busy: u32,
    /// Until when the cache knows the answer to a content.
    known: Vec<Instant>,
    /// How often each content was written, where writes may conflict.
    versions: Vec<u32>,
}

/// What the service makes of a request that has its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Work {
    /// How long it takes.
    pub time: Span,
    /// What it answers, unless the row is written meanwhile.
    pub status: Status,
    /// The version of the row that it saw.
    pub version: u32,
}

impl<'m> Service<'m> {
    /// An idle service; `contents` is how many different things can be asked.
    #[must_use]
    pub fn new(model: &'m ServiceModel, contents: u32) -> Self {
        let of = |kept: bool| if kept { contents as usize } else { 0 };
        let known = vec![Instant(0); of(model.cache.is_some())];
        Service { model, busy: 0, known, versions: vec![0; of(model.optimistic)] }
    }

    /// The outage that a request at `now` meets.
    #[must_use]
    #[inline]
    pub fn outage(&self, now: Instant) -> Option<&'m Outage> {
        self.model.outages.iter().find(|o| o.from <= now && now < o.until)
    }

    /// Whether a place is free at `now` for a request to be served in.
    #[must_use]
    #[inline]
    pub fn has_place(&self, now: Instant) -> bool {
        let stalls = |stall: &Stall| stall.from <= now && now < stall.until;
        self.busy < self.model.places && !self.model.stalls.iter().any(stalls)
    }

    /// Takes a place for a refusal and says how long that takes.
    #[inline]
    pub fn reject(&mut self, key: Key, number: u64) -> Span {
        self.busy += u32::from(self.model.reject_takes_place);
        self.model.reject_time.draw(key, Purpose::Service, number)
    }

    /// Takes a place for a request and says how long it takes and what comes of
    /// it; `draw` gives its uniform bits for [`Purpose::Service`] and
    /// [`Purpose::Fault`].
    #[inline(always)]
    #[allow(clippy::inline_always)] // a call would take the draw from memory
    pub fn serve(
        &mut self,
        now: Instant,
        endpoint: EndpointId,
        content: u32,
        draw: impl Fn(Purpose) -> u64,
    ) -> Work {
        let serving = &self.model.serving[endpoint as usize];
        let others = f64::from(self.busy);
        self.busy += 1;
        if let Some(hit) = self.cache_hit(now, serving.cached, content) {
            let time = hit.sample(draw(Purpose::Service));
            return Work { time, status: Status::OK, version: 0 };
        }
        let mut time = serving.time.sample(draw(Purpose::Service));
        if self.model.slowdown > 0.0 {
            time = Span::from_secs_f64(time.as_secs_f64() * (1.0 + self.model.slowdown * others));
        }
        let status =
            if serving.is_sound() { Status::OK } else { serving.fate(draw(Purpose::Fault)) };
        let version = self.versions.get(content as usize).copied().unwrap_or_default();
        Work { time, status, version }
    }

    /// What a request that saw `version` of its row is answered in the end: a
    /// success writes the row, and there is none if somebody was faster.
    #[inline]
    pub fn commit(&mut self, content: u32, version: u32, status: Status) -> Status {
        match self.versions.get_mut(content as usize) {
            Some(written) if status == Status::OK && *written != version => Status::CONFLICT,
            Some(written) if status == Status::OK => {
                *written = written.wrapping_add(1);
                status
            }
            _ => status,
        }
    }

    /// The request is done: its place is free, and the cache knows its answer.
    #[inline]
    pub fn done(&mut self, now: Instant, endpoint: EndpointId, content: u32, status: Status) {
        self.leave();
        if let Some(cache) = &self.model.cache
            && self.model.serving[endpoint as usize].cached
            && status == Status::OK
            && let Some(until) = self.known.get_mut(content as usize)
            && *until <= now
        {
            *until = now.after(cache.ttl);
        }
    }

    /// The place of a request is free again.
    #[inline]
    pub fn leave(&mut self) {
        self.busy -= 1;
    }

    fn cache_hit(&self, now: Instant, cached: bool, content: u32) -> Option<Dist> {
        let cache = self.model.cache.as_ref().filter(|_| cached)?;
        let until = self.known.get(content as usize)?;
        (now < *until).then_some(cache.hit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    fn model() -> ServiceModel {
        let serving = Serving {
            time: Dist::Constant(Span::millis(400)),
            fails: Chance::NEVER,
            refuses: Chance::NEVER,
            cached: true,
        };
        ServiceModel {
            serving: vec![serving],
            reject_time: Dist::ZERO,
            reject_takes_place: false,
            places: 2,
            queue: 0,
            slowdown: 0.5,
            drops_timed_out: false,
            cache: Some(ServerCache {
                ttl: Span::seconds(10),
                hit: Dist::Constant(Span::millis(5)),
            }),
            optimistic: false,
            outages: vec![],
            stalls: vec![],
        }
    }

    const DRAWS: fn(Purpose) -> u64 = |_| 1;

    #[test]
    fn a_hit_is_fast_until_the_answer_is_too_old() {
        let model = model();
        let mut service = Service::new(&model, 1);
        let at = |s| Instant(s * SECOND);
        assert_eq!(service.serve(at(0), 0, 0, DRAWS).time, Span::millis(400));
        service.done(at(1), 0, 0, Status::OK);
        assert_eq!(service.serve(at(2), 0, 0, DRAWS).time, Span::millis(5));
        service.done(at(2), 0, 0, Status::OK);
        assert_eq!(service.serve(at(11), 0, 0, DRAWS).time, Span::millis(400));
    }

    #[test]
    fn others_in_service_slow_it_down_and_fill_its_places() {
        let mut model = model();
        model.cache = None;
        let mut service = Service::new(&model, 0);
        assert_eq!(service.serve(Instant(0), 0, 0, DRAWS).time, Span::millis(400));
        assert_eq!(service.serve(Instant(0), 0, 0, DRAWS).time, Span::millis(600));
        assert!(!service.has_place(Instant(0)));
        service.leave();
        assert!(service.has_place(Instant(0)));
    }

    #[test]
    fn a_stall_gives_no_place_until_it_is_over() {
        let mut model = model();
        let at = |s| Instant(s * SECOND);
        model.stalls = vec![Stall { from: at(1), until: at(3) }];
        let service = Service::new(&model, 0);
        let places: Vec<bool> = (0..4).map(|second| service.has_place(at(second))).collect();
        assert_eq!(places, [true, false, false, true]);
    }

    #[test]
    fn of_two_who_saw_the_same_version_one_writes() {
        let mut model = model();
        (model.cache, model.optimistic) = (None, true);
        let mut service = Service::new(&model, 2);
        let mut come = |content| service.serve(Instant(0), 0, content, DRAWS).version;
        let (first, second, elsewhere) = (come(0), come(0), come(1));
        assert_eq!(service.commit(0, second, Status::OK), Status::OK);
        assert_eq!(service.commit(0, first, Status::OK), Status::CONFLICT);
        assert_eq!(service.commit(1, elsewhere, Status::OK), Status::OK);
        let again = service.serve(Instant(0), 0, 0, DRAWS).version;
        assert_eq!(service.commit(0, again, Status::OK), Status::OK);
    }

    #[test]
    fn failures_and_refusals_do_not_exclude_each_other() {
        let mut model = model();
        model.cache = None;
        model.serving[0].fails = Chance::new(0.25);
        model.serving[0].refuses = Chance::new(0.25);
        let mut service = Service::new(&model, 0);
        let mut count = [0; 6];
        for i in 0..10_000_u64 {
            let fault = (2 * i + 1) * (u64::MAX / 20_000);
            let draw = |purpose| if purpose == Purpose::Fault { fault } else { 0 };
            let work = service.serve(Instant(0), 0, 0, draw);
            service.leave();
            count[usize::from(work.status.0 / 100)] += 1;
        }
        assert_eq!((count[2], count[4], count[5]), (5_000, 2_500, 2_500));
    }
}
