//! When a schedule agrees with recorded delays.

use csv::StringRecord;

use super::command::{DRAWS, Wait};

/// The probabilities of the quantiles.
const AT: [f64; 3] = [0.05, 0.5, 0.95];

/// One recorded delay, in seconds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Delay {
    pub(crate) retry: usize,
    /// With every draw at 0, 0.5 and just below 1, where that was recorded.
    exact: Option<[f64; 3]>,
    draws: f64,
    drawn: [f64; 2],
    quantiles: [f64; 3],
}

impl Delay {
    /// Columns from the fourth on: retry,u0,u05,u1,n,min,q05,q50,q95,max,mean.
    pub(crate) fn read(row: &StringRecord) -> Delay {
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        Delay {
            retry: row[3].parse().unwrap(),
            exact: (!row[4].is_empty()).then(|| [4, 5, 6].map(number)),
            draws: number(7),
            drawn: [8, 12].map(number),
            quantiles: [9, 10, 11].map(number),
        }
    }

    /// What disagrees, in words; nothing where all agrees. The recording may be so
    /// many seconds late.
    pub(crate) fn disagreements(&self, ours: &Wait, late: f64) -> Vec<String> {
        let mut found = vec![];
        if let Some(exact) = self.exact {
            for (theirs, ours) in exact.iter().zip(ours.exact) {
                // Recorded to 1e-6 s; huge values to as many digits.
                if (theirs - ours).abs() > 1e-6 * theirs.abs().max(1.0) {
                    found.push(format!("exactly {theirs}, ours {ours}"));
                }
            }
        }
        found.extend(self.out_of_range(ours, late));
        for (at, p) in AT.iter().enumerate() {
            let (theirs, [below, above]) =
                (self.quantiles[at], shares(&ours.sample, self.quantiles[at], late));
            // Of both samples.
            let error = (p * (1.0 - p) * (1.0 / self.draws + 1.0 / DRAWS)).sqrt();
            if above < p - 4.0 * error || below > p + 4.0 * error {
                found
                    .push(format!("quantile {p}: {theirs} is between {below} and {above} of ours"));
            }
        }
        found
    }

    /// Whether the recorded extremes lie between ours. A wait that hangs on the
    /// draws before it can leave the hull of the exact ones; where our own draws
    /// do, the quantiles have to do.
    fn out_of_range(&self, ours: &Wait, late: f64) -> Option<String> {
        let low = ours.exact.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ours.exact.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let slack = 1e-6 * high.max(1.0);
        let inside = |[least, most]: [f64; 2]| low - slack <= least && most <= high + slack + late;
        (inside(ours.drawn) && !inside(self.drawn))
            .then(|| format!("drawn {:?}, ours within [{low}, {high}]", self.drawn))
    }
}

/// Which share of a sample lies below a value, and which at it or below: a value
/// recorded to 1e-6 s, or between two steps of a wait that has steps, may be the
/// quantile of every probability between.
fn shares(ascending: &[f64], value: f64, late: f64) -> [f64; 2] {
    let slack = 1e-6 * value.abs().max(1.0);
    let below = ascending.partition_point(|wait| *wait < value - slack - late);
    let above = ascending.partition_point(|wait| *wait <= value + slack);
    [below, above].map(|count| count as f64 / ascending.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform() -> Wait {
        let sample = (0..10_000).map(|k| (f64::from(k) + 0.5) / 1e4).collect();
        Wait { exact: [0.0, 0.5, 1.0], drawn: [0.0001, 0.9999], sample }
    }

    fn recorded(exact: &str, drawn: [f64; 2], quantiles: [f64; 3]) -> Delay {
        let [low, middle, high] = quantiles;
        let [least, most] = drawn;
        let line = format!("l,v,c,1,{exact},10000,{least},{low},{middle},{high},{most},0");
        Delay::read(&StringRecord::from(line.split(',').collect::<Vec<_>>()))
    }

    #[test]
    fn a_recording_agrees_with_itself_and_not_with_its_neighbours() {
        let wrong = |exact, drawn, quantiles| {
            recorded(exact, drawn, quantiles).disagreements(&uniform(), 0.0).len()
        };
        let (drawn, quantiles) = ([0.000_212, 0.999_713], [0.0512, 0.4951, 0.9523]);
        assert_eq!(wrong("0,0.5,1", drawn, quantiles), 0);
        assert_eq!(wrong(",,", drawn, quantiles), 0);
        assert_eq!(wrong("0,0.5,1.00001", drawn, quantiles), 1);
        assert_eq!(wrong("0,0.5,1", [0.000_212, 1.000_1], quantiles), 1);
        // A standard error is 0.005 sqrt(2) in the middle.
        assert_eq!(wrong("0,0.5,1", drawn, [0.0512, 0.53, 0.9523]), 1);
        assert_eq!(wrong("0,0.5,1", drawn, [0.065, 0.4951, 0.9523]), 1);
    }

    /// Half of exponential-backoff's first waits are the shortest, and none lies
    /// just above: its median may be either end of the gap.
    #[test]
    fn a_quantile_at_a_step_may_be_on_either_side() {
        let sample: Vec<f64> = (0..10_000).map(|k| if k < 5_000 { 0.1 } else { 0.115 }).collect();
        let ours = Wait { exact: [0.1; 3], drawn: [0.1, 0.115], sample };
        let wrong =
            |median| recorded(",,", [0.1, 0.1], [0.1, median, 0.115]).disagreements(&ours, 0.0);
        assert_eq!([0.1, 0.11, 0.115].map(|median| wrong(median).len()), [0; 3]);
        assert_eq!([0.09, 0.12].map(|median| wrong(median).len()), [1; 2]);
    }
}
