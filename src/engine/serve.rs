//! The server's side: limits decide, the service serves, slots become free.

use super::call::{Flight, Hop, NONE, Phase};
use super::event::What;
use super::{Engine, Fact, Observer};
use crate::api::{Decision, Request, Response, Ruling};
use crate::http::{Answer, Headers, Status};
use crate::rng::Purpose;
use crate::service::{Outage, OutageAnswer};
use crate::time::{Instant, Span};

impl<O: Observer> Engine<'_, O> {
    /// Takes an attempt through the steps that it takes at this instant.
    pub(super) fn go_on(&mut self, mut flight: Flight, mut hop: Hop) {
        loop {
            hop = match hop {
                Hop::After(Span::ZERO, What::Answer) => return self.answer(&flight),
                Hop::After(Span::ZERO, what) => self.step(&mut flight, what),
                Hop::After(span, what) | Hop::Later(span, what) => {
                    self.keep(&mut flight);
                    return self.push_attempt(self.now.after(span), what, flight.row);
                }
                Hop::Stays => return,
            }
        }
    }

    #[inline]
    fn step(&mut self, flight: &mut Flight, what: What) -> Hop {
        match what {
            What::Reach => self.reach(flight),
            What::Pass => self.pass(flight),
            What::Tire => self.tire(flight),
            _ => self.leave(flight),
        }
    }

    /// Takes up an attempt that lies in a row.
    pub(super) fn take_up(&self, row: u32) -> Flight {
        Flight { it: self.attempts[row], row }
    }

    /// Puts an attempt into its row, or into one of its own.
    pub(super) fn keep(&mut self, flight: &mut Flight) {
        if flight.row == NONE {
            flight.row = self.attempts.insert(flight.it, self.queue.sequence());
            flight.it = self.attempts[flight.row];
            self.calls[flight.it.call].attempt = flight.row;
        } else {
            self.attempts[flight.row] = flight.it;
        }
    }

    /// An attempt reaches the server.
    #[inline]
    fn reach(&mut self, flight: &mut Flight) -> Hop {
        flight.it.phase = Phase::Placeless;
        match self.service.outage(self.now) {
            Some(outage) if !outage.limits_decide => self.fail(flight, outage),
            _ => self.ask_limits(flight),
        }
    }

    /// Nobody decides on an attempt.
    #[cold]
    fn fail(&mut self, flight: &mut Flight, outage: &Outage) -> Hop {
        // Nobody tells anything, least of all what an earlier attempt was told.
        if let Some(headers) = self.headers.get_mut(flight.row as usize) {
            *headers = Headers::NONE;
        }
        self.undecided -= 1;
        self.note_attempt(&flight.it, &Fact::Failed);
        be_out(self.now, flight, outage)
    }

    /// The limits of the attempt's stage decide, if it has not passed all.
    fn ask_limits(&mut self, flight: &mut Flight) -> Hop {
        let request = request_of(flight);
        let stages = self.model.api.stages(request.endpoint);
        while usize::from(flight.it.stage) < stages {
            // Without a row there are no receipts to write.
            let first =
                if self.receipts_max > 0 { flight.row as usize * self.receipts_max } else { 0 };
            let receipts = &mut self.receipts[first..first + self.receipts_max];
            match self.api.decide(self.now, request, usize::from(flight.it.stage), receipts) {
                Ruling::Decided(Decision::Admit) => flight.it.stage += 1,
                Ruling::Decided(decision) => return self.refuse(flight, decision),
                Ruling::Delay { by, .. } => return hold_back(flight, What::Pass, by),
                Ruling::Queue { patience, .. } => {
                    flight.it.tires = self.now.after(patience);
                    return hold_back(flight, What::Tire, patience);
                }
            }
        }
        self.decided(flight, Decision::Admit);
        match self.service.outage(self.now) {
            Some(outage) => be_out(self.now, flight, outage),
            None => self.admit(flight),
        }
    }

    /// The attempt has passed a stage of limits.
    fn pass(&mut self, flight: &mut Flight) -> Hop {
        flight.it.phase = Phase::Placeless;
        flight.it.stage += 1;
        self.ask_limits(flight)
    }

    /// The attempt has waited long enough in a line, if it still stands in it.
    fn tire(&mut self, flight: &mut Flight) -> Hop {
        if flight.it.phase != Phase::HeldBack || flight.it.tires != self.now {
            return Hop::Stays;
        }
        let request = request_of(flight);
        match self.api.lose_patience(request, usize::from(flight.it.stage)) {
            Some(decision) => self.refuse(flight, decision),
            None => Hop::Stays,
        }
    }

    /// A limit refuses an attempt.
    fn refuse(&mut self, flight: &mut Flight, decision: Decision) -> Hop {
        self.decided(flight, decision);
        let Decision::Reject { limit, .. } = decision else { return Hop::Stays };
        let it = &mut flight.it;
        it.rejected_by = Some(limit);
        it.answer = Answer::Status(self.model.api.limit(limit).answers());
        let takes_place = self.model.service.reject_takes_place;
        it.phase = if takes_place { Phase::Placed } else { Phase::Placeless };
        Hop::After(self.service.reject(it.key, u64::from(it.number)), What::Leave)
    }

    /// The limits have decided, and what they would tell is written down.
    fn decided(&mut self, flight: &Flight, decision: Decision) {
        self.undecided -= 1;
        if self.has_headers {
            let headers = self.api.headers(self.now, request_of(flight), decision);
            self.headers[flight.row as usize] = headers;
        }
        self.note_attempt(&flight.it, &Fact::Decided(decision));
    }

    /// An admitted attempt takes a place of the service, waits for one, or is
    /// told that there is none.
    fn admit(&mut self, flight: &mut Flight) -> Hop {
        if self.service.has_place(self.now) {
            return self.serve(flight);
        }
        if self.waiting.len() < self.model.service.queue as usize {
            flight.it.phase = Phase::Waiting;
            self.keep(flight);
            self.waiting.push_back(flight.row);
            return Hop::Stays;
        }
        flight.it.answer = Answer::Status(Status::SERVICE_UNAVAILABLE);
        Hop::After(Span::ZERO, What::Leave)
    }

    fn serve(&mut self, flight: &mut Flight) -> Hop {
        let it = &mut flight.it;
        let draw = |purpose| it.key.draw(purpose, u64::from(it.number));
        let work = self.service.serve(self.now, it.endpoint, it.content, draw);
        it.phase = Phase::Placed;
        (it.answer, it.version) = (Answer::Status(work.status), work.version);
        Hop::After(work.time, What::Leave)
    }

    /// The server is done with an attempt: what it held becomes free, and the
    /// response goes home.
    #[inline]
    fn leave(&mut self, flight: &mut Flight) -> Hop {
        let it = &mut flight.it;
        let placed = it.phase == Phase::Placed;
        if placed && it.rejected_by.is_some() {
            self.service.leave();
        } else if placed {
            if let Answer::Status(status) = it.answer {
                // Work that is done is written, unless somebody was faster.
                it.answer = Answer::Status(self.service.commit(it.content, it.version, status));
            }
            self.service.done(self.now, it.endpoint, it.content, it.status());
        }
        if self.receipts_max > 0 {
            let response = Response { status: it.status(), endpoint: it.endpoint, used: None };
            let first = flight.row as usize * self.receipts_max;
            let receipts = &mut self.receipts[first..first + self.receipts_max];
            self.api.settle(self.now, response, receipts);
            self.grant();
        }
        self.note_attempt(&flight.it, &Fact::Left(flight.it.answer));
        flight.it.phase = Phase::Homeward;
        if placed && !self.waiting.is_empty() {
            self.keep(flight);
            self.serve_next();
            // A copy of the same call may have settled it.
            flight.it = self.attempts[flight.row];
        }
        if flight.it.call == NONE {
            self.attempts.remove(flight.row);
            return Hop::Stays;
        }
        let it = &flight.it;
        let population = self.lanes[usize::from(it.population)].population;
        let home = population.homeward.draw(it.key, Purpose::Homeward, u64::from(it.number));
        Hop::After(home, What::Answer)
    }

    /// Whoever was given a place by a release goes on: through the queue, so
    /// that a long line does not nest.
    pub(super) fn grant(&mut self) {
        while let Some((attempt, receipt)) = self.api.granted() {
            let first = attempt as usize * self.receipts_max;
            receipt.keep(&mut self.receipts[first..first + self.receipts_max]);
            let row = &mut self.attempts[attempt];
            (row.tires, row.phase) = (Instant::NEVER, Phase::HeldBack);
            self.push_attempt(self.now, What::Pass, attempt);
        }
    }

    /// A place is free, or a stall is over: the first that waits and is still wanted takes it. One
    /// that is served in no time leaves within this loop, which then goes on,
    /// so that a long line does not nest.
    #[cold]
    pub(super) fn serve_next(&mut self) {
        if std::mem::replace(&mut self.serving_line, true) {
            return;
        }
        while self.service.has_place(self.now)
            && let Some(attempt) = self.waiting.pop_front()
        {
            let mut flight = self.take_up(attempt);
            if flight.it.call == NONE && self.model.service.drops_timed_out {
                flight.it.answer = Answer::Status(Status::SERVICE_UNAVAILABLE);
                flight.it.phase = Phase::Placeless;
                self.go_on(flight, Hop::After(Span::ZERO, What::Leave));
                continue;
            }
            let hop = self.serve(&mut flight);
            self.go_on(flight, hop);
        }
        self.serving_line = false;
    }
}

/// A limit lets the attempt go on only later.
fn hold_back(flight: &mut Flight, then: What, after: Span) -> Hop {
    flight.it.phase = Phase::HeldBack;
    Hop::Later(after, then)
}

/// The service is out of order.
#[cold]
fn be_out(now: Instant, flight: &mut Flight, outage: &Outage) -> Hop {
    let (answer, after) = match outage.answer {
        OutageAnswer::Error => (Answer::Status(Status::SERVICE_UNAVAILABLE), Span::ZERO),
        OutageAnswer::Refuse => (Answer::Refused, Span::ZERO),
        // Nothing is heard until the service comes back and drops the connection.
        OutageAnswer::Hang => (Answer::Refused, outage.until.since(now)),
    };
    flight.it.answer = answer;
    Hop::After(after, What::Leave)
}

/// What an attempt asks of the limits.
fn request_of(flight: &Flight) -> Request {
    let Flight { it, row } = flight;
    Request { endpoint: it.endpoint, principal: it.principal, cost: None, ticket: *row }
}
