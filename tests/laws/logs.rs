//! Logs against a count by hand: what a fixed window refuses of random requests,
//! whatever their order, and what the curve says of every quota.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use tollgate::replay::{Asked, Headroom, Log, Reader, Readings, Wanted, smallest};
use tollgate::scenario::Alone;
use tollgate::scenario::quick::Quick;

/// What a limit does to a log, and how busy its keys are.
fn meets(limit: &str, log: &str) -> (Readings, Vec<Headroom>) {
    let quick = Quick::of_logs(&[limit.to_owned()]).unwrap_or_else(|faults| panic!("{faults}"));
    let api = Alone::of(quick.documents().unwrap().1, &[]).unwrap();
    let (asked, attributes) = (Asked { sort: true, ..Asked::default() }, api.attributes());
    let mut reader = Reader::new(&asked, &attributes).unwrap();
    reader.read("log", log.as_bytes()).unwrap();
    let reading = reader.done().unwrap_or_else(|error| panic!("{error}"));
    let mut log = Log::new(reading.trace, reading.seen.tick, reading.seen.starts);
    let model = api.model(&mut log.trace.principals, false);
    let readings = log.meets(&model, Wanted::default()).unwrap();
    let slots = model.slots[0].len();
    let headroom =
        Headroom::of(&log.trace, slots, |principal| match model.slots[0].place(principal, 0) {
            tollgate::attribute::Place::At(slot) => Some(slot),
            _ => None,
        });
    (readings, headroom)
}

/// A log of CSV: seconds since 1970, and keys.
fn csv(requests: &[(u32, u8)]) -> String {
    requests.iter().fold("time,ip\n".to_owned(), |mut text, (second, key)| {
        writeln!(text, "{},10.0.0.{key}", 1_431_857_100 + second).unwrap();
        text
    })
}

/// How many requests each key makes beyond the quota of its windows.
fn by_hand(requests: &[(u32, u8)], quota: u64, window: u64) -> BTreeMap<u8, u64> {
    let mut counts = BTreeMap::<(u8, u64), u64>::new();
    for (second, key) in requests {
        *counts.entry((*key, (1_431_857_100 + u64::from(*second)) / window)).or_default() += 1;
    }
    let mut beyond = BTreeMap::new();
    for ((key, _), count) in counts {
        *beyond.entry(key).or_default() += count.saturating_sub(quota);
    }
    beyond.retain(|_, beyond| *beyond > 0);
    beyond
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_window_refuses_what_is_beyond_its_quota(
        requests in prop::collection::vec((0..200_u32, 0..6_u8), 1..200),
        quota in 1..8_u32,
        window in prop::sample::select(&[1_u64, 10, 60][..]),
    ) {
        let (readings, headroom) = meets(&format!("{quota}/{window}s per ip"), &csv(&requests));
        let wanted = by_hand(&requests, quota.into(), window);
        let impact = &readings.at_once.limits[0];
        let rejected: u64 = wanted.values().sum();
        prop_assert_eq!(impact.requests(), (requests.len() as u64, rejected));
        prop_assert_eq!(impact.hit(|_| true), wanted.len());
        prop_assert_eq!(readings.at_once.rejected, rejected);
        // A window of whole ticks reads all stamps in one way.
        prop_assert_eq!(readings.spread, None);
        let curve = headroom.iter().find(|h| h.window().0 == window * 1_000_000_000).unwrap();
        let hits = curve.hits(quota);
        prop_assert_eq!((hits.keys, hits.rejected), (wanted.len() as u64, rejected));
    }

    #[test]
    fn the_smallest_limit_is_what_trying_all_of_them_finds(
        requests in prop::collection::vec((0..40_u32, 0..4_u8), 1..60),
        rule in prop::sample::select(
            &["N/10s", "sliding N/10s", "first-request N/10s", "bucket N/10s", "nginx N/min burst 9"][..]
        ),
        most in 0..3_usize,
    ) {
        let log = csv(&requests);
        let holds = |count: u64| {
            let limit = format!("{} per ip", rule.replace('N', &count.to_string()));
            let (readings, _) = meets(&limit, &log);
            readings.all().all(|impact| impact.limits[0].hit(|_| true) <= most)
        };
        let found = smallest(60, |count| Ok::<_, ()>((holds(count), ()))).unwrap();
        let tried = (1..=60).find(|count| holds(*count));
        prop_assert_eq!(found.map(|found| found.count), tried);
    }
}
