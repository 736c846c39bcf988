//! The paces of a client's file become those of its policy.

use std::ops::Range;

use super::Checks;
use super::policy::World;
use super::vocabulary::Vocabulary;
use crate::client::{
    AdaptiveSleep, Aimd, AwsCubic, Decrease, Gauge, HeaderGate, HeaderPace, InFlight, Pace, Pacing,
    ReservingBucket, Reservoir, Spacing,
};
use crate::scenario::file::client::{Client, Form};
use crate::scenario::file::pace as file;

/// The most paces of a client.
const MOST: usize = 16;

/// The paces of a client, in their order.
pub(super) fn paces(client: &Client, world: &World<'_>, checks: &mut Checks) -> Vec<Pace> {
    if client.pace.len() > MOST {
        let message = format!("a client has at most {MOST} paces");
        checks.fault(client.name.span(), message, "leave some out");
    }
    let said = world.vocabulary();
    let pace = |pace: &file::Pace| {
        let pacing = pacing(client, pace, &said, checks);
        let of = world.whose(pace.of.as_ref(), checks);
        let filter = world.filter(&pace.endpoints, &[], checks);
        pacing.map(|pacing| Pace { pacing, of, filter })
    };
    client.pace.iter().take(MOST).filter_map(pace).collect()
}

/// The doors of those paces that give one turn at a time.
pub(super) fn doors(paces: &[Pace]) -> Vec<InFlight> {
    let door = |pace: &Pace| InFlight {
        max: 1,
        of: pace.of.clone(),
        filter: pace.filter.clone(),
        door: true,
    };
    paces.iter().filter(|pace| pace.pacing.one_at_a_time()).map(door).collect()
}

fn pacing(
    client: &Client,
    pace: &file::Pace,
    said: &Vocabulary<'_>,
    checks: &mut Checks,
) -> Option<Pacing> {
    let mut found: Vec<(Range<usize>, Option<Pacing>)> = vec![];
    if let Some(rate) = &pace.rate {
        found.push((rate.span(), Some(Pacing::Spacing(Spacing::of(*rate.as_ref())))));
    }
    if let Some(bucket) = &pace.token_bucket {
        let made = token_bucket(bucket.as_ref(), &bucket.span(), checks);
        found.push((bucket.span(), made.map(Pacing::TokenBucket)));
    }
    if let Some(reservoir) = &pace.reservoir {
        let file::Reservoir { amount, every, tick } = *reservoir.as_ref();
        if amount == 0 {
            checks.fault(reservoir.span(), "the amount is 0", "write at least 1");
        }
        let made = Reservoir::new(amount.max(1), every, tick);
        found.push((reservoir.span(), Some(Pacing::Reservoir(made))));
    }
    if let Some(rates) = &pace.aimd {
        let made = aimd(rates.as_ref(), &rates.span(), said, checks);
        found.push((rates.span(), Some(Pacing::Aimd(made))));
    }
    if let Some(cubic) = &pace.aws_cubic {
        let made = AwsCubic { on: said.kinds(&cubic.as_ref().on) };
        found.push((cubic.span(), Some(Pacing::AwsCubic(made))));
    }
    if let Some(sleep) = &pace.adaptive_sleep {
        let made = adaptive_sleep(sleep.as_ref(), &sleep.span(), said, checks);
        found.push((sleep.span(), Some(Pacing::AdaptiveSleep(made))));
    }
    let help =
        "give exactly one of: rate, token-bucket, reservoir, aimd, aws-cubic, adaptive-sleep";
    if let Some((second, _)) = found.get(1) {
        checks.fault(second.clone(), "a pace is of several kinds", help);
    }
    if found.is_empty() {
        let beside = pace.of.iter().flatten().chain(&pace.endpoints).next();
        let at = beside.unwrap_or(&client.name).span();
        checks.fault(at, "a pace is of no kind", help);
    }
    found.into_iter().next().and_then(|(_, made)| made)
}

fn token_bucket(
    bucket: &file::TokenBucket,
    at: &Range<usize>,
    checks: &mut Checks,
) -> Option<ReservingBucket> {
    let made = ReservingBucket::new(bucket.rate, bucket.burst);
    if bucket.burst == 0 {
        checks.fault(at.clone(), "the burst is 0", "write at least 1");
    } else if made.is_none() {
        let message = "rate and burst are too fine or too large to be exact together";
        checks.fault(at.clone(), message, "write a smaller burst, or a rate of fewer digits");
    }
    made
}

fn aimd(rates: &file::Aimd, at: &Range<usize>, said: &Vocabulary<'_>, checks: &mut Checks) -> Aimd {
    let aimd = Aimd {
        initial: rates.initial.per_second(),
        increase: rates.increase.per_second(),
        decrease: rates.decrease,
        least: rates.least.per_second(),
        most: rates.most.map_or(f64::INFINITY, crate::time::Rate::per_second),
        on: said.kinds(&rates.on),
    };
    if !(0.0..=1.0).contains(&aimd.decrease) {
        let message = format!("a decrease by {} is none", aimd.decrease);
        checks.fault(at.clone(), message, "write what the rate is multiplied by, from 0 to 1");
    }
    if !(aimd.least <= aimd.initial && aimd.initial <= aimd.most) {
        let message = "the initial rate does not lie between the least and the most";
        checks.fault(at.clone(), message, "write rates with least <= initial <= most");
    }
    aimd
}

fn adaptive_sleep(
    sleep: &file::AdaptiveSleep,
    at: &Range<usize>,
    said: &Vocabulary<'_>,
    checks: &mut Checks,
) -> AdaptiveSleep {
    let parts = |divisor: f64, checks: &mut Checks| {
        if !(divisor.is_finite() && divisor >= 1.0) {
            let message = format!("one part in {divisor} is more than the sleep");
            checks.fault(at.clone(), message, "write a number of parts from 1");
        }
        divisor
    };
    let decrease = match &sleep.decrease {
        file::Decrease::Gradual(span) => Decrease::Gradual(span.as_secs_f64()),
        file::Decrease::Proportional(divisor) => Decrease::Proportional(parts(*divisor, checks)),
        file::Decrease::ProportionalRemaining { divisor, header } => {
            let remaining = said.header(header);
            Decrease::ProportionalRemaining { divisor: parts(*divisor, checks), remaining }
        }
    };
    if !(sleep.factor.is_finite() && sleep.factor >= 1.0) {
        let message = format!("the factor {} makes sleeps shorter", sleep.factor);
        checks.fault(at.clone(), message, "write at least 1");
    }
    if !(0.0..=1.0).contains(&sleep.jitter) {
        let message = format!("a jitter of {} is no share", sleep.jitter);
        checks.fault(at.clone(), message, "write a share from 0 to 1, like 0.1");
    }
    AdaptiveSleep {
        initial: sleep.initial.as_secs_f64(),
        step: sleep.step.as_secs_f64(),
        factor: sleep.factor,
        decrease,
        jitter: sleep.jitter,
        on: said.kinds(&sleep.on),
    }
}

/// Pacing by headers, if the API sends any of those that it looks at.
pub(super) fn header_pace(
    pace: &file::HeaderPace,
    world: &World<'_>,
    checks: &mut Checks,
) -> Option<HeaderPace> {
    let said = world.vocabulary();
    let gauge = |gauge: &file::Gauge| {
        let (remaining, reset) = (said.header(&gauge.remaining)?, said.header(&gauge.reset)?);
        Some(Gauge { remaining, reset, epoch: gauge.form == Form::Epoch })
    };
    let gauges: Vec<Gauge> = pace.gauges.iter().filter_map(gauge).collect();
    let of = world.whose(pace.of.as_ref(), checks);
    (!gauges.is_empty()).then_some(HeaderPace { gauges, of })
}

/// A stop by headers, if the API sends both.
pub(super) fn header_gate(
    gate: &file::HeaderGate,
    world: &World<'_>,
    checks: &mut Checks,
) -> Option<HeaderGate> {
    let of = world.whose(gate.of.as_ref(), checks);
    let said = world.vocabulary();
    Some(HeaderGate {
        remaining: said.header(&gate.remaining)?,
        reset: said.header(&gate.reset)?,
        epoch: gate.form == Form::Epoch,
        at_most: gate.at_most,
        plus: gate.plus,
        of,
    })
}
