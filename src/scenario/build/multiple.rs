//! Limits whose numbers are written for one client: they apply as many times
//! over as the scenario has clients, so that a scenario scales by its `count`.

use std::ops::Range;

use super::Checks;
use crate::limiter::{Evidence, Limiter};

/// The limiters whose numbers can be multiplied, for people.
const CAN: &str =
    "fixed-window, sliding-log, sliding-counter, token-bucket, gcra, leaky-queue, concurrency";

/// The limiter with its numbers so many times over. Where that cannot be it
/// stays as it is, and the fault is `at`.
pub(super) fn times(
    limiter: Limiter,
    factor: u64,
    at: Range<usize>,
    checks: &mut Checks,
) -> Limiter {
    if let Some(many) = limiter.times(factor) {
        return many;
    }
    if limiter.times(1).is_none() {
        let message = format!("the numbers of `{limiter}` cannot be multiplied");
        let help = format!("leave `times` out, or take one of {CAN}");
        checks.fault(at, message, help);
    } else {
        let message = format!("`{limiter}` times {factor} does not fit in 64 bits");
        checks.fault(at, message, "write smaller numbers, or take fewer clients");
    }
    limiter
}

/// A fault where a limiter of ours lets nothing through. A real program may be
/// set up so, and then does so here as well.
pub(super) fn check_open(limiter: &Limiter, at: Range<usize>, checks: &mut Checks) {
    if limiter.card().evidence == Evidence::Ours && limiter.capacity().at_once == 0 {
        let message = format!("`{limiter}` lets nothing through: its burst is below one token");
        let help = "write at least 1; a smaller one can only be a client's share, with \
                    times = \"clients\", of a burst that is larger";
        checks.fault(at, message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::CARDS;
    use crate::scenario::file::api::Rule;

    /// The one of a card's example.
    fn example(key: &str) -> Limiter {
        let (_, card) = CARDS.iter().find(|(k, _)| k.replace('_', "-") == key).unwrap();
        toml::from_str::<Rule>(card.example).unwrap().into()
    }

    #[test]
    fn those_that_can_be_multiplied_are_listed() {
        let keys = CARDS.iter().map(|(key, _)| key.replace('_', "-"));
        let can: Vec<String> = keys.filter(|key| example(key).times(1).is_some()).collect();
        assert_eq!(can.join(", "), CAN);
    }

    /// Times stay, and counts are multiplied; those that wait as well.
    #[test]
    fn a_multiple_is_what_people_would_write() {
        for (one, many) in [
            ("fixed-window = { quota = 3, window = '1h' }", "fixed-window 30/h"),
            ("sliding-log = { quota = 3, window = '1min' }", "sliding-log 30/min"),
            ("sliding-counter = { quota = 3, window = '5s' }", "sliding-counter 30/5s"),
            ("token-bucket = { rate = '4/5s', burst = '4/5' }", "token-bucket 8/s burst 8"),
            ("gcra = { rate = '1/s', burst = '1/4' }", "gcra 10/s burst 5/2"),
            ("leaky-queue = { rate = '1/s', queue = 2 }", "leaky-queue 10/s queue 20"),
            ("concurrency = { max = 2, queue = 1 }", "20 at-once"),
        ] {
            let one: Limiter = toml::from_str::<Rule>(one).unwrap().into();
            let tenfold = one.times(10).unwrap();
            assert_eq!(tenfold.to_string(), many);
            assert_eq!(tenfold.queue().map(|q| q.places), one.queue().map(|q| q.places * 10));
            assert_eq!(one.times(1).unwrap().to_string(), one.to_string());
        }
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_number() {
        for key in CAN.split(", ") {
            let mut checks = Checks::default();
            times(example(key), u64::MAX, 7..9, &mut checks);
            let said = &checks.0[0].message;
            assert!(said.contains("times 18446744073709551615 does not fit"), "{key}: {said}");
        }
    }
}
