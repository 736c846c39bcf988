//! How each fact counts: the hot path of the measures.

use super::{ClientRow, Counts, Measures};
use crate::api::Decision;
use crate::engine::{Caller, End, Fact, Observer, Soon};
use crate::http::Answer;
use crate::prefetch::prefetch;
use crate::time::Instant;

impl Measures {
    /// The row of a client.
    #[inline]
    fn client(&mut self, client: u32) -> &mut ClientRow {
        let row = self.row_of(client);
        &mut self.clients[row]
    }

    /// Where that row lies.
    #[inline]
    fn row_of(&self, client: u32) -> usize {
        self.places.as_ref().map_or(client, |places| places[client as usize]) as usize
    }

    /// The counts of what a caller asks.
    #[inline]
    fn cell_of(&mut self, caller: Caller) -> &mut Counts {
        let cell = self.index_of(caller);
        &mut self.cells[cell]
    }

    #[inline]
    fn index_of(&self, caller: Caller) -> usize {
        usize::from(caller.population) * self.endpoints + usize::from(caller.endpoint)
    }

    /// Whether attempts count now, as 0 or 1. What holds for all facts of a
    /// moment changes so rarely that they look at nothing but when it does.
    #[inline]
    fn reach(&mut self, now: Instant) -> u64 {
        // Before it began the difference wraps round and is large too.
        if now.0.wrapping_sub(self.present.0) >= self.stays.0 {
            self.turn_to(now);
        }
        u64::from(self.counts)
    }

    /// The bin, the second or the phase of the run becomes another.
    #[cold]
    fn turn_to(&mut self, now: Instant) {
        self.begun = now >= self.warm_up;
        self.counts = self.begun && now < self.horizon;
        let edges = [self.series.turn_to(now), self.peak.turn_to(now), self.warm_up, self.horizon];
        let next = edges.into_iter().filter(|edge| *edge > now).min();
        (self.present, self.stays) = (now, next.unwrap_or(Instant::NEVER).since(now));
    }
}

// The arms of `note`.
#[allow(clippy::inline_always)] // as `note` itself
impl Measures {
    #[inline(always)]
    fn offered(&mut self, now: Instant, caller: Caller) {
        self.reach(now);
        self.series.present().offered += 1;
        self.client(caller.client).calls += 1;
        let begun = u64::from(self.begun);
        self.cell_of(caller).offered += begun;
        if let Some(second) = self.recovery.at(now)
            && self.wanted[usize::from(caller.population)]
        {
            second.offered += 1;
        }
    }

    #[inline(always)]
    fn sent(&mut self, now: Instant, caller: Caller) {
        let counts = self.reach(now);
        self.peak.count();
        self.client(caller.client).attempts += 1;
        self.cell_of(caller).attempts += counts;
    }

    #[inline(always)]
    fn decided(&mut self, now: Instant, caller: Caller, decision: Decision) {
        let counts = self.reach(now);
        match decision {
            Decision::Admit => {
                self.series.present().admitted += 1;
                self.cell_of(caller).admitted += counts;
            }
            Decision::Reject { limit, .. } => {
                self.series.present().rejected += 1;
                self.client(caller.client).rejects += 1;
                let cell = self.index_of(caller);
                self.cells[cell].rejected += counts;
                self.rejected_by[cell * self.limits + usize::from(limit.0)] += counts;
            }
        }
    }

    #[inline(always)]
    fn ended(&mut self, now: Instant, caller: Caller, end: End, meant: Instant) {
        let population = usize::from(caller.population);
        self.client(caller.client).ended(now, end);
        if end.is_served() {
            self.reach(now);
            self.series.present().served += 1;
            self.completion.served(now, population);
            if let Some(second) = self.recovery.at(now)
                && self.wanted[population]
            {
                second.served += 1;
            }
        }
        if meant >= self.warm_up {
            self.cell_of(caller).ended(end);
            let wait = if end.is_served() { now.since(meant).0 } else { u64::MAX };
            self.waits[population].record(wait);
        }
    }
}

impl Observer for Measures {
    #[inline]
    fn expect(&self, client: u32, soon: Soon) {
        let row = &self.clients[self.row_of(client)];
        // It is no power of two long, so that half of the rows lie in two lines,
        // of which most facts need one.
        match soon {
            Soon::Ended => {
                prefetch(&row.last_served);
                prefetch(&row.served);
            }
            Soon::Sent => {
                prefetch(&row.calls);
                prefetch(&row.rejects);
            }
        }
    }

    // In the engine each note is of a known fact, and only its arm is left.
    #[inline(always)]
    #[allow(clippy::inline_always)] // a call would build the fact in memory
    fn note(&mut self, now: Instant, caller: Caller, fact: &Fact) {
        self.ledger.note(now, caller, fact);
        match *fact {
            Fact::Offered { .. } => self.offered(now, caller),
            Fact::Sent => self.sent(now, caller),
            Fact::Decided(decision) => self.decided(now, caller, decision),
            Fact::Failed => {
                let counts = self.reach(now);
                self.series.present().failed += 1;
                self.cell_of(caller).failed += counts;
            }
            Fact::Left(Answer::Status(status)) if status.is_class(5) => {
                let counts = self.reach(now);
                self.cell_of(caller).errors += counts;
            }
            Fact::Answered(record) if record.answer == Answer::TimedOut => {
                let counts = self.reach(now);
                self.cell_of(caller).timeouts += counts;
            }
            Fact::Left(_) | Fact::Answered(_) => {}
            Fact::Ended { end, meant, .. } => self.ended(now, caller, end, meant),
        }
    }
}
