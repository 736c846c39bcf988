//! What a response tells of the limits.

use super::decide::{Api, Request};
use super::{Decision, HeaderRule, LimitId};
use crate::attribute::Place;
use crate::http::{HEADERS_MAX, Headers};
use crate::limiter::Verdict;
use crate::time::{Instant, Span};

impl Api<'_> {
    /// The headers of the response to a request that was decided on now. The
    /// limit that refused speaks first; where several tell the same header,
    /// the tightest does.
    #[must_use]
    pub fn headers(&self, now: Instant, request: Request, decision: Decision) -> Headers {
        let mut headers = Headers::NONE;
        let mut tightest = [u64::MAX; HEADERS_MAX];
        if let Decision::Reject { limit, wait } = decision {
            self.tell(now, request, limit, Some(wait), &mut headers, &mut tightest);
        }
        for (id, place) in self.model.places(request.endpoint, request.principal) {
            let refused = matches!(decision, Decision::Reject { limit, .. } if limit == id);
            if !refused && matches!(place, Place::At(_)) {
                self.tell(now, request, id, None, &mut headers, &mut tightest);
            }
        }
        headers
    }

    /// Adds what one limit tells; `wait` where it refused.
    fn tell(
        &self,
        now: Instant,
        request: Request,
        id: LimitId,
        wait: Option<Span>,
        headers: &mut Headers,
        tightest: &mut [u64; HEADERS_MAX],
    ) {
        let verdict = wait.map_or(Verdict::Admit, |wait| Verdict::Reject { wait });
        let Some(view) = self.view(now, request, id, verdict) else { return };
        let told = |rule: &&HeaderRule| wait.is_some() || !rule.rejects_only;
        // Nothing is tighter than what refuses.
        let remaining = if wait.is_some() { 0 } else { view.remaining.unwrap_or(u64::MAX) };
        for rule in self.model.limit(id).headers.iter().filter(told) {
            let Some(value) = rule.value(&view, wait.unwrap_or(Span::ZERO), now) else { continue };
            let least = &mut tightest[usize::from(rule.name.0)];
            if rule.is_list() {
                headers.add(rule.name, value);
            } else if headers.get(rule.name).is_none() || remaining < *least {
                headers.set(rule.name, value);
                *least = remaining;
            }
        }
    }
}
