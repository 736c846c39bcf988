//! Charts of numbers that no run should give: none may stop the program.

use super::super::{
    Chart, Estimate, Theme, Unit, fairness, heat, rate, response, throttled, wait, waves, work_time,
};
use super::check_markup;

fn title() -> String {
    "title".to_owned()
}

fn name() -> String {
    "client".to_owned()
}

fn work(value: f64, x_unit: work_time::XUnit) -> Chart {
    let client = work_time::Client {
        name: name(),
        x: Some(Estimate::exact(value)),
        attempts: Estimate::exact(value),
        served: value,
    };
    work_time::WorkTime {
        title: title(),
        subtitle: title(),
        x_title: "x".to_owned(),
        x_unit,
        y_title: "y".to_owned(),
        floor: Some(work_time::Floor { at: value, text: "floor".to_owned() }),
        clients: vec![client],
    }
    .chart()
}

fn rates(value: f64) -> Chart {
    let band = || rate::Band {
        median: vec![0.0, value, 1.0],
        low: vec![value; 3],
        high: vec![0.0, 1.0, value],
    };
    let client = rate::Client {
        name: name(),
        admitted: band(),
        throttled: band(),
        throttled_share: value,
        admitted_total: value,
    };
    rate::Rate {
        title: title(),
        subtitle: title(),
        bin: value,
        limit: Some(rate::Limit { rate: value, text: "limit".to_owned() }),
        phases: vec![rate::Phase { from: value, to: value, text: "phase".to_owned() }],
        clients: vec![client.clone(), client],
    }
    .chart()
}

fn shares(value: f64) -> Chart {
    let client = throttled::Client { name: name(), share: Estimate::exact(value) };
    throttled::Throttled { title: title(), subtitle: title(), clients: vec![client] }.chart()
}

fn fair(value: f64) -> Chart {
    let curve = || fairness::Curve {
        lorenz: vec![(0.0, 0.0), (value, value), (1.0, value)],
        jain: value,
        gini: value,
    };
    fairness::Fairness {
        title: title(),
        subtitle: title(),
        y_title: "y".to_owned(),
        x_title: "x".to_owned(),
        clients: vec![fairness::Client { name: name(), curve: curve() }],
        chance: Some(curve()),
    }
    .chart()
}

fn waits(value: f64) -> Chart {
    let client = wait::Client {
        name: name(),
        curve: vec![(0.1, 0.5), (value, value), (1.0, 0.9)],
        p50: Some(value),
        p95: Some(value),
        p99: None,
        served: value,
    };
    wait::Wait { title: title(), subtitle: title(), clients: vec![client] }.chart()
}

fn answers(value: f64, unit: Unit) -> Chart {
    let y = vec![Some(Estimate::exact(value)), None, Some(Estimate::exact(1.0))];
    response::Response {
        title: title(),
        subtitle: title(),
        x_title: "x".to_owned(),
        x_unit: unit,
        y_title: "y".to_owned(),
        y_unit: unit,
        x: vec![1.0, value, value],
        clients: vec![response::Client { name: name(), y }],
    }
    .chart()
}

/// More cells than rows and columns, and fewer.
fn cells(value: f64, unit: Unit, count: usize) -> Chart {
    let cells = vec![Some(value); count];
    heat::Heat {
        title: title(),
        subtitle: title(),
        x_title: "x".to_owned(),
        x: vec![title(), title()],
        y_title: "y".to_owned(),
        y: vec![title()],
        unit,
        clients: vec![heat::Client { name: name(), cells }],
    }
    .chart()
}

/// A field beyond the sheet, and rows and columns that there are not.
fn sent(value: f64) -> Chart {
    let dot = |column, row| waves::Dot { column, row, fate: waves::Fate::Refused };
    let dots = vec![dot(0, 0), dot(u32::MAX, 3), dot(3, u32::MAX), dot(0, 0)];
    waves::Waves {
        title: title(),
        subtitle: title(),
        rows_text: title(),
        note: title(),
        width: value,
        columns: 0,
        rows: 0,
        phases: vec![rate::Phase { from: value, to: value, text: "phase".to_owned() }],
        clients: vec![waves::Client { name: name(), note: title(), dots }],
    }
    .chart()
}

#[test]
fn no_number_is_too_strange_to_draw() {
    let (most, nan) = (f64::MAX, f64::NAN);
    for value in [nan, f64::INFINITY, f64::NEG_INFINITY, most, -most, 0.0, -1.0, 1e-300, 1e9] {
        let charts = [
            work(value, work_time::XUnit::Seconds),
            work(value, work_time::XUnit::Share),
            rates(value),
            sent(value),
            shares(value),
            fair(value),
            waits(value),
            answers(value, Unit::Number),
            answers(value, Unit::Time),
            answers(value, Unit::Share),
            cells(value, Unit::Time, 1),
            cells(value, Unit::Number, 7),
        ];
        for chart in charts {
            check_markup(&chart.svg());
            assert!(!chart.png(1, Theme::Light).is_empty(), "{} of {value}", chart.name());
        }
    }
}
