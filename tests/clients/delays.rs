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

    /// What disagrees, in words; nothing where all agrees.
    pub(crate) fn disagreements(&self, ours: &Wait) -> Vec<String> {
        let mut found = vec![];
        if let Some(exact) = self.exact {
            for (theirs, ours) in exact.iter().zip(ours.exact) {
                // Recorded to 1e-6 s; huge values to as many digits.
                if (theirs - ours).abs() > 1e-6 * theirs.abs().max(1.0) {
                    found.push(format!("exactly {theirs}, ours {ours}"));
                }
            }
        }
        found.extend(self.out_of_range(ours));
        for (at, p) in AT.iter().enumerate() {
            let (theirs, ours, error) =
                (self.quantiles[at], ours.quantiles[at], self.standard_error(ours, at));
            if (theirs - ours).abs() > 4.0 * error + self.grid() + 1e-6 {
                found.push(format!("quantile {p}: {theirs}, ours {ours}, 4 x {error}"));
            }
        }
        found
    }

    /// Whether the recorded extremes lie between ours. A wait that hangs on the
    /// draws before it can leave the hull of the exact ones; where our own draws
    /// do, the quantiles have to do.
    fn out_of_range(&self, ours: &Wait) -> Option<String> {
        let low = ours.exact.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ours.exact.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let slack = 1e-6 * high.max(1.0);
        let inside = |[least, most]: [f64; 2]| low - slack <= least && most <= high + slack;
        (inside(ours.drawn) && !inside(self.drawn))
            .then(|| format!("drawn {:?}, ours within [{low}, {high}]", self.drawn))
    }

    /// The standard error of the difference of two samples' quantiles:
    /// `Q'(p) sqrt(p (1 - p) (1/n + 1/m))`, with the slope of the quantile
    /// function from the parabola through our three quantiles, which is exact for
    /// a uniform wait and for its square.
    fn standard_error(&self, ours: &Wait, at: usize) -> f64 {
        let [low, middle, high] = ours.quantiles;
        let (left, right) = ((middle - low) / 0.45, (high - middle) / 0.45);
        let bend = (right - left) / 0.9;
        let mean = f64::midpoint(left, right);
        let slope = mean + 2.0 * bend * (AT[at] - 0.5);
        // A cap can turn the parabola down before the end.
        let slope = slope.max(left.min(right) / 2.0);
        slope * (AT[at] * (1.0 - AT[at]) * (1.0 / self.draws + 1.0 / DRAWS)).sqrt()
    }

    /// The step of a wait of whole seconds or milliseconds, one of which a
    /// quantile can jump; 0 where there is none.
    fn grid(&self) -> f64 {
        let values = [self.drawn[0], self.drawn[1], self.quantiles[0], self.quantiles[2]];
        let whole = |step: f64| {
            values.iter().all(|value| (value / step - (value / step).round()).abs() < 1e-6)
        };
        let constant = self.drawn[0].to_bits() == self.drawn[1].to_bits();
        [1.0, 0.001].into_iter().find(|step| !constant && whole(*step)).unwrap_or(0.0)
    }
}
