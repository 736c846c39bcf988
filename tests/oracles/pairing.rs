//! What common random numbers are worth: two token buckets on the same arrivals
//! against the same two on arrivals of their own.
//!
//! `crn_demo.csv` has both ways from another program with another generator, over
//! 400 runs of 5,000 Poisson arrivals. Here the engine runs them. The means
//! must agree within four standard errors; the variances are chi-squared over
//! their degrees of freedom, so a ratio of two factors, of which each is a ratio
//! of two variances, may differ by e^0.57 at four standard deviations.

use crate::closed_forms::{Size, asked_by, measured, model};
use crate::table::{column, table};
use tollgate::scenario::Model;
use tollgate::stats::interval::paired_difference;
use tollgate::stats::pair::{correlation, variance_reduction};
use tollgate::stats::welch::unpaired_difference;

const TABLE: &str = include_str!("analytic/crn_demo.csv");

const SIZE: Size = Size { runs: 400, calls: 5_000 };

/// A bucket with a token a second, asked `rho` times a second.
fn bucket(rho: f64, burst: f64) -> Model {
    // In thousandths of a token, because a model has whole numbers.
    let work = format!("poisson = \"{}/1000s\"", (rho * 1e3).round());
    let horizon = (SIZE.calls as f64 / rho).round();
    let scenario = asked_by(0, crate::closed_forms::whole(horizon), "\"0s\"", &work);
    model(&scenario, &format!("token-bucket = {{ rate = \"1/s\", burst = {burst} }}"))
}

/// The share refused in each run.
fn refused(rho: f64, burst: f64, seed: u64) -> Vec<f64> {
    let runs = measured(&bucket(rho, burst), seed, SIZE);
    runs.into_iter().map(|(refused, calls)| refused / calls).collect()
}

fn close(name: &str, own: f64, table: f64) {
    let apart = libm::log(own / table).abs();
    assert!(apart < 0.57, "{name}: {own} against {table}");
}

#[test]
fn the_same_arrivals_save_as_many_runs_as_the_table_says() {
    let rows = table(TABLE);
    assert_eq!(rows.len(), 3);
    let two_sided = 1.965_9; // Student's t at 0.975 with 399 degrees.
    for row in rows {
        let number = |name: &str| row[column(TABLE, name)].parse::<f64>().unwrap();
        let rho = number("rho");
        let small = refused(rho, number("B1"), 1);
        let (large, alone) = (refused(rho, number("B2"), 1), refused(rho, number("B2"), 2));
        let paired = paired_difference(&small, &large).unwrap();
        let apart = unpaired_difference(&small, &alone).unwrap().difference;
        let se = (paired.high - paired.low) / 2.0 / two_sided;
        let z = (paired.mean - number("mean_diff")) / se.hypot(number("se_paired"));
        assert!(z.abs() < 4.0, "{rho}: {} is {z} off", paired.mean);
        close("se_paired", se * se, number("se_paired") * number("se_paired"));
        let se = (apart.high - apart.low) / 2.0 / two_sided;
        close("se_independent", se * se, number("se_independent") * number("se_independent"));
        let factor = variance_reduction(&small, &large).unwrap();
        close("factor", factor, number("variance_reduction_factor"));
        let same = correlation(&small, &large).unwrap();
        close("1 - correlation", 1.0 - same, 1.0 - number("correlation"));
        // Arrivals of their own have nothing in common, and pairs of them save nothing.
        let none = correlation(&small, &alone).unwrap();
        assert!(none.abs() < 4.0 / 20.0, "{none}");
        let useless = variance_reduction(&small, &alone).unwrap();
        assert!((0.8..1.25).contains(&useless), "{useless}");
    }
}
