//! What holds on every trace, without statistics: identities, bounds, and the
//! exact examples of documentation.

use std::collections::VecDeque;

use crate::table;
use serde::de::DeserializeOwned;
use tollgate::limiter::{
    Algorithm, FixedWindow, Gcra, LeakyQueue, NginxLimitReq, SlidingCounter, SlidingLog, Table,
    TokenBucket, Verdict,
};
use tollgate::rng::{Key, Purpose};
use tollgate::time::{Instant, Rate, SECOND, Span};

const MS: u64 = 1_000_000;

fn read<A: Algorithm + DeserializeOwned>(parameters: &str) -> Table<A> {
    Table::read(parameters).unwrap()
}

fn admits<A: Algorithm>(limiter: &mut Table<A>, at: u64, cost: u32) -> bool {
    !limiter.decide(0, Instant(at), cost).is_reject()
}

/// The kinds of traces in `equivalence_integer.csv`.
const KINDS: [&str; 4] =
    ["Poisson at the rate", "bursty with ties", "exactly every 1/r", "1/r +- 1 ns"];

/// So many instants of a kind, on a grid of `grid` ns, at about the rate.
fn trace(kind: &str, rate: Rate, grid: u64, length: usize, seed: u64) -> impl Iterator<Item = u64> {
    let key = Key::run(seed, 0).named(kind);
    let token = rate.period.0 as f64 / rate.count as f64;
    let kind = KINDS.iter().position(|known| *known == kind).unwrap();
    let (mut now, mut last) = (0_f64, 0_u64);
    (0..length as u64).map(move |k| {
        let bits = key.draw(Purpose::Arrival, k);
        let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        let gap = match kind {
            0 => -token * libm::log(1.0 - unit),
            // Three in ten come with the one before.
            1 if bits % 10 < 3 => 0.0,
            // In quarters of a token's time, so that tokens complete at arrivals.
            1 => token * ((bits >> 8) % 9) as f64 / 4.0,
            2 => token,
            _ => token + (bits % 3) as f64 - 1.0,
        };
        now += gap.max(0.0);
        let rounded = libm::ceil(now / grid as f64) * grid as f64;
        last = last.max(Span::from_secs_f64(rounded / 1e9).0);
        last
    })
}

/// Token bucket, GCRA, leaky queue and nginx's burst form agree on ten million
/// arrivals in whole milliseconds at whole requests a second, three in ten of
/// them ties.
#[test]
fn bucket_gcra_queue_and_nginx_agree_on_ten_million_arrivals() {
    let (mut ties, mut all, mut refused, mut last) = (0_u64, 0_u64, 0_u64, u64::MAX);
    for (rate, burst) in
        [(10, 1), (7, 5), (100, 20), (1, 3), (333, 50), (1_000, 8), (3, 1), (50, 10)]
    {
        let exact = format!("rate = '{rate}/s'\nburst = {burst}");
        let (mut bucket, mut gcra) = (read::<TokenBucket>(&exact), read::<Gcra>(&exact));
        let line = burst - 1;
        let mut queue = read::<LeakyQueue>(&format!("rate = '{rate}/s'\nqueue = {line}"));
        let mut nginx =
            read::<NginxLimitReq>(&format!("rate = '{rate}r/s'\nburst = {line}\nnodelay = true"));
        let per_second: Rate = format!("{rate}/s").parse().unwrap();
        for at in trace(KINDS[1], per_second, MS, 1_250_000, burst) {
            let said = [
                admits(&mut bucket, at, 1),
                admits(&mut gcra, at, 1),
                admits(&mut queue, at, 1),
                admits(&mut nginx, at, 1),
            ];
            assert!(said.iter().all(|s| *s == said[0]), "{rate}/s burst {burst} at {at}: {said:?}");
            all += 1;
            refused += u64::from(!said[0]);
            ties += u64::from(at == last);
            last = at;
        }
    }
    assert_eq!(all, 10_000_000);
    // Both answers are common, and so are ties.
    assert!(ties > 3 * all / 10, "{ties}");
    assert!(refused > all / 10 && refused < 9 * all / 10, "{refused}");
}

/// Elsewhere nginx cuts off, and that is seen.
#[test]
fn nginx_differs_where_its_rate_is_no_whole_number_of_thousandths() {
    let mut exact = read::<TokenBucket>("rate = '100/min'\nburst = 5");
    let mut nginx = read::<NginxLimitReq>("rate = '100r/m'\nburst = 4\nnodelay = true");
    let rate: Rate = "100/min".parse().unwrap();
    let differ = trace(KINDS[1], rate, MS, 200_000, 1)
        .filter(|at| admits(&mut exact, *at, 1) != admits(&mut nginx, *at, 1));
    assert!(differ.count() > 100);
}

/// A bucket in floats: the error that integers avoid.
struct FloatBucket {
    level: f64,
    /// In seconds.
    at: f64,
}

impl FloatBucket {
    fn admits(&mut self, now: u64, rate: f64, burst: f64) -> bool {
        let now = now as f64 / 1e9;
        self.level = (self.level + (now - self.at) * rate).min(burst);
        self.at = now;
        let admit = self.level >= 1.0;
        self.level -= f64::from(u8::from(admit));
        admit
    }
}

/// GCRA with T cut off to nanoseconds.
fn cut_off_gcra(tat: &mut u64, now: u64, rate: Rate, burst: u64) -> bool {
    let t = rate.period.0 / rate.count;
    let admit = now + (burst - 1) * t >= *tat;
    if admit {
        *tat = now.max(*tat) + t;
    }
    admit
}

/// `equivalence_integer.csv`: no difference, no window above `B + r w`, never
/// fewer for a larger burst; floats and cut-off times do differ where the table
/// says so.
#[test]
fn exact_arithmetic_has_no_differences_and_inexact_has() {
    let rows = table::table(include_str!("../oracles/analytic/equivalence_integer.csv"));
    assert_eq!(rows.len(), KINDS.len());
    for row in &rows {
        let kind = &row[0];
        let (mut float_differs, mut cut_differs) = (0, 0);
        for (rate, bursts) in
            [("10/s", [1, 5]), ("10/3s", [2, 10]), ("7/3s", [1, 3]), ("100/min", [4, 8])]
        {
            let rate: Rate = rate.parse().unwrap();
            for burst in bursts {
                let parameters = |burst| format!("rate = '{rate}'\nburst = {burst}");
                let mut bucket = read::<TokenBucket>(&parameters(burst));
                let mut more = read::<TokenBucket>(&parameters(burst + 1));
                let mut gcra = read::<Gcra>(&parameters(burst));
                let mut float = FloatBucket { level: burst as f64, at: 0.0 };
                let (mut tat, mut admitted, mut more_admitted) = (0, 0_i64, 0_i64);
                // In any window `admitted - r w` stays within the burst.
                let mut least = i128::MAX;
                for at in trace(kind, rate, 1, 40_000, burst) {
                    let admit = admits(&mut bucket, at, 1);
                    assert_eq!(admit, admits(&mut gcra, at, 1), "{kind}, {rate}, {burst} at {at}");
                    float_differs +=
                        u64::from(admit != float.admits(at, rate.per_second(), burst as f64));
                    cut_differs += u64::from(admit != cut_off_gcra(&mut tat, at, rate, burst));
                    more_admitted += i64::from(admits(&mut more, at, 1));
                    if admit {
                        let units = |n: i64| i128::from(n) * i128::from(rate.period.0);
                        let earned = i128::from(at) * i128::from(rate.count);
                        least = least.min(units(admitted) - earned);
                        admitted += 1;
                        let most = i128::from(burst) * i128::from(rate.period.0);
                        assert!(
                            units(admitted) - earned - least <= most,
                            "{kind}, {rate}, {burst}"
                        );
                    }
                    assert!(more_admitted >= admitted, "a larger burst has admitted fewer");
                }
            }
        }
        let recorded = |column: usize| row[column].parse::<u64>().unwrap() > 0;
        assert!(!recorded(2) && !recorded(3) && !recorded(4), "the table itself says none");
        // Where the table saw them differ, the wrong arithmetic is seen here.
        assert!(float_differs > 0 || !recorded(5), "{kind}: floats");
        assert!(cut_differs > 0 || !recorded(6), "{kind}: cut off");
    }
}

/// The most that was admitted in any half-open window.
fn most_in_a_window(admitted: &[u64], window: u64) -> u64 {
    let (mut open, mut most) = (VecDeque::new(), 0);
    for at in admitted {
        open.push_back(*at);
        while open.front().is_some_and(|first| first + window <= *at) {
            open.pop_front();
        }
        most = most.max(open.len() as u64);
    }
    most
}

/// `window_bounds.csv`: a log admits no more than L in any window, a fixed
/// window and a sliding counter no more than 2 L, which the adversary reaches.
#[test]
fn windows_admit_no_more_than_their_bounds() {
    let rows = table::table(include_str!("../oracles/analytic/window_bounds.csv"));
    assert_eq!(rows.len(), 9);
    for row in &rows {
        let quota: u64 = row[1].parse().unwrap();
        let window = Span::from_secs_f64(row[2].parse().unwrap()).0;
        let adversary = row[0].starts_with("adversary");
        let arrivals: Vec<u64> = if adversary {
            let quota = usize::try_from(quota).unwrap();
            let before = std::iter::repeat_n(window - 1, quota);
            before.chain(std::iter::repeat_n(window, quota)).collect()
        } else {
            let rate: Rate = format!("{}/{window}ns", 2 * quota).parse().unwrap();
            let kind = if row[0].starts_with("bursty") { KINDS[1] } else { KINDS[0] };
            trace(kind, rate, 1, 100_000, quota).collect()
        };
        let parameters = |quota| format!("quota = {quota}\nwindow = '{window}ns'");
        let most = |text: &str| {
            let mut log = read::<SlidingLog>(text);
            let mut fixed = read::<FixedWindow>(text);
            let mut counter = read::<SlidingCounter>(text);
            [
                arrivals.iter().copied().filter(|at| admits(&mut log, *at, 1)).collect::<Vec<_>>(),
                arrivals.iter().copied().filter(|at| admits(&mut fixed, *at, 1)).collect(),
                arrivals.iter().copied().filter(|at| admits(&mut counter, *at, 1)).collect(),
            ]
        };
        let admitted = most(&parameters(quota));
        let [log, fixed, counter] = admitted.each_ref().map(|a| most_in_a_window(a, window));
        assert_eq!(log, row[3].parse::<u64>().unwrap(), "{row:?}");
        assert!(fixed <= 2 * quota && counter < 2 * quota, "{row:?}: {fixed} {counter}");
        if adversary {
            assert_eq!(fixed, row[5].parse::<u64>().unwrap(), "{row:?}");
        }
        // More room has never admitted fewer by any time.
        let more = most(&parameters(quota + 1));
        for (less, more) in admitted.iter().zip(&more).take(2) {
            let later = less.iter().zip(more).any(|(less, more)| more > less);
            assert!(more.len() >= less.len() && !later, "{row:?}");
        }
    }
}

/// The four examples of Amazon's page "Throttle requests to your REST APIs for
/// better throughput in API Gateway": 10,000 a second, 5,000 at once.
#[test]
fn api_gateway_serves_what_its_page_says() {
    let served = |arrivals: &mut dyn Iterator<Item = u64>| {
        let mut bucket = read::<TokenBucket>("rate = '10000/s'\nburst = 5000");
        arrivals.filter(|ms| admits(&mut bucket, ms * MS, 1)).count()
    };
    // "10 requests every millisecond": all of the 10,000.
    assert_eq!(served(&mut (0..1_000).flat_map(|ms| [ms; 10])), 10_000);
    // "10,000 requests in the first millisecond": 5,000 of them.
    assert_eq!(served(&mut std::iter::repeat_n(0, 10_000)), 5_000);
    // "5,000 in the first millisecond", then 5,000 evenly over 999 ms: all.
    let evenly = (1..1_000).flat_map(|ms| std::iter::repeat_n(ms, if ms <= 5 { 6 } else { 5 }));
    let mut evenly: Vec<u64> = evenly.collect();
    evenly.truncate(5_000);
    assert_eq!(served(&mut std::iter::repeat_n(0, 5_000).chain(evenly)), 9_995 + 5);
    // "5,000 in the first millisecond, and 5,000 in the 101st": 6,000.
    assert_eq!(
        served(&mut std::iter::repeat_n(0, 5_000).chain(std::iter::repeat_n(100, 5_000))),
        6_000
    );
}

/// nginx's documentation, with `rate=10r/s burst=20 nodelay`: of 25 at once 21
/// pass; then one of 20 that come 101 ms later, and five at 501 ms.
#[test]
fn nginx_passes_21_of_25() {
    let mut zone = read::<NginxLimitReq>("rate = '10r/s'\nburst = 20\nnodelay = true");
    let mut passed =
        |count: usize, ms: u64| (0..count).filter(|_| admits(&mut zone, ms * MS, 1)).count();
    assert_eq!([passed(25, 0), passed(20, 101)], [21, 1]);
    let mut zone = read::<NginxLimitReq>("rate = '10r/s'\nburst = 20\nnodelay = true");
    let mut passed =
        |count: usize, ms: u64| (0..count).filter(|_| admits(&mut zone, ms * MS, 1)).count();
    assert_eq!([passed(25, 0), passed(20, 501)], [21, 5]);
}

/// Cloudflare's example of 2017: 42 in the last minute and 18 in the first 15 s
/// of this one are 49.5 of 50. Half a request is missing for one more.
#[test]
fn cloudflares_estimate_is_49_and_a_half() {
    for (quota, verdict) in [(49, false), (50, false), (51, true)] {
        let mut counter = read::<SlidingCounter>(&format!("quota = {quota}\nwindow = '1min'"));
        counter.decide(0, Instant(0), 42);
        for _ in 0..18 {
            counter.admit(0, Instant(61 * SECOND), 1);
        }
        assert_eq!(admits(&mut counter, 75 * SECOND, 1), verdict, "{quota}");
    }
    // The estimate, times two so that it is whole, leaves exactly one.
    let mut counter = read::<SlidingCounter>("quota = 99\nwindow = '1min'");
    counter.decide(0, Instant(0), 84);
    counter.admit(0, Instant(61 * SECOND), 36);
    assert_eq!(counter.ask(75 * SECOND, 1).0, Verdict::Reject { wait: Span(714_285_715) });
    assert!(admits(&mut counter, 75 * SECOND, 0));
}
