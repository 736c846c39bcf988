//! Numbers of the shape that runs give, for looking and for tests.

use super::{
    Chart, Estimate, Unit, fairness, front, front::Is, heat, knob, knob::Number, rate, response,
    throttled, wait, waves, work_time,
};

/// The clients of the samples, as long as real names are.
pub(super) const NAMES: [&str; 8] = [
    "naive",
    "fixed-1s",
    "exponential",
    "exponential-jitter",
    "clover-advice",
    "header-aware",
    "paced-client-with-a-very-long-name-indeed",
    "aws-adaptive",
];

/// Names that would act if they could: markup, the end of a CDATA section, text
/// running backwards, a new line, an entity.
pub(super) const HOSTILE: [&str; 8] = [
    "</text><script>alert(1)</script>",
    "]]>",
    "evil\u{202e}txt.exe",
    "two\nlines\r\0",
    "\" onload=\"alert(1)",
    "&lt;&#0;",
    "' style='x",
    "",
];

/// A number in 0..1 that depends on `index` only.
fn noise(index: u64) -> f64 {
    let mixed = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    f64::from(u32::try_from(mixed >> 32).expect("32 bits")) / f64::from(u32::MAX)
}

fn about(mean: f64, part: f64) -> Estimate {
    Estimate { mean, low: mean * (1.0 - part), high: mean * (1.0 + part * 1.2) }
}

/// A finding, and what was simulated.
fn words(title: &str) -> (String, String) {
    let subtitle = "Clover REST API, 20 tokens × 2,400 calls, 16/s per token and 50/s per app; 20 seeds, mean with 95% interval";
    (title.to_owned(), subtitle.to_owned())
}

/// A backlog that two of the clients do not finish.
pub(super) fn work_time(names: &[&str]) -> Chart {
    let (title, subtitle) =
        words("Reading the headers finishes as soon as naive with a fiftieth of the attempts");
    let seconds = [152.0, 161.0, 240.0, 233.0, 158.0, 151.0, 180.0, 152.0];
    let attempts = [121_000.0, 9_800.0, 3_300.0, 3_100.0, 2_700.0, 2_420.0, 2_500.0, 2_440.0];
    let client = |index: usize| work_time::Client {
        name: names[index].to_owned(),
        x: (!(2..4).contains(&index)).then(|| about(seconds[index], 0.01 + 0.01 * index as f64)),
        attempts: about(attempts[index], 0.05),
        served: if index == 2 { 0.983 } else { 0.9712 },
    };
    work_time::WorkTime {
        title,
        subtitle,
        x_title: "Time to 99% of calls served".to_owned(),
        x_unit: work_time::XUnit::Seconds,
        y_title: "Attempts per run".to_owned(),
        floor: Some(work_time::Floor {
            at: 150.0,
            text: "no client can be sooner: 150 s, chain 16/s per token".to_owned(),
        }),
        clients: (0..names.len()).map(client).collect(),
    }
    .chart()
}

/// Nobody finishes.
pub(super) fn work_undone(names: &[&str]) -> Chart {
    let (title, subtitle) = words("No strategy gets the work done before the horizon");
    let client = |index: usize| work_time::Client {
        name: names[index].to_owned(),
        x: None,
        attempts: about(3_000.0 + 150.0 * index as f64, 0.02),
        served: 0.5 + 0.08 * index as f64,
    };
    work_time::WorkTime {
        title,
        subtitle,
        x_title: "Time to 99% of calls served".to_owned(),
        x_unit: work_time::XUnit::Seconds,
        y_title: "Attempts per run".to_owned(),
        floor: Some(work_time::Floor {
            at: 150.0,
            text: "no client can be sooner: 150 s".to_owned(),
        }),
        clients: (0..names.len()).map(client).collect(),
    }
    .chart()
}

/// An open workload: no completion time, all clients close together.
pub(super) fn work_share(names: &[&str]) -> Chart {
    let (title, subtitle) = words("All clients serve nearly all calls");
    let client = |index: usize| work_time::Client {
        name: names[index].to_owned(),
        x: Some(about(0.97 + 0.004 * index as f64, 0.004)),
        attempts: about(5_000.0 + 40.0 * index as f64, 0.02),
        served: 0.98,
    };
    work_time::WorkTime {
        title,
        subtitle,
        x_title: "Calls served".to_owned(),
        x_unit: work_time::XUnit::Share,
        y_title: "Attempts per run".to_owned(),
        floor: None,
        clients: (0..names.len()).map(client).collect(),
    }
    .chart()
}

/// `bins` of rates with an outage; the first client far above the others.
pub(super) fn rate(names: &[&str], bins: usize) -> Chart {
    let (title, subtitle) = words("After the outage, all but header-aware come back at once");
    let client = |index: usize| {
        let band = |scale: f64, outage: f64| {
            let at = |bin: usize| {
                let part = bin as f64 / bins as f64;
                let quiet = (0.25..0.375).contains(&part);
                let tail = (1.0 - part) * (1.0 - 0.1 * index as f64);
                let level = if quiet { outage } else { scale * tail };
                let seed = u64::try_from(bin * 8 + index).expect("small");
                level * (0.9 + 0.2 * noise(seed))
            };
            let median: Vec<f64> = (0..bins).map(at).collect();
            rate::Band {
                low: median.iter().map(|rate| rate * 0.85).collect(),
                high: median.iter().map(|rate| rate * 1.12).collect(),
                median,
            }
        };
        let most = [2_050.0, 120.0, 80.0, 60.0, 45.0, 12.0, 20.0, 30.0][index];
        rate::Client {
            name: names[index].to_owned(),
            admitted: band(90.0 + index as f64, 0.0),
            throttled: band(most, most * 0.7),
            throttled_share: [0.982, 0.68, 0.54, 0.5, 0.31, 0.012, 0.0, 0.2][index],
            admitted_total: 48_000.0 - 1_250.0 * index as f64,
        }
    };
    rate::Rate {
        title,
        subtitle,
        bin: 240.0 / bins as f64,
        limit: Some(rate::Limit { rate: 100.0, text: "limit 100/s".to_owned() }),
        phases: vec![rate::Phase { from: 60.0, to: 90.0, text: "outage".to_owned() }],
        clients: (0..names.len()).map(client).collect(),
    }
    .chart()
}

/// Two clients far above the other four, which are alike; a limit that nobody
/// comes near; outages too short for their name.
pub(super) fn rate_extremes(names: &[&str]) -> Chart {
    let (title, subtitle) = words("Naive and fixed-1s hammer, the others hardly notice");
    let flat = |level: f64| {
        let wave = |bin: usize| level * if bin % 24 < 3 { 0.1 } else { 1.0 };
        let median: Vec<f64> = (0..96).map(wave).collect();
        rate::Band { low: median.clone(), high: median.clone(), median }
    };
    let client = |index: usize| rate::Client {
        name: names[index].to_owned(),
        admitted: flat(40.0),
        throttled: flat([2_400.0, 900.0, 16.0, 16.0, 15.0, 7.0][index]),
        throttled_share: [0.98, 0.95, 0.3, 0.3, 0.28, 0.1][index],
        admitted_total: 1_234_567.0,
    };
    let outage = |index: u32| rate::Phase {
        from: f64::from(index) * 900.0,
        to: f64::from(index) * 900.0 + 112.5,
        text: "upstream outage".to_owned(),
    };
    rate::Rate {
        title,
        subtitle,
        bin: 37.5,
        limit: Some(rate::Limit {
            rate: 5_000.0,
            text: "limit 5,000/s of the whole app".to_owned(),
        }),
        phases: (0..4).map(outage).collect(),
        clients: (0..6).map(client).collect(),
    }
    .chart()
}

/// An outage; stripes, a drizzle or nothing, by client; where the picture is as
/// wide as it may be, as many dots as it may have.
pub(super) fn waves(names: &[&str], columns: usize) -> Chart {
    let (title, subtitle) = words("After the outage, all but two come back at once");
    let columns = columns.min(waves::COLUMNS);
    let rows = waves::rows_for(names.len()).min(50);
    let dense = columns == waves::COLUMNS;
    let each = 18_000 / names.len().max(1);
    let dot = |index: usize, field: usize| {
        let (column, row) = (field / rows, field % rows);
        let (column, row) = (u32::try_from(column).ok()?, u32::try_from(row).ok()?);
        let draw = noise(u64::try_from(field * 8 + index).ok()?);
        let there = match index {
            _ if dense => draw < each as f64 / (columns * rows) as f64,
            4 => false,
            index if index % 2 == 0 => column % 20 < 2 && draw < 0.9,
            _ => draw < 0.1,
        };
        let fate = match noise(u64::try_from(field + index).ok()?) {
            _ if !dense && (30..45).contains(&column) => waves::Fate::Failed,
            draw if draw < 0.4 => waves::Fate::Admitted,
            draw if dense && draw < 0.6 => waves::Fate::Failed,
            _ => waves::Fate::Refused,
        };
        there.then_some(waves::Dot { column, row, fate })
    };
    let client = |index: usize| waves::Client {
        name: names[index].to_owned(),
        note: "20.0 % served · 4.00 attempts per call · up to 1,234 retries in 100 ms".to_owned(),
        dots: (0..columns * rows).filter_map(|field| dot(index, field)).collect(),
    };
    waves::Waves {
        title,
        subtitle,
        rows_text: "Attempts of 200 clients, 4 to a row".to_owned(),
        note: "A dot is up to 8 attempts of 4 clients sent within 80 ms.".to_owned(),
        width: 0.5,
        columns,
        rows,
        phases: vec![rate::Phase { from: 15.0, to: 22.5, text: "outage".to_owned() }],
        clients: (0..names.len()).map(client).collect(),
    }
    .chart()
}

/// From nearly all to none at all.
pub(super) fn throttled(names: &[&str]) -> Chart {
    let (title, subtitle) = words("Advice from the vendor cuts 429s from 98% to a third");
    let shares = [0.982, 0.681, 0.542, 0.503, 0.31, 0.012, 0.0004, 0.0];
    let client = |index: usize| throttled::Client {
        name: names[index].to_owned(),
        share: Estimate { high: (shares[index] * 1.04_f64).min(1.0), ..about(shares[index], 0.04) },
    };
    throttled::Throttled { title, subtitle, clients: (0..names.len()).map(client).collect() }
        .chart()
}

/// Two curves that hide each other, and what chance gives.
pub(super) fn fairness(names: &[&str]) -> Chart {
    let (title, subtitle) = words("Backing off starves some clients");
    let curve = |bend: f64| fairness::Curve {
        lorenz: (0..=200)
            .map(|step| {
                let x = f64::from(step) / 200.0;
                (x, x * (1.0 - bend * (1.0 - x)))
            })
            .collect(),
        jain: 1.0 - bend * 0.4,
        gini: bend * 0.33,
    };
    let bends = [0.2, 0.2, 0.75, 0.5, 0.35, 0.1, 0.9, 0.6];
    fairness::Fairness {
        title,
        subtitle,
        y_title: "Share of admitted requests".to_owned(),
        x_title: "Share of clients, least served first".to_owned(),
        clients: (0..names.len())
            .map(|index| fairness::Client {
                name: names[index].to_owned(),
                curve: curve(bends[index]),
            })
            .collect(),
        chance: Some(curve(0.05)),
    }
    .chart()
}

/// Three of the clients drop calls.
pub(super) fn wait(names: &[&str]) -> Chart {
    let (title, subtitle) =
        words("Half of all calls wait longer with backoff, and some are never served");
    let scales = [0.2, 0.9, 2.0, 3.0, 0.8, 0.3, 0.5, 1.2];
    let client = |index: usize| {
        let served = [1.0, 1.0, 0.983, 0.94, 1.0, 1.0, 1.0, 0.9995][index];
        let scale = scales[index];
        let points = 300;
        let at = |share: f64| scale * (share / (1.0001 - share)) * (1.0 + share);
        let curve = (1..=points)
            .map(|step| f64::from(step) / f64::from(points))
            .map(|share| (at(share).min(200.0 * scale), share * served))
            .collect();
        let quantile =
            |share: f64| (share <= served).then(|| at(share / served).min(200.0 * scale));
        wait::Client {
            name: names[index].to_owned(),
            curve,
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            served,
        }
    };
    wait::Wait { title, subtitle, clients: (0..names.len()).map(client).collect() }.chart()
}

/// A knob that is turned from 1 to 512, by what two goals are about: one falls, the
/// other is never for the first values. The names are hostile where asked for.
pub(super) fn knob(names: &[&str]) -> Chart {
    let (title, subtitle) = words("6 is the smallest burst that holds");
    let at = |place: u32| f64::from(1_u32 << place);
    let measured = |index: usize| {
        let point = |place: u32| knob::Point {
            at: at(place),
            found: (index == 0 || place > 1).then(|| about(0.5 / at(place), 0.02 * at(place))),
            meets: (place != 4).then_some(place > 4),
        };
        knob::Measured {
            name: names[index].to_owned(),
            unit: [Number::Share, Number::Seconds][index % 2],
            points: (0..10).map(point).collect(),
            bounds: vec![(0.095, format!("goal: 9.5 % {}", names[index]))],
        }
    };
    knob::Knob {
        title,
        subtitle,
        knob: names.first().map_or(String::new(), |name| format!("{name} (log scale)")),
        unit: Number::Plain,
        wide: true,
        measured: (0..names.len().min(2)).map(measured).collect(),
        chosen: names.first().map(|name| (400.0, format!("{name} 400"))),
    }
    .chart()
}

/// Points of each kind by two measures, named.
pub(super) fn front(names: &[&str]) -> Chart {
    let (title, subtitle) = words("Of some points nobody beats these");
    let point = |index: usize| {
        let part = index as f64 / 8.0;
        front::Point {
            name: names[index].to_owned(),
            x: about(100.0 + 10.0 * part, 0.02),
            y: about(0.4 - 0.3 * part, 0.05),
            is: [Is::Front, Is::Open, Is::Beaten, Is::Front, Is::Missing][index % 5],
        }
    };
    let axis = |title: &str, unit| front::Axis { title: title.to_owned(), unit };
    front::Front {
        title,
        subtitle,
        x: axis("wait-p99", Number::Seconds),
        y: axis("429-share", Number::Share),
        points: (0..names.len()).map(point).collect(),
    }
    .chart()
}

/// A metric over `count` values of what is varied; the third client has gaps.
pub(super) fn response(names: &[&str], count: usize) -> Chart {
    let (title, subtitle) = words("429-share by quota and client");
    let client = |index: usize| {
        let at = |step: usize| {
            let part = step as f64 / count.max(1) as f64;
            let gap = index == 2 && step % 5 == 1 && step < 40;
            (!gap).then(|| about(0.9 * (1.0 - part) / (1.0 + index as f64), 0.1))
        };
        response::Client { name: names[index].to_owned(), y: (0..count).map(at).collect() }
    };
    response::Response {
        title,
        subtitle,
        x_title: "api.limit.token-rate.fixed-window.quota".to_owned(),
        x_unit: Unit::Number,
        y_title: "429-share: 429s / attempts".to_owned(),
        y_unit: Unit::Share,
        x: (0..count).map(|step| 8.0 + 8.0 * step as f64).collect(),
        clients: (0..names.len()).map(client).collect(),
    }
    .chart()
}

/// A field of so many cells either way for each client, one of them empty.
pub(super) fn heat(names: &[&str], across: usize, down: usize) -> Chart {
    let (title, subtitle) = words("time-to-99 by quota, count and client");
    let client = |index: usize| {
        let cell = |place: usize| {
            let (row, column) = (place / across.max(1), place % across.max(1));
            let value = 900.0 * (1 + row) as f64 / (1 + column + index) as f64;
            (place != 1).then_some(value)
        };
        heat::Client {
            name: names[index].to_owned(),
            cells: (0..across * down).map(cell).collect(),
        }
    };
    heat::Heat {
        title,
        subtitle,
        x_title: "api.limit.token-rate.fixed-window.quota".to_owned(),
        x: (0..across).map(|step| format!("{}/100ms", 8 + 8 * step)).collect(),
        y_title: "population.clients.count".to_owned(),
        y: (0..down).map(|step| format!("{}", 1_000 * (step + 1))).collect(),
        unit: Unit::Time,
        clients: (0..names.len()).map(client).collect(),
    }
    .chart()
}
