//! What policies remember during a run: pauses, paces and what headers told,
//! in tables indexed by the scope that each part names.

use super::pace::{Allowance, Ask, Rows, Told, Turn};
use super::{Heard, Policy, Whose};
use crate::api::EndpointId;
use crate::attribute::{Place, Principal};
use crate::rng::Key;
use crate::time::Instant;

/// Who wants to send.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// The client's index in the run.
    pub client: u32,
    /// Its population.
    pub population: u16,
    /// Until when it is worth sending.
    pub deadline: Instant,
    /// Whom it sends for.
    pub principal: Principal,
    /// What it asks.
    pub endpoint: EndpointId,
    /// How many attempts its call has made.
    pub attempts: u32,
    /// Whose draws are its own.
    pub key: Key,
}

/// Whether an attempt may leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permit {
    /// Now.
    Go,
    /// At an instant that is reserved for it, or when it may be its turn; ask
    /// again then, from this stage on.
    Reserved(Instant, u8),
    /// Not before this instant; ask again then. `NEVER` where its turn would
    /// come only after whoever made the call has gone: it takes none from others.
    Closed(Instant),
}

/// The memory of one policy in one run.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Until when each scope of each pause is silent.
    pauses: Vec<Vec<Instant>>,
    /// What each pace knows of each of its scopes.
    paces: Vec<Rows>,
    /// What headers told each scope.
    gates: Vec<Gate>,
    /// Until when the header gate is closed for each scope.
    shut: Vec<Instant>,
}

/// What headers told, in the client's own time.
#[derive(Clone, Copy, Debug)]
struct Gate {
    next: Instant,
    closed: Instant,
    /// After here nothing is known.
    reset: Instant,
    gap: crate::time::Span,
}

const OPEN: Gate =
    Gate { next: Instant(0), closed: Instant(0), reset: Instant(0), gap: crate::time::Span::ZERO };

impl Whose {
    /// How many slots there are, in a run with so many clients.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a policy's part is for somebody
    pub fn len(&self, clients: u32) -> usize {
        match self {
            Whose::Client => clients as usize,
            Whose::Scope(_, slots) => slots.len(),
        }
    }

    /// The slot of whoever sends; `None` where the scope does not apply.
    #[must_use]
    pub fn slot(&self, who: &Who) -> Option<usize> {
        match self {
            Whose::Client => Some(who.client as usize),
            Whose::Scope(_, slots) => match slots.place(who.principal, who.endpoint) {
                Place::At(slot) => Some(slot as usize),
                Place::Skip | Place::Refuse => None,
            },
        }
    }
}

impl Memory {
    /// Nothing remembered, for a run with so many clients.
    #[must_use]
    pub fn new(policy: &Policy, clients: u32) -> Memory {
        let never_yet = |whose: &Whose| vec![Instant(0); whose.len(clients)];
        let gates = policy.header_pace.as_ref().map_or(0, |pace| pace.of.len(clients));
        Memory {
            pauses: policy.pauses.iter().map(|pause| never_yet(&pause.of)).collect(),
            paces: policy.paces.iter().map(|pace| Rows::new(pace, clients)).collect(),
            gates: vec![OPEN; gates],
            shut: policy.header_gate.as_ref().map_or_else(Vec::new, |gate| never_yet(&gate.of)),
        }
    }

    /// Whether an attempt may leave now. It passes the paces one by one, in the
    /// order in which the policy lists them, and waits for its turn at each: who
    /// waits for one takes no turn of the next meanwhile. `stage` is how many it
    /// has passed. A pause sends those who wake into it back to the first.
    pub fn permit(&mut self, policy: &Policy, who: &Who, now: Instant, stage: u8) -> Permit {
        let gate = policy.header_pace.as_ref().and_then(|pace| pace.of.slot(who));
        let shut = policy.header_gate.as_ref().and_then(|gate| gate.of.slot(who));
        let pauses = policy.pauses.iter().zip(&self.pauses);
        let silent = pauses.filter_map(|(pause, until)| Some(until[pause.of.slot(who)?]));
        let told = gate.map(|slot| self.gates[slot].closed);
        let closed = silent.chain(told).chain(shut.map(|slot| self.shut[slot])).max();
        if let Some(until) = closed.filter(|until| *until > now) {
            return Permit::Closed(until);
        }
        let paces = policy.paces.iter().zip(&mut self.paces);
        for (passed, (pace, rows)) in (0..).zip(paces).skip(usize::from(stage)) {
            if let Some(slot) = pace.slot(who) {
                let ask = Ask { now, deadline: who.deadline, attempts: who.attempts, key: who.key };
                match rows.turn(slot, &ask) {
                    Turn::Now => {}
                    Turn::At(turn) => return Permit::Reserved(turn, passed + 1),
                    Turn::Ask(turn) => return Permit::Reserved(turn, passed),
                    Turn::TooLate => return Permit::Closed(Instant::NEVER),
                }
            }
        }
        let last = u8::try_from(policy.paces.len() + 1).expect("a policy has few paces");
        match gate {
            Some(slot) if stage < last => self.gates[slot].permit(who, now, last),
            _ => Permit::Go,
        }
    }

    /// Remembers what an answer tells.
    pub fn learn(&mut self, policy: &Policy, who: &Who, heard: &Heard<'_>) {
        let Heard { now, clock, answer, headers, .. } = *heard;
        for (pause, until) in policy.pauses.iter().zip(&mut self.pauses) {
            if pause.on.contain(answer, headers)
                && let Some(slot) = pause.of.slot(who)
            {
                until[slot] = until[slot].max(now.after(pause.span));
            }
        }
        for (pace, rows) in policy.paces.iter().zip(&mut self.paces) {
            if let Some(slot) = pace.slot(who) {
                rows.learn(slot, &Told { now, attempts: who.attempts, answer, headers });
            }
        }
        if let Some(pace) = &policy.header_pace
            && let (Some(slot), Some(told)) = (pace.of.slot(who), pace.read(clock, headers))
        {
            self.gates[slot].hear(now, told);
        }
        if let Some(gate) = &policy.header_gate
            && let Some(slot) = gate.of.slot(who)
            && let Some(span) = gate.closes_for(clock, answer, headers)
        {
            self.shut[slot] = now.after(span);
        }
    }
}

impl Gate {
    /// A turn at the rate that headers leave, if anything is known.
    fn permit(&mut self, who: &Who, now: Instant, stage: u8) -> Permit {
        if now >= self.reset {
            return Permit::Go;
        }
        let turn = self.next.max(now);
        if turn > self.reset {
            return Permit::Closed(self.reset);
        }
        if turn > who.deadline {
            return Permit::Closed(Instant::NEVER);
        }
        self.next = turn.after(self.gap);
        if turn == now { Permit::Go } else { Permit::Reserved(turn, stage) }
    }

    fn hear(&mut self, now: Instant, told: Allowance) {
        let reset = now.after(told.reset);
        // A new window: what was reserved in the old one says nothing about it.
        if now >= self.reset {
            self.next = now.after(told.gap);
        }
        self.gap = told.gap;
        self.reset = reset;
        self.closed = now.after(told.closed);
    }
}

impl super::Pace {
    fn slot(&self, who: &Who) -> Option<usize> {
        if self.filter.takes(who.population, who.endpoint) { self.of.slot(who) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{
        Filter, Gauge, HeaderGate, HeaderPace, Kind, Kinds, Pace, Pacing, Pause, Spacing, Timer,
    };
    use crate::http::{Answer, HeaderId, Headers, Method, Status, Value};
    use crate::time::{SECOND, Span};

    fn policy() -> Policy {
        Policy {
            name: "test".into(),
            layers: vec![],
            budgets: vec![],
            replays: false,
            timer: Timer::Exact,
            timeout: None,
            hedge: None,
            pauses: vec![],
            paces: vec![],
            in_flight: vec![],
            header_pace: None,
            header_gate: None,
        }
    }

    const WHO: Who = Who {
        client: 0,
        population: 0,
        deadline: Instant::NEVER,
        principal: 0,
        endpoint: 0,
        attempts: 0,
        key: Key::run(0, 0),
    };
    const REFUSED: Answer = Answer::Status(Status(429));

    fn at(seconds: u64) -> Instant {
        Instant(seconds * SECOND)
    }

    /// What comes at a second, by a clock that is right.
    fn came(seconds: u64, answer: Answer, headers: &Headers) -> Heard<'_> {
        let now = at(seconds);
        Heard { now, clock: now, method: Method::Get, answer, headers }
    }

    #[test]
    fn a_pace_lines_attempts_up_and_a_pause_breaks_the_line() {
        let mut policy = policy();
        let gap = Span::seconds(2);
        let pacing = Pacing::Spacing(Spacing { gap });
        policy.paces.push(Pace { pacing, of: Whose::Client, filter: Filter::default() });
        let on = Kinds(vec![Kind::Status(429)]);
        policy.pauses.push(Pause { on, span: Span::seconds(5), of: Whose::Client });
        let mut memory = Memory::new(&policy, 1);
        assert_eq!(memory.permit(&policy, &WHO, at(0), 0), Permit::Go);
        assert_eq!(memory.permit(&policy, &WHO, at(0), 0), Permit::Reserved(at(2), 1));
        memory.learn(&policy, &WHO, &came(1, REFUSED, &Headers::NONE));
        assert_eq!(memory.permit(&policy, &WHO, at(2), 1), Permit::Closed(at(6)));
        assert_eq!(memory.permit(&policy, &WHO, at(6), 0), Permit::Go);
        // Who would be gone by then takes no turn from those behind.
        let hasty = Who { deadline: at(7), ..WHO };
        assert_eq!(memory.permit(&policy, &hasty, at(6), 0), Permit::Closed(Instant::NEVER));
        assert_eq!(memory.permit(&policy, &WHO, at(6), 0), Permit::Reserved(at(8), 1));
    }

    #[test]
    fn headers_spread_what_is_left_and_are_forgotten_at_the_reset() {
        let mut policy = policy();
        let gauge = Gauge { remaining: HeaderId(0), reset: HeaderId(1), epoch: true };
        policy.header_pace = Some(HeaderPace { gauges: vec![gauge], of: Whose::Client });
        let mut memory = Memory::new(&policy, 1);
        let mut headers = Headers::NONE;
        headers.set(HeaderId(0), Value::Integer(2));
        headers.set(HeaderId(1), Value::Integer(10));
        memory.learn(&policy, &WHO, &came(0, Answer::Status(Status::OK), &headers));
        assert_eq!(memory.permit(&policy, &WHO, at(0), 0), Permit::Reserved(at(5), 1));
        assert_eq!(memory.permit(&policy, &WHO, at(0), 0), Permit::Reserved(at(10), 1));
        assert_eq!(memory.permit(&policy, &WHO, at(0), 0), Permit::Closed(at(10)));
        assert_eq!(memory.permit(&policy, &WHO, at(10), 0), Permit::Go);
    }

    #[test]
    fn a_gate_lets_nobody_through_until_a_while_after_the_reset() {
        let mut policy = policy();
        policy.header_gate = Some(HeaderGate {
            remaining: HeaderId(0),
            reset: HeaderId(1),
            epoch: false,
            at_most: 0,
            plus: Span::millis(100),
            of: Whose::Client,
        });
        let mut memory = Memory::new(&policy, 2);
        let ok = Answer::Status(Status::OK);
        let mut headers = Headers::NONE;
        headers.set(HeaderId(0), Value::Integer(0));
        headers.set(HeaderId(1), Value::Integer(2));
        memory.learn(&policy, &WHO, &came(5, ok, &headers));
        let opens = at(7).after(Span::millis(100));
        assert_eq!(memory.permit(&policy, &WHO, at(5), 0), Permit::Closed(opens));
        assert_eq!(memory.permit(&policy, &WHO, opens, 0), Permit::Go);
        let other = Who { client: 1, ..WHO };
        assert_eq!(memory.permit(&policy, &other, at(5), 0), Permit::Go);
        // A response without the headers opens it.
        memory.learn(&policy, &WHO, &came(6, ok, &Headers::NONE));
        assert_eq!(memory.permit(&policy, &WHO, at(6), 0), Permit::Go);
    }
}
