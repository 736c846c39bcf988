//! The direct way of a call: nothing stands between it and its API, and its API
//! has nothing to keep of it.
//!
//! No lever, worker, place in flight, memory or budget of the client; one limit
//! at most, which leaves nothing to undo and tells no headers; a service without
//! a line. So one thing at a time is due for such a call, its stage says what,
//! and its attempts need no rows. It comes to the same as the long way, which a
//! test holds it to; it is there because most calls of large models go it.

use super::call::{Call, NONE, Outcome, Stage};
use super::event::{Event, What};
use super::lane::Lane;
use super::{AttemptRecord, End, Engine, Fact, Observer};
use crate::api::{Decision, Request};
use crate::client::{Draw, Next};
use crate::http::{Answer, Headers};
use crate::rng::Purpose;
use crate::time::Span;

// Most of what a run of a large model does is this, so it is one piece of code:
// the row lies in registers, and no fact is built in memory.
#[allow(clippy::inline_always)]
impl<'m, O: Observer> Engine<'m, O> {
    /// A call begins, or what it has waited for is there: it goes as far as it
    /// can at this instant. The steps read a copy of its row, which lies in
    /// registers, and what they change is written once.
    #[inline(always)]
    pub(super) fn go_straight(&mut self, call: u32, mut row: Call, way: &'m Lane<'m>) {
        if let Some((stage, wait)) = self.steps(call, &mut row, way) {
            let kept = &mut self.calls[call];
            (kept.sent, kept.attempts) = (row.sent, row.attempts);
            (kept.stage, kept.came_to) = (stage, row.came_to);
            self.queue.push(self.now.after(wait), Event::new(What::Resume, call));
        }
    }

    /// The steps of this instant; the stage that the call comes to, and for how
    /// long it waits there, unless it is over.
    #[inline(always)]
    fn steps(&mut self, call: u32, row: &mut Call, way: &'m Lane<'m>) -> Option<(Stage, Span)> {
        let from = row.stage;
        if from == Stage::New {
            self.offered(row, way);
        }
        if !matches!(from, Stage::Outward | Stage::There | Stage::Homeward) {
            let takes = self.leave_home(call, row, way)?;
            if takes != Span::ZERO {
                return Some((Stage::Outward, takes));
            }
        }
        if !matches!(from, Stage::There | Stage::Homeward) {
            let takes = self.come(row, way);
            if takes != Span::ZERO {
                return Some((Stage::There, takes));
            }
        }
        if from != Stage::Homeward {
            let takes = self.go_home(row, way);
            if takes != Span::ZERO {
                return Some((Stage::Homeward, takes));
            }
        }
        self.hear(call, row, way).map(|wait| (Stage::Backoff, wait))
    }

    #[inline(always)]
    fn offered(&mut self, row: &Call, way: &Lane<'_>) {
        let principal = way.population.principal_of(row.client);
        self.alive += 1;
        let offered = Fact::Offered { principal, call: row.number, content: row.content };
        self.note_direct(row, &offered);
    }

    /// An attempt leaves; how long it is on its way.
    #[inline(always)]
    fn leave_home(&mut self, call: u32, row: &mut Call, way: &Lane<'_>) -> Option<Span> {
        if self.stands_still(call, row.attempts == 0, way) {
            return None;
        }
        row.attempts = row.attempts.saturating_add(1);
        row.sent = self.now;
        self.undecided += 1;
        self.note_direct(row, &Fact::Sent);
        Some(way.population.outward.draw(row.key, Purpose::Outward, u64::from(row.attempts)))
    }

    /// The API decides; how long what the attempt comes to takes.
    #[inline(always)]
    fn come(&mut self, row: &mut Call, way: &Lane<'_>) -> Span {
        let principal = way.population.principal_of(row.client);
        let request = Request { endpoint: row.endpoint, principal, cost: None, ticket: NONE };
        let decision = self.api.decide_plain(self.now, request);
        self.undecided -= 1;
        self.note_direct(row, &Fact::Decided(decision));
        let number = u64::from(row.attempts);
        match decision {
            Decision::Admit => {
                let key = row.key;
                let draw = |purpose| key.draw(purpose, number);
                let work = self.service.serve(self.now, row.endpoint, row.content, draw);
                row.came_to = Outcome::of(work.status);
                work.time
            }
            Decision::Reject { limit, .. } => {
                let status = self.model.api.limit(limit).answers();
                row.came_to = Outcome::refused(status, limit);
                self.service.reject(row.key, number)
            }
        }
    }

    /// The server is done with the attempt; how long its answer is on its way.
    #[inline(always)]
    fn go_home(&mut self, row: &Call, way: &Lane<'_>) -> Span {
        let (status, refused_by) = (row.came_to.status(), row.came_to.refused_by());
        if refused_by.is_none() {
            self.service.done(self.now, row.endpoint, row.content, status);
        }
        self.note_direct(row, &Fact::Left(Answer::Status(status)));
        let number = u64::from(row.attempts);
        way.population.homeward.draw(row.key, Purpose::Homeward, number)
    }

    /// The client hears the answer, and its policy says what follows: a wait for
    /// the next attempt, or the end.
    #[inline(always)]
    fn hear(&mut self, call: u32, row: &Call, way: &'m Lane<'m>) -> Option<Span> {
        let (status, refused_by) = (row.came_to.status(), row.came_to.refused_by());
        let next = if status.is_class(2) { Next::Served } else { self.after(call, row, way) };
        let record = AttemptRecord {
            number: row.attempts,
            call: row.number,
            sent: row.sent,
            answer: Answer::Status(status),
            rejected_by: refused_by,
            then: next.wait(),
        };
        self.note_direct(row, &Fact::Answered(record));
        let end = match next {
            Next::Retry(wait) => return Some(way.policy.timer.sleeps(wait)),
            Next::Served => End::ByAttempt,
            Next::GiveUp(cause) => End::GivenUp(cause),
        };
        self.note_direct(row, &Fact::Ended { end, meant: row.meant, attempts: row.attempts });
        self.alive -= 1;
        self.calls.remove(call);
        self.think(way, usize::from(row.population), row.client, row.number);
        None
    }

    /// What follows an error.
    #[inline(always)]
    fn after(&mut self, call: u32, row: &Call, way: &'m Lane<'m>) -> Next {
        let (status, attempts) = (row.came_to.status(), row.attempts);
        let draw = Draw::Of(self.draws_of(row, way), u64::from(attempts));
        if let Some(waits) = &way.waits {
            let method = self.model.api.endpoints[usize::from(row.endpoint)].method;
            return waits.next(attempts, method, status, draw);
        }
        if attempts == 1 {
            self.begin_progress(call, row.sent);
        }
        self.after_all(call, Answer::Status(status), draw, way)
    }

    /// The same where it hangs on how far the call has come.
    #[inline(never)]
    fn after_all(&mut self, call: u32, answer: Answer, draw: Draw, way: &'m Lane<'m>) -> Next {
        let heard = self.heard(call, answer, &Headers::NONE);
        way.policy.next(&heard, self.progress(call), draw, &mut ())
    }

    #[inline(always)]
    fn note_direct(&mut self, row: &Call, fact: &Fact) {
        self.observer.note(self.now, row.caller(), fact);
    }
}
