//! An observer that holds every limit to its definition at every slot, in
//! arithmetic of its own: no more than a limit allows is ever admitted, and
//! nothing that it allows is refused.

use std::collections::{BTreeMap, VecDeque};

use crate::anything::{Algorithm, Limit, World};
use tollgate::api::Decision;
use tollgate::attribute::Place;
use tollgate::engine::{Caller, Ending, Fact, Observer};
use tollgate::http::{Answer, Status};
use tollgate::scenario::Model;
use tollgate::time::Instant;

const MS: u64 = 1_000_000;

/// What one slot of a limit has admitted.
#[derive(Default)]
struct Slot {
    /// Admissions of the last window's length, and their cost.
    recent: VecDeque<(u64, u64)>,
    recent_cost: u64,
    /// The window that is open, and what it has admitted.
    window: u64,
    opened: bool,
    used: u64,
    /// GCRA's theoretical arrival time, and the least of `cost - rate * time`
    /// over all admissions, both in parts of a token.
    tat: i128,
    admitted: i128,
    least: Option<i128>,
    in_progress: u64,
}

pub(crate) struct Bounds<'m> {
    model: &'m Model,
    limits: &'m [Limit],
    all_or_nothing: bool,
    slots: BTreeMap<(u16, u32), Slot>,
    /// Cost admitted by each limit, and refusals in its name.
    admitted: Vec<u64>,
    refused: Vec<u64>,
    /// An attempt failed before a decision, and leaves in the same event.
    failed: bool,
    pub(crate) breach: Option<String>,
}

impl<'m> Bounds<'m> {
    pub(crate) fn new(world: &'m World, model: &'m Model) -> Self {
        let limits = world.limits.len();
        Bounds {
            model,
            limits: &world.limits,
            all_or_nothing: world.all_or_nothing,
            slots: BTreeMap::new(),
            admitted: vec![0; limits],
            refused: vec![0; limits],
            failed: false,
            breach: None,
        }
    }

    /// What the engine counted is what could be seen.
    pub(crate) fn close(&mut self, ending: &Ending) {
        for (index, counts) in ending.limits.iter().enumerate() {
            let limit = &self.limits[index];
            if !limit.shadow && counts.rejected != self.refused[index] {
                self.breached(format!("limit {index} refused {counts:?}"));
            }
            if self.exact(limit) && counts.charged != self.admitted[index] {
                self.breached(format!("limit {index} charged {counts:?}"));
            }
        }
    }

    /// All that is admitted counts and nothing else, so what is used is known.
    /// A shadow counts as if it were enforced: not what it would have refused.
    fn exact(&self, limit: &Limit) -> bool {
        self.all_or_nothing && !limit.counts_rejects && !limit.shadow
    }

    fn cost(&self, limit: u16, caller: Caller) -> u64 {
        let costs = &self.model.api.limits[usize::from(limit)].costs;
        u64::from(costs[caller.endpoint as usize].reserved)
    }

    fn breached(&mut self, what: String) {
        self.breach.get_or_insert(what);
    }

    /// The limits that apply, each with its slot.
    fn places(&self, caller: Caller) -> Vec<(u16, u32)> {
        let at = |(id, place): (tollgate::api::LimitId, Place)| match place {
            Place::At(slot) => Some((id.0, slot)),
            Place::Skip | Place::Refuse => None,
        };
        self.model.api.places(caller.endpoint, caller.client).filter_map(at).collect()
    }

    fn admit(&mut self, now: Instant, caller: Caller) {
        for key in self.places(caller) {
            let cost = self.cost(key.0, caller);
            let limit = &self.limits[usize::from(key.0)];
            let exact = self.exact(limit);
            self.admitted[usize::from(key.0)] += cost;
            let slot = self.slots.entry(key).or_default();
            let fits = slot.fits(limit.algorithm, now.0, cost);
            let within = slot.admit(limit.algorithm, now.0, cost, exact);
            if !limit.shadow && !(within && (fits || !exact)) {
                let what = format!("limit {} admitted too much at {now} in slot {}", key.0, key.1);
                self.breached(what);
            }
        }
    }

    fn reject(&mut self, now: Instant, caller: Caller, by: u16) {
        self.refused[usize::from(by)] += 1;
        let cost = self.cost(by, caller);
        let limit = &self.limits[usize::from(by)];
        let place = self.places(caller).into_iter().find(|(id, _)| *id == by);
        if let (true, false, Some(key)) = (self.exact(limit), limit.penalty, place) {
            let slot = self.slots.entry(key).or_default();
            if slot.fits(limit.algorithm, now.0, cost) {
                self.breached(format!("limit {by} had room at {now} in slot {}", key.1));
            }
        }
    }

    fn leave(&mut self, caller: Caller) {
        for key in self.places(caller) {
            let cost = self.cost(key.0, caller);
            let slot = self.slots.entry(key).or_default();
            slot.in_progress = slot.in_progress.saturating_sub(cost);
        }
    }
}

impl Slot {
    /// Whether the limit's definition has room for this cost.
    fn fits(&mut self, algorithm: Algorithm, now: u64, cost: u64) -> bool {
        match algorithm {
            Algorithm::Window { quota, .. } => {
                self.turn(algorithm, now);
                self.used + cost <= quota
            }
            Algorithm::Bucket { burst, .. } if cost * burst.1 > burst.0 => false,
            Algorithm::Bucket { count, period, burst } => {
                let time = i128::from(now) * i128::from(count * burst.1);
                let early = i128::from(burst.0 - cost * burst.1) * i128::from(period * MS);
                time + early >= self.tat
            }
            Algorithm::Slots { max, .. } => self.in_progress + cost <= max,
            Algorithm::Other(_) => true,
        }
    }

    /// Ends the window that is over by now.
    fn turn(&mut self, algorithm: Algorithm, now: u64) {
        let Algorithm::Window { length, phase, first, .. } = algorithm else {
            return;
        };
        let length = length * MS;
        let window = (now - phase * MS % length) / length;
        let over =
            if first { self.opened && now >= self.window + length } else { window != self.window };
        if over {
            self.opened = false;
            self.used = 0;
        }
        if !first {
            self.window = window;
        }
    }

    /// Takes the cost, and says whether the bounds over every span still hold.
    fn admit(&mut self, algorithm: Algorithm, now: u64, cost: u64, exact: bool) -> bool {
        self.in_progress += cost;
        match algorithm {
            Algorithm::Window { quota, length, first, .. } => {
                self.turn(algorithm, now);
                if first && !self.opened {
                    self.opened = true;
                    self.window = now;
                }
                self.used += cost;
                self.recent.push_back((now, cost));
                self.recent_cost += cost;
                while let Some((at, cost)) = self.recent.front().copied()
                    && at + length * MS <= now
                {
                    self.recent.pop_front();
                    self.recent_cost -= cost;
                }
                // Where refusals open windows too, only the grid's are known.
                (self.used <= quota || first && !exact) && self.recent_cost <= 2 * quota
            }
            Algorithm::Bucket { count, period, burst } => {
                let time = i128::from(now) * i128::from(count * burst.1);
                let price = i128::from(cost * burst.1 * period * MS);
                self.tat = self.tat.max(time) + price;
                // In any span of w: at most B + r w.
                let least =
                    self.least.map_or(self.admitted - time, |l| l.min(self.admitted - time));
                self.least = Some(least);
                self.admitted += price;
                self.admitted - time - least <= i128::from(burst.0 * period * MS)
            }
            Algorithm::Slots { max, .. } => self.in_progress <= max,
            Algorithm::Other(_) => true,
        }
    }
}

impl Observer for Bounds<'_> {
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        match *fact {
            Fact::Decided(Decision::Admit) => self.admit(now, caller),
            Fact::Decided(Decision::Reject { limit, .. }) => self.reject(now, caller, limit.0),
            Fact::Failed => self.failed = true,
            // The service itself never answers 429.
            Fact::Left(Answer::Status(Status::TOO_MANY_REQUESTS)) => {}
            Fact::Left(_) if std::mem::take(&mut self.failed) => {}
            Fact::Left(_) => self.leave(caller),
            _ => {}
        }
    }
}
