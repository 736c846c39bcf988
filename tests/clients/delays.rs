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
        let slope = slope.max(left.min(right) / 8.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    const UNIFORM: Wait =
        Wait { exact: [0.0, 0.5, 1.0], drawn: [0.0001, 0.9999], quantiles: [0.05, 0.5, 0.95] };

    fn recorded(exact: &str, drawn: [f64; 2], quantiles: [f64; 3]) -> Delay {
        let [low, middle, high] = quantiles;
        let [least, most] = drawn;
        let line = format!("l,v,c,1,{exact},10000,{least},{low},{middle},{high},{most},0");
        Delay::read(&StringRecord::from(line.split(',').collect::<Vec<_>>()))
    }

    #[test]
    fn a_recording_agrees_with_itself_and_not_with_its_neighbours() {
        let wrong = |exact, drawn, quantiles| {
            recorded(exact, drawn, quantiles).disagreements(&UNIFORM).len()
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

    /// 4 u^2: its parabola has the true slopes 8 p.
    #[test]
    fn a_square_spreads_as_its_slope_does() {
        let ours =
            Wait { exact: [0.0, 1.0, 4.0], drawn: [0.0, 3.999], quantiles: [0.01, 1.0, 3.61] };
        let delay = recorded(",,", [0.0, 3.99], [0.01, 1.0, 3.61]);
        for (at, p) in AT.iter().enumerate() {
            let expected = 8.0 * p * (p * (1.0 - p) * 2.0 / DRAWS).sqrt();
            assert!((delay.standard_error(&ours, at) - expected).abs() < 1e-9, "{p}");
        }
    }

    #[test]
    fn whole_seconds_jump_by_one() {
        assert!((recorded(",,", [0.0, 32.0], [1.0, 16.0, 31.0]).grid() - 1.0).abs() < 1e-9);
        assert!(recorded(",,", [2.0, 2.0], [2.0; 3]).grid().abs() < 1e-9);
        assert!(recorded(",,", [0.000_123, 0.9], [0.1, 0.2, 0.8]).grid().abs() < 1e-9);
    }
}
