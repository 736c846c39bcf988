//! The server's side: limits decide, the service serves, slots become free.

use super::call::{Attempt, NONE, Phase};
use super::queue::What;
use super::{Engine, Fact, Observer};
use crate::api::{Decision, Request, Response, Ruling};
use crate::http::{Answer, Headers, Status};
use crate::rng::Purpose;
use crate::service::{Outage, OutageAnswer, ServiceDraws};
use crate::time::{Instant, Span};

impl<O: Observer> Engine<'_, O> {
    /// An attempt reaches the server.
    pub(super) fn reach(&mut self, attempt: u32) {
        self.attempts[attempt].phase = Phase::Placeless;
        let outage = self.service.outage(self.now);
        if let Some(outage) = outage.filter(|o| !o.limits_decide) {
            // Nobody tells anything, least of all what an earlier attempt was told.
            if let Some(headers) = self.headers.get_mut(attempt as usize) {
                *headers = Headers::NONE;
            }
            self.undecided -= 1;
            self.note_attempt(attempt, self.attempts[attempt].client, &Fact::Failed);
            return self.be_out(attempt, outage);
        }
        self.ask_limits(attempt);
    }

    /// The limits of the attempt's stage decide, if it has not passed all.
    fn ask_limits(&mut self, attempt: u32) {
        let row = &self.attempts[attempt];
        let (request, stage) = (request_of(row, attempt), usize::from(row.stage));
        if stage == self.model.api.stages(request.endpoint) {
            self.decided(attempt, Decision::Admit);
            return match self.service.outage(self.now) {
                Some(outage) => self.be_out(attempt, outage),
                None => self.admit(attempt),
            };
        }
        let first = attempt as usize * self.receipts_max;
        let receipts = &mut self.receipts[first..first + self.receipts_max];
        match self.api.decide(self.now, request, stage, receipts) {
            Ruling::Decided(Decision::Admit) => self.pass(attempt),
            Ruling::Decided(decision) => self.refuse(attempt, decision),
            Ruling::Delay { by, .. } => self.hold_back(attempt, What::Pass, by),
            Ruling::Queue { patience, .. } => {
                self.attempts[attempt].tires = self.now.after(patience);
                self.hold_back(attempt, What::Tire, patience);
            }
        }
    }

    /// A limit lets the attempt go on only later.
    fn hold_back(&mut self, attempt: u32, then: What, after: Span) {
        self.attempts[attempt].phase = Phase::HeldBack;
        self.push_attempt(self.now.after(after), then, attempt);
    }

    /// The attempt has passed a stage of limits.
    pub(super) fn pass(&mut self, attempt: u32) {
        let row = &mut self.attempts[attempt];
        row.phase = Phase::Placeless;
        row.stage += 1;
        self.ask_limits(attempt);
    }

    /// The attempt has waited long enough in a line, if it still stands in it.
    pub(super) fn tire(&mut self, attempt: u32) {
        let row = &self.attempts[attempt];
        if row.phase != Phase::HeldBack || row.tires != self.now {
            return;
        }
        let (request, stage) = (request_of(row, attempt), usize::from(row.stage));
        if let Some(decision) = self.api.lose_patience(request, stage) {
            self.refuse(attempt, decision);
        }
    }

    /// A limit refuses an attempt.
    fn refuse(&mut self, attempt: u32, decision: Decision) {
        self.decided(attempt, decision);
        let Decision::Reject { limit, .. } = decision else { return };
        let row = &mut self.attempts[attempt];
        row.rejected_by = Some(limit);
        // A refusal behind a 2xx says so in its body, which clients here read.
        let status = self.model.api.limit(limit).status;
        let in_body = status.is_class(2);
        row.answer = Answer::Status(if in_body { Status::TOO_MANY_REQUESTS } else { status });
        let bits = row.key.draw(Purpose::Service, u64::from(row.number));
        let takes_place = self.model.service.reject_takes_place;
        row.phase = if takes_place { Phase::Placed } else { Phase::Placeless };
        let time = self.service.reject(bits);
        self.hop(time, What::Leave, attempt);
    }

    /// The limits have decided, and what they would tell is written down.
    fn decided(&mut self, attempt: u32, decision: Decision) {
        self.undecided -= 1;
        let row = &self.attempts[attempt];
        let (request, client) = (request_of(row, attempt), row.client);
        if !self.model.api.header_names.is_empty() {
            self.headers[attempt as usize] = self.api.headers(self.now, request, decision);
        }
        self.note_attempt(attempt, client, &Fact::Decided(decision));
    }

    /// An admitted attempt takes a place of the service, waits for one, or is
    /// told that there is none.
    fn admit(&mut self, attempt: u32) {
        if self.service.has_place() {
            self.serve(attempt);
        } else if self.waiting.len() < self.model.service.queue as usize {
            self.attempts[attempt].phase = Phase::Waiting;
            self.waiting.push_back(attempt);
        } else {
            self.attempts[attempt].answer = Answer::Status(Status::SERVICE_UNAVAILABLE);
            self.leave(attempt);
        }
    }

    fn serve(&mut self, attempt: u32) {
        let row = &mut self.attempts[attempt];
        let number = u64::from(row.number);
        let draws = ServiceDraws {
            time: row.key.draw(Purpose::Service, number),
            fault: row.key.draw(Purpose::Fault, number),
        };
        let work = self.service.serve(self.now, row.endpoint, row.content, draws);
        row.phase = Phase::Placed;
        (row.answer, row.version) = (Answer::Status(work.status), work.version);
        self.hop(work.time, What::Leave, attempt);
    }

    /// The service is out of order.
    fn be_out(&mut self, attempt: u32, outage: &Outage) {
        let (answer, after) = match outage.answer {
            OutageAnswer::Error => (Answer::Status(Status::SERVICE_UNAVAILABLE), Span::ZERO),
            OutageAnswer::Refuse => (Answer::Refused, Span::ZERO),
            // Nothing is heard until the service comes back and drops the connection.
            OutageAnswer::Hang => (Answer::Refused, outage.until.since(self.now)),
        };
        self.attempts[attempt].answer = answer;
        self.hop(after, What::Leave, attempt);
    }

    /// The server is done with an attempt: what it held becomes free, and the
    /// response goes home.
    pub(super) fn leave(&mut self, attempt: u32) {
        self.commit(attempt);
        let row = &self.attempts[attempt];
        let (placed, answer, status) = (row.phase == Phase::Placed, row.answer, row.status());
        let (endpoint, content, call, client) = (row.endpoint, row.content, row.call, row.client);
        if placed && row.rejected_by.is_some() {
            self.service.leave();
        } else if placed {
            self.service.done(self.now, endpoint, content, status);
        }
        let first = attempt as usize * self.receipts_max;
        let receipts = &mut self.receipts[first..first + self.receipts_max];
        self.api.settle(self.now, Response { status, endpoint, used: None }, receipts);
        self.grant();
        self.note_attempt(attempt, client, &Fact::Left(answer));
        self.attempts[attempt].phase = Phase::Homeward;
        if placed {
            self.serve_next();
        }
        if call == NONE {
            return self.attempts.remove(attempt);
        }
        let row = &self.attempts[attempt];
        let population = &self.model.populations[usize::from(row.population)];
        let home =
            population.homeward.sample(row.key.draw(Purpose::Homeward, u64::from(row.number)));
        self.hop(home, What::Answer, attempt);
    }

    /// Work that is done is written, unless somebody was faster.
    fn commit(&mut self, attempt: u32) {
        let row = &mut self.attempts[attempt];
        if let (Phase::Placed, None, Answer::Status(status)) =
            (row.phase, row.rejected_by, row.answer)
        {
            row.answer = Answer::Status(self.service.commit(row.content, row.version, status));
        }
    }

    /// Whoever was given a place by a release goes on: through the queue, so
    /// that a long line does not nest.
    pub(super) fn grant(&mut self) {
        while let Some((attempt, receipt)) = self.api.granted() {
            let first = attempt as usize * self.receipts_max;
            receipt.keep(&mut self.receipts[first..first + self.receipts_max]);
            self.attempts[attempt].tires = Instant::NEVER;
            self.hold_back(attempt, What::Pass, Span::ZERO);
        }
    }

    /// A place is free: the first that waits and is still wanted takes it. One
    /// that is served in no time leaves within this loop, which then goes on,
    /// so that a long line does not nest.
    fn serve_next(&mut self) {
        if std::mem::replace(&mut self.serving_line, true) {
            return;
        }
        while self.service.has_place()
            && let Some(attempt) = self.waiting.pop_front()
        {
            if self.attempts[attempt].call == NONE && self.model.service.drops_timed_out {
                self.attempts[attempt].answer = Answer::Status(Status::SERVICE_UNAVAILABLE);
                self.attempts[attempt].phase = Phase::Placeless;
                self.leave(attempt);
            } else {
                self.serve(attempt);
            }
        }
        self.serving_line = false;
    }
}

/// What an attempt asks of the limits.
fn request_of(row: &Attempt, attempt: u32) -> Request {
    Request { endpoint: row.endpoint, principal: row.principal, cost: None, ticket: attempt }
}
