//! When what a client does against an answer agrees with what was recorded.

use super::command::Against;

/// Half of the last digit of a recorded wait, which is written to 1 ms.
const DIGIT: f64 = 0.000_501;

/// At once: 1 ms is what Node makes of 0 and less.
const AT_ONCE: f64 = 0.001;

/// The recording's answer as `--against` takes it, and the seconds of a date or
/// an epoch to come.
pub(crate) fn answer(method: &str, status: &str, header: &str) -> (String, Option<f64>) {
    let mut text = match status.strip_suffix('T') {
        Some(status) => format!("{method} {status} code=ThrottlingException"),
        None => format!("{method} {status}"),
    };
    let mut ahead = None;
    let mut headers = vec![];
    for part in header.split(',').filter(|part| *part != "none") {
        let (key, value) = part.split_once('=').unwrap();
        let signed = if value.starts_with('-') { value.to_owned() } else { format!("+{value}") };
        headers.push(match key {
            "ra" => format!("Retry-After: {value}"),
            "date" => format!("Retry-After: date{signed}"),
            "ms" => format!("retry-after-ms: {value}"),
            "amz" => format!("x-amz-retry-after: {value}"),
            "should" => format!("x-should-retry: {value}; Stripe-Should-Retry: {value}"),
            "rlreset" => format!("RateLimit-Reset: {value}"),
            "xrlreset" => {
                format!("X-RateLimit-Remaining: 0; X-RateLimit-Reset: epoch{signed}")
            }
            other => panic!("no header: {other}"),
        });
        if matches!(key, "date" | "xrlreset") {
            ahead = Some(value.parse::<f64>().unwrap()).filter(|seconds| *seconds > 0.0);
        }
    }
    if !headers.is_empty() {
        text.push(' ');
        text.push_str(&headers.join("; "));
    }
    (text, ahead)
}

/// One recorded call.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Recorded {
    pub(crate) requests: usize,
    /// Seconds, the immediate as 0.
    pub(crate) waits: Vec<f64>,
    /// How far ahead the date of the answer lay.
    pub(crate) ahead: Option<f64>,
    /// Which of the client's waits were recorded, where not all: the number of
    /// requests was not either, only whether there is a second.
    pub(crate) picked: &'static [usize],
    /// What the caller got, where that was recorded by its name.
    pub(crate) outcome: Option<String>,
}

impl Recorded {
    /// Without the timers of a socket, of 3 s each, which are no waits. A wait that
    /// Node's timers cannot count stands as it was asked, in the recording and in
    /// what `schedule` prints.
    pub(crate) fn in_node(mut self) -> Recorded {
        while self.waits.len() >= self.requests && self.waits.first() == Some(&3.0) {
            self.waits.remove(0);
        }
        self
    }

    /// What disagrees with a client whose draws are all 0, 0.5, just below 1.
    pub(crate) fn disagreement(&self, ours: &[Against; 3]) -> Option<String> {
        let most = if self.picked.is_empty() { usize::MAX } else { 2 };
        let requests = ours.each_ref().map(|a| a.requests.min(most));
        if requests != [self.requests; 3] {
            return Some(format!("{} requests, ours {requests:?}", self.requests));
        }
        if let Some(said) = self.got_another(ours) {
            return Some(said);
        }
        let all: Vec<usize> = (0..ours[0].waits.len()).collect();
        let picked = if self.picked.is_empty() { &all } else { self.picked };
        let ranges = picked
            .iter()
            .filter(|at| all.contains(at))
            .map(|at| range(ours.iter().map(|against| against.waits[*at])))
            .collect();
        self.waits_differ(ranges)
    }

    /// The same where a random wait decides over the end: the requests lie between
    /// those of the longest waits and those of the shortest, and each wait in the
    /// range that the schedule gives it.
    pub(crate) fn disagreement_of_end(
        &self,
        ours: &[Against; 3],
        ranges: Vec<[f64; 2]>,
    ) -> Option<String> {
        let [fewest, most] = range(ours.iter().map(|a| a.requests as f64));
        let requests = self.requests as f64;
        if requests < fewest || most < requests {
            return Some(format!("{requests} requests, ours {fewest} to {most}"));
        }
        let another = self.got_another(&ours[1..]);
        another.or_else(|| self.waits_differ(ranges.into_iter().take(self.requests - 1).collect()))
    }

    fn got_another(&self, ours: &[Against]) -> Option<String> {
        let outcome = self.outcome.as_ref()?;
        let other = ours.iter().find(|against| against.outcome != *outcome)?;
        Some(format!("the caller got {outcome}, ours {}", other.outcome))
    }

    fn waits_differ(&self, mut ranges: Vec<[f64; 2]>) -> Option<String> {
        let mut waits = self.waits.clone();
        if waits.len() != ranges.len() {
            // A library that does not sleep for 0 s recorded no wait.
            waits.retain(|wait| *wait > AT_ONCE);
            ranges.retain(|[_, high]| *high > AT_ONCE);
        }
        if waits.len() != ranges.len() {
            return Some(format!("waits {waits:?}, ours {ranges:?}"));
        }
        let beside = |(wait, range): (&f64, &[f64; 2])| self.differs(*wait, *range);
        waits.iter().zip(&ranges).find_map(beside)
    }

    fn differs(&self, wait: f64, [low, high]: [f64; 2]) -> Option<String> {
        // A date holds whole seconds and time passes until it is read.
        let slack = if self.ahead.is_some() { 1.1 } else { 0.0 };
        let scaled = slack * (high / low.max(0.001)).clamp(1.0, 2.0);
        let both_at_once = wait <= AT_ONCE && high <= AT_ONCE;
        let agrees = both_at_once || low - scaled - DIGIT <= wait && wait <= high + scaled + DIGIT;
        let certain = (high - low).abs() < 1e-9;
        let by_date = |seconds: f64| {
            self.ahead.is_none_or(|ahead| ahead - 1.1 < seconds && seconds <= ahead + DIGIT)
        };
        // Both or neither are the date's, where no jitter can have moved them.
        let alike = !certain || by_date(wait) == by_date(low);
        (!agrees || !alike).then(|| format!("waited {wait}, ours [{low}, {high}]"))
    }
}

fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(requests: usize, waits: &[f64], ahead: Option<f64>) -> Recorded {
        Recorded { requests, waits: waits.to_vec(), ahead, picked: &[], outcome: None }
    }

    /// The same call with the shortest, the middle and the longest waits.
    fn ours(requests: usize, waits: [&[f64]; 3]) -> [Against; 3] {
        waits.map(|waits| Against { requests, waits: waits.to_vec(), outcome: "returned".into() })
    }

    fn always(waits: &[f64]) -> [Against; 3] {
        ours(waits.len() + 1, [waits; 3])
    }

    #[test]
    fn answers_are_written_as_the_command_reads_them() {
        let text = |status, header| answer("POST", status, header).0;
        assert_eq!(text("429", "none"), "POST 429");
        assert_eq!(text("429", "date=-60"), "POST 429 Retry-After: date-60");
        assert_eq!(
            text("400T", "amz=3000"),
            "POST 400 code=ThrottlingException x-amz-retry-after: 3000"
        );
        assert_eq!(
            text("429", "should=false,ra=7"),
            "POST 429 x-should-retry: false; Stripe-Should-Retry: false; Retry-After: 7"
        );
        assert_eq!(answer("GET", "429", "date=7").1, Some(7.0));
        assert_eq!(answer("GET", "429", "date=-60").1, None);
    }

    #[test]
    fn one_request_more_or_another_wait_disagrees() {
        let call = recorded(3, &[1.0, 2.0], None);
        assert_eq!(call.disagreement(&always(&[1.0, 2.0])), None);
        assert!(call.disagreement(&always(&[1.0, 2.0, 4.0])).is_some());
        assert!(call.disagreement(&always(&[1.0, 2.002])).is_some());
        let returned = Recorded { outcome: Some("ValueError".into()), ..call };
        assert!(returned.disagreement(&always(&[1.0, 2.0])).is_some());
        let jittered = ours(3, [&[0.0, 0.0], &[0.5, 1.0], &[1.0, 2.0]]);
        assert_eq!(recorded(3, &[0.4, 1.9], None).disagreement(&jittered), None);
        assert!(recorded(3, &[1.1, 1.9], None).disagreement(&jittered).is_some());
    }

    #[test]
    fn no_wait_may_be_written_or_left_out() {
        assert_eq!(recorded(3, &[1.0], None).disagreement(&always(&[0.0, 1.0])), None);
        assert_eq!(recorded(3, &[0.0, 0.0], None).disagreement(&always(&[0.001, 0.001])), None);
        assert!(recorded(3, &[1.0], None).disagreement(&always(&[2.0, 1.0])).is_some());
    }

    #[test]
    fn a_date_is_up_to_a_second_early() {
        let dated = |wait| recorded(2, &[wait], Some(7.0));
        assert_eq!(dated(5.97).disagreement(&always(&[7.0])), None);
        assert_eq!(dated(6.9).disagreement(&always(&[6.0])), None);
        assert!(dated(5.8).disagreement(&always(&[7.0])).is_some());
        assert!(dated(6.9).disagreement(&always(&[5.85])).is_some());
        assert_eq!(dated(1.0).disagreement(&always(&[1.0])), None);
    }

    #[test]
    fn a_long_timer_of_node_is_as_asked_and_a_sockets_is_no_wait() {
        let call = recorded(2, &[10_000_000.0], None).in_node();
        assert_eq!(call.disagreement(&always(&[10_000_000.0])), None);
        let call = recorded(2, &[3.0, 3.0, 0.5], None).in_node();
        assert_eq!(call.disagreement(&always(&[0.5])), None);
    }

    #[test]
    fn a_random_end_is_one_of_several() {
        let mut done = always(&[0.5; 5]);
        done[0].requests = 50;
        let ranges = || vec![[0.0, 1.0]; 10];
        assert_eq!(recorded(8, &[0.4; 7], None).disagreement_of_end(&done, ranges()), None);
        assert!(recorded(5, &[0.4; 4], None).disagreement_of_end(&done, ranges()).is_some());
        assert!(recorded(8, &[1.4; 7], None).disagreement_of_end(&done, ranges()).is_some());
    }
}
