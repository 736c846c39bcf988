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

impl<'m, O: Observer> Engine<'m, O> {
    /// A call begins.
    #[inline]
    pub(super) fn set_off(&mut self, way: &'m Lane<'m>, mut row: Call) {
        self.alive += 1;
        let principal = way.population.principal_of(row.client);
        let offered = Fact::Offered { principal, call: row.number, content: row.content };
        self.note_direct(&row, &offered);
        self.go_straight(&mut row, NONE, way);
    }

    /// What a call has waited for is there.
    #[inline]
    pub(super) fn resume(&mut self, call: u32, way: &'m Lane<'m>) {
        let mut row = self.calls[call];
        self.go_straight(&mut row, call, way);
    }

    /// Takes a call as far as it goes at this instant.
    fn go_straight(&mut self, row: &mut Call, index: u32, way: &'m Lane<'m>) {
        let from = row.stage;
        if !matches!(from, Stage::Outward | Stage::There | Stage::Homeward) {
            let Some(takes) = self.leave_home(row, way) else { return };
            if takes != Span::ZERO {
                row.stage = Stage::Outward;
                return self.park(row, index, takes);
            }
        }
        let came_to = if matches!(from, Stage::There | Stage::Homeward) {
            row.came_to
        } else {
            let (came_to, takes) = self.come(row, way);
            if takes != Span::ZERO {
                (row.stage, row.came_to) = (Stage::There, came_to);
                return self.park(row, index, takes);
            }
            came_to
        };
        if from != Stage::Homeward {
            let takes = self.go_home(row, came_to, way);
            if takes != Span::ZERO {
                (row.stage, row.came_to) = (Stage::Homeward, came_to);
                return self.park(row, index, takes);
            }
        }
        self.hear(row, index, came_to, way);
    }

    /// The call waits: its row is where its event will look for it.
    #[inline]
    fn park(&mut self, row: &Call, index: u32, wait: Span) {
        let index = if index == NONE {
            self.admit_row(*row, NONE)
        } else {
            self.calls[index] = *row;
            index
        };
        self.queue.push(self.now.after(wait), Event::new(What::Wake, index));
    }

    /// An attempt leaves; how long it is on its way.
    #[inline]
    fn leave_home(&mut self, row: &mut Call, way: &Lane<'_>) -> Option<Span> {
        // It may have no row yet, so its client stands for it.
        if self.stands_still(row.client, row.attempts == 0, way) {
            return None;
        }
        row.attempts = row.attempts.saturating_add(1);
        row.sent = self.now;
        self.undecided += 1;
        self.note_direct(row, &Fact::Sent);
        Some(way.population.outward.draw(row.key, Purpose::Outward, u64::from(row.attempts)))
    }

    /// The API decides; what the attempt comes to, and how long that takes.
    #[inline]
    fn come(&mut self, row: &Call, way: &Lane<'_>) -> (Outcome, Span) {
        let principal = way.population.principal_of(row.client);
        let request = Request { endpoint: row.endpoint, principal, cost: None, ticket: NONE };
        let decision = self.api.decide_plain(self.now, request);
        self.undecided -= 1;
        self.note_direct(row, &Fact::Decided(decision));
        let number = u64::from(row.attempts);
        match decision {
            Decision::Admit => {
                let draw = |purpose| row.key.draw(purpose, number);
                let work = self.service.serve(self.now, row.endpoint, row.content, draw);
                (Outcome { status: work.status, refused_by: None }, work.time)
            }
            Decision::Reject { limit, .. } => {
                let status = self.model.api.limit(limit).answers();
                let takes = self.service.reject(row.key, number);
                (Outcome { status, refused_by: Some(limit) }, takes)
            }
        }
    }

    /// The server is done with the attempt; how long its answer is on its way.
    #[inline]
    fn go_home(&mut self, row: &Call, came_to: Outcome, way: &Lane<'_>) -> Span {
        let Outcome { status, refused_by } = came_to;
        if refused_by.is_none() {
            self.service.done(self.now, row.endpoint, row.content, status);
        }
        self.note_direct(row, &Fact::Left(Answer::Status(status)));
        let number = u64::from(row.attempts);
        way.population.homeward.draw(row.key, Purpose::Homeward, number)
    }

    /// The client hears the answer, and its policy says what follows.
    #[inline]
    fn hear(&mut self, row: &mut Call, mut index: u32, came_to: Outcome, way: &'m Lane<'m>) {
        let answer = Answer::Status(came_to.status);
        let draw = Draw::Of(self.draws_of(row, way), u64::from(row.attempts));
        let next = if came_to.status.is_class(2) {
            Next::Served
        } else if let Some(waits) = &way.waits {
            let method = self.model.api.endpoints[usize::from(row.endpoint)].method;
            waits.next(row.attempts, method, answer, draw)
        } else {
            self.hear_at_length(row, &mut index, answer, draw, way)
        };
        self.close(row, index, came_to, next, way);
    }

    /// The same where it hangs on how far the call has come, which needs a row.
    #[inline(never)]
    fn hear_at_length(
        &mut self,
        row: &mut Call,
        index: &mut u32,
        answer: Answer,
        draw: Draw,
        way: &'m Lane<'m>,
    ) -> Next {
        if *index == NONE {
            *index = self.admit_row(*row, NONE);
            *row = self.calls[*index];
        }
        if row.attempts == 1 {
            self.begin_progress(*index, row.sent);
        }
        let heard = self.heard(*index, answer, &Headers::NONE);
        way.policy.next(&heard, self.progress(*index), draw, &mut ())
    }

    /// An attempt is over: the call waits for the next, or is over too.
    #[inline]
    fn close(
        &mut self,
        row: &mut Call,
        index: u32,
        came_to: Outcome,
        next: Next,
        way: &'m Lane<'m>,
    ) {
        let record = AttemptRecord {
            number: row.attempts,
            call: row.number,
            sent: row.sent,
            answer: Answer::Status(came_to.status),
            rejected_by: came_to.refused_by,
            then: next.wait(),
        };
        self.note_direct(row, &Fact::Answered(record));
        let end = match next {
            Next::Retry(wait) => {
                row.stage = Stage::Backoff;
                return self.park(row, index, way.policy.timer.sleeps(wait));
            }
            Next::Served => End::ByAttempt,
            Next::GiveUp(cause) => End::GivenUp(cause),
        };
        self.note_direct(row, &Fact::Ended { end, meant: row.meant, attempts: row.attempts });
        self.alive -= 1;
        if index != NONE {
            self.calls.remove(index);
        }
        self.think(usize::from(row.population), row.client, row.number);
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // a call would build the fact in memory
    fn note_direct(&mut self, row: &Call, fact: &Fact) {
        self.observer.note(self.now, row.caller(), fact);
    }
}
