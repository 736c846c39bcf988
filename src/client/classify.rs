//! Which answers a policy retries.

use crate::http::{Answer, HeaderId, Headers, Method, Methods, Value};

/// A kind of answer that a policy may retry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One status, such as 429.
    Status(u16),
    /// A hundred of them: 5 for 5xx.
    Class(u16),
    /// A refused connection.
    Refused,
    /// A response that did not come in time.
    Timeout,
    /// A response with this word in the header that tells the API's error code.
    Code(HeaderId, u16),
}

impl Kind {
    /// Whether an answer is of this kind.
    #[must_use]
    pub fn matches(self, answer: Answer, headers: &Headers) -> bool {
        match (self, answer) {
            (Kind::Status(code), Answer::Status(status)) => status.0 == code,
            (Kind::Class(class), Answer::Status(status)) => status.is_class(class),
            (Kind::Refused, Answer::Refused) | (Kind::Timeout, Answer::TimedOut) => true,
            (Kind::Code(name, word), Answer::Status(_)) => {
                headers.get(name) == Some(Value::Text(word))
            }
            _ => false,
        }
    }
}

/// Kinds of answers.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Kinds(pub Vec<Kind>);

impl Kinds {
    /// Whether an answer is of one of these kinds.
    #[must_use]
    pub fn contain(&self, answer: Answer, headers: &Headers) -> bool {
        self.0.iter().any(|kind| kind.matches(answer, headers))
    }
}

/// A header whose words override everything else about whether to retry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Force {
    /// The header: `x-should-retry`, `Stripe-Should-Retry`.
    pub name: HeaderId,
    /// The word for yes among the API's, if it ever says it.
    pub yes: Option<u16>,
    /// The word for no.
    pub no: Option<u16>,
}

/// Which answers a policy retries.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Classify {
    /// These.
    pub retries: Kinds,
    /// But not these of them.
    pub except: Kinds,
    /// These too, but only where the response tells a wait.
    pub only_with_hint: Kinds,
    /// Only requests of these methods.
    pub methods: Methods,
    /// What the server says about it.
    pub force: Option<Force>,
}

impl Classify {
    /// Whether this answer is retried; `hinted` is whether the response has a
    /// header that tells a wait, readable or not.
    #[must_use]
    pub fn retries(
        &self,
        method: Method,
        answer: Answer,
        headers: &Headers,
        hinted: impl FnOnce() -> bool,
    ) -> bool {
        if let Some(force) = self.force
            && let Some(Value::Text(word)) = headers.get(force.name)
        {
            if Some(word) == force.yes {
                return true;
            }
            if Some(word) == force.no {
                return false;
            }
        }
        self.methods.contain(method)
            && !self.except.contain(answer, headers)
            && (self.retries.contain(answer, headers)
                || self.only_with_hint.contain(answer, headers) && hinted())
    }

    /// Whether an answer that comes without headers is retried, where the
    /// method of the request is.
    #[must_use]
    pub fn takes(&self, answer: Answer) -> bool {
        let headers = &Headers::NONE;
        !self.except.contain(answer, headers) && self.retries.contain(answer, headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Status;

    fn status(code: u16) -> Answer {
        Answer::Status(Status(code))
    }

    #[test]
    fn what_the_server_says_overrides_all_else() {
        let classify = Classify {
            retries: Kinds(vec![Kind::Status(500), Kind::Status(501)]),
            except: Kinds(vec![Kind::Status(501)]),
            only_with_hint: Kinds(vec![Kind::Class(5)]),
            methods: Methods::of(&[Method::Get]),
            force: Some(Force { name: HeaderId(0), yes: Some(0), no: Some(1) }),
        };
        let retries = |code, headers: &Headers| {
            classify.retries(Method::Get, status(code), headers, || headers.iter().count() > 0)
        };
        let said = |word| {
            let mut headers = Headers::NONE;
            headers.set(HeaderId(0), Value::Text(word));
            headers
        };
        assert!(retries(500, &Headers::NONE) && !retries(501, &Headers::NONE));
        assert!(!retries(503, &Headers::NONE) && retries(503, &said(7)));
        assert!(retries(404, &said(0)) && !retries(500, &said(1)));
        let post = classify.retries(Method::Post, status(500), &Headers::NONE, || false);
        assert!(!post, "a POST may have been done");
    }

    #[test]
    fn an_error_code_is_a_word_of_the_response() {
        let kind = Kind::Code(HeaderId(3), 5);
        let mut headers = Headers::NONE;
        assert!(!kind.matches(status(400), &headers));
        headers.set(HeaderId(3), Value::Text(5));
        assert!(kind.matches(status(400), &headers));
        assert!(!kind.matches(Answer::TimedOut, &headers));
    }
}
