//! The limits of a model, asked by hand: what the page says of one request
//! after another.

use std::collections::BTreeMap;

use tollgate::api::{
    Api, Decision, EndpointId, LimitCounts, LimitId, Receipt, Request, Response, Ruling,
};
use tollgate::attribute::Principal;
use tollgate::http::{Status, Value};
use tollgate::scenario::Model;
use tollgate::time::{Instant, Span};

/// A caller: a population of the model, and which of its clients.
pub(crate) type Who = (&'static str, u32);

/// The server of a run that nobody but the test calls.
#[derive(Debug)]
pub(crate) struct Server<'m> {
    model: &'m Model,
    api: Api<'m>,
}

/// What the limits say to a request; it is in progress until it is `done`.
#[derive(Debug)]
pub(crate) struct Reply {
    /// 200 while it is in progress, else the status of the refusal.
    pub(crate) status: u16,
    /// The limit that refused it.
    pub(crate) refused_by: Option<String>,
    /// The headers about limits, spelled as they are sent.
    pub(crate) headers: BTreeMap<String, i64>,
    receipts: Vec<Receipt>,
    endpoint: EndpointId,
}

impl Reply {
    /// Whether the request goes on to the service.
    pub(crate) fn is_admitted(&self) -> bool {
        self.refused_by.is_none()
    }

    /// The value of a header, if it was sent.
    pub(crate) fn header(&self, name: &str) -> Option<i64> {
        self.headers.get(name).copied()
    }
}

impl<'m> Server<'m> {
    /// Every limit as it is at the start of a run.
    pub(crate) fn new(model: &'m Model) -> Server<'m> {
        Server { model, api: Api::new(&model.api) }
    }

    /// A request arrives so long after the start.
    pub(crate) fn ask(&mut self, at: Span, who: Who, endpoint: &str) -> Reply {
        let now = self.model.start.after(at);
        let (endpoint, principal) = (self.endpoint(endpoint), self.principal(who));
        let mut receipts = vec![Receipt::NONE; self.model.api.receipts_max()];
        let request = Request { endpoint, principal, cost: None, ticket: 0 };
        let Ruling::Decided(decision) = self.api.decide(now, request, 0, &mut receipts) else {
            panic!("the pages' limits hold nobody back");
        };
        let headers = self.api.headers(now, request, decision);
        let spelled = headers.iter().map(|(name, value)| {
            let Value::Integer(value) = value else {
                panic!("the pages' headers are whole numbers, not {value:?}");
            };
            let name = &self.model.api.header_names[usize::from(name.0)];
            (name.clone(), value)
        });
        let refusal = match decision {
            Decision::Admit => None,
            Decision::Reject { limit, .. } => Some(self.model.api.limit(limit)),
        };
        Reply {
            status: refusal.map_or(200, |limit| limit.status.0),
            refused_by: refusal.map(|limit| limit.name.clone()),
            headers: spelled.collect(),
            receipts,
            endpoint,
        }
    }

    /// The request is answered with this status.
    pub(crate) fn done(&mut self, at: Span, mut reply: Reply, status: u16) {
        let now = self.model.start.after(at);
        let response = Response { status: Status(status), endpoint: reply.endpoint, used: None };
        self.api.settle(now, response, &mut reply.receipts);
    }

    /// A request that is answered at once, with 200 if it is admitted.
    pub(crate) fn get(&mut self, at: Span, who: Who, endpoint: &str) -> Reply {
        self.answered(at, who, endpoint, 200)
    }

    /// A request that is answered at once, with this status if it is admitted.
    pub(crate) fn answered(&mut self, at: Span, who: Who, endpoint: &str, status: u16) -> Reply {
        let mut reply = self.ask(at, who, endpoint);
        if reply.is_admitted() {
            let now = self.model.start.after(at);
            let response =
                Response { status: Status(status), endpoint: reply.endpoint, used: None };
            self.api.settle(now, response, &mut reply.receipts);
            reply.status = status;
        }
        reply
    }

    /// How many of so many requests at one instant are admitted.
    pub(crate) fn admits(&mut self, count: u64, at: Span, who: Who, endpoint: &str) -> u64 {
        let admitted = (0..count).filter(|_| self.get(at, who, endpoint).is_admitted());
        admitted.count() as u64
    }

    /// A limit's quota becomes another.
    pub(crate) fn resize(&mut self, at: Span, limit: &str, quota: u64) {
        self.api.resize(self.model.start.after(at), self.limit(limit), quota);
    }

    /// What happened at a limit so far.
    pub(crate) fn counts(&self, limit: &str) -> LimitCounts {
        self.api.counts()[usize::from(self.limit(limit).0)]
    }

    /// So long after the start, in seconds since the epoch.
    pub(crate) fn epoch(&self, at: Span) -> i64 {
        let Instant(ns) = self.model.start.after(at);
        i64::try_from(ns.div_ceil(tollgate::time::SECOND)).expect("the run is in this millennium")
    }

    fn limit(&self, name: &str) -> LimitId {
        let limits = &self.model.api.limits;
        let index = limits.iter().position(|limit| limit.name == name);
        let index = index.unwrap_or_else(|| panic!("the API has no limit `{name}`"));
        LimitId(u16::try_from(index).expect("limits are few"))
    }

    fn endpoint(&self, name: &str) -> EndpointId {
        let endpoints = &self.model.api.endpoints;
        let index = endpoints.iter().position(|endpoint| endpoint.name == name);
        let index = index.unwrap_or_else(|| panic!("the API has no endpoint `{name}`"));
        EndpointId::try_from(index).expect("endpoints are few")
    }

    fn principal(&self, (population, client): Who) -> Principal {
        let mut populations = self.model.populations.iter();
        let population = populations
            .find(|p| p.name == population)
            .unwrap_or_else(|| panic!("nobody is called `{population}`"));
        assert!(client < population.clients, "there is no such client");
        population.first_principal + client
    }
}
