//! Which points a sweep has: every value of one path with every value of the
//! others, and of plain ranges a Latin hypercube.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rng::{Key, Purpose};
use crate::scenario::vary::{Axis, Between, Values};

/// The most points of a sweep.
pub const MOST_POINTS: u64 = 1_000_000;

/// A path that is varied, and the values that it takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// As `--set` takes it.
    pub path: String,
    /// As `--set` takes them.
    pub values: Vec<String>,
    /// Whether these are a Latin hypercube's, one for each of its samples.
    pub latin: bool,
}

/// The points of a sweep, numbered from 0.
///
/// The path that was written last varies fastest. All paths of the hypercube go
/// together, where the first of them stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Design {
    dimensions: Vec<Dimension>,
}

/// Why there are no such points.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DesignError {
    /// Nothing but the client varies.
    NothingVaries,
    /// A plain range has no step, and no hypercube is wanted.
    NoStep {
        /// Its path.
        path: String,
        /// The range.
        range: String,
    },
    /// A hypercube is wanted, and there is no plain range.
    NoRange,
    /// There are too many.
    TooMany {
        /// So many.
        points: u128,
    },
}

impl fmt::Display for DesignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DesignError::NothingVaries => f.write_str(
                "nothing varies but the client\n  = help: write another path, like --vary \
                 api.limit.token-rate.quota=8..64:8, or use `tollgate compare`",
            ),
            DesignError::NoStep { path, range } => write!(
                f,
                "--vary {path}: `{range}` has no step\n  = help: write its step or factor, like \
                 {range}:1 or {range}:x2, or sample it with --latin N"
            ),
            DesignError::NoRange => f.write_str(
                "--latin samples plain ranges, and there is none\n  = help: write one without a \
                 step, like --vary api.limit.token-rate.quota=8..64",
            ),
            DesignError::TooMany { points } => write!(
                f,
                "these are {points} points, and the most is {MOST_POINTS}\n  = help: write larger \
                 steps, or sample plain ranges with --latin N"
            ),
        }
    }
}

impl std::error::Error for DesignError {}

impl Design {
    /// The points of these axes; plain ranges are sampled so often, by draws of
    /// the seed `root`.
    pub fn new(axes: &[Axis], latin: Option<u32>, root: u64) -> Result<Design, DesignError> {
        if axes.is_empty() {
            return Err(DesignError::NothingVaries);
        }
        let is_range = |axis: &Axis| matches!(axis.values, Values::Between(_));
        if latin.is_some() && !axes.iter().any(is_range) {
            return Err(DesignError::NoRange);
        }
        let dimension = |axis: &Axis| {
            let (values, latin) = match (&axis.values, latin) {
                (Values::Each(values), _) => (values.clone(), false),
                (Values::Between(range), Some(samples)) => {
                    (sampled(range, samples, Key::run(root, 0).named(&axis.path)), true)
                }
                (Values::Between(range), None) => {
                    let (path, range) = (axis.path.clone(), range.to_string());
                    return Err(DesignError::NoStep { path, range });
                }
            };
            Ok(Dimension { path: axis.path.clone(), values, latin })
        };
        let dimensions = axes.iter().map(dimension).collect::<Result<_, _>>()?;
        let design = Design { dimensions };
        let points = design
            .factors()
            .map(|(count, _)| u128::from(count))
            .try_fold(1_u128, u128::checked_mul);
        match points.unwrap_or(u128::MAX) {
            points if points <= u128::from(MOST_POINTS) => Ok(design),
            points => Err(DesignError::TooMany { points }),
        }
    }

    /// The paths with their values, in the order in which they were written.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// How many points there are.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.factors().map(|(count, _)| count).product()
    }

    /// The values of a point, in the order of the dimensions.
    ///
    /// # Panics
    /// Of a point that there is not.
    #[must_use]
    pub fn point(&self, mut number: u64) -> Vec<&str> {
        assert!(number < self.points(), "the sweep has no point {number}");
        let mut values = vec![""; self.dimensions.len()];
        let factors: Vec<_> = self.factors().collect();
        for (count, first) in factors.into_iter().rev() {
            let digit = usize::try_from(number % count).expect("below the number of values");
            number /= count;
            let together = self.dimensions[first].latin;
            for (place, dimension) in self.dimensions.iter().enumerate() {
                if place == first || together && dimension.latin {
                    values[place] = &dimension.values[digit];
                }
            }
        }
        values
    }

    /// What the points are a product of: how many values, and the first
    /// dimension that has them.
    fn factors(&self) -> impl Iterator<Item = (u64, usize)> + '_ {
        let first = self.dimensions.iter().position(|dimension| dimension.latin);
        let own =
            move |place: usize, dimension: &Dimension| !dimension.latin || first == Some(place);
        let all = self.dimensions.iter().enumerate();
        all.filter(move |(place, dimension)| own(*place, dimension))
            .map(|(place, dimension)| (dimension.values.len() as u64, place))
    }
}

/// One value out of each of so many equal parts of a range, in an order that is
/// drawn: the side of a Latin hypercube (`McKay`, Beckman and Conover 1979).
fn sampled(range: &Between, samples: u32, key: Key) -> Vec<String> {
    let mut parts: Vec<u64> = (0..u64::from(samples)).collect();
    for last in (1..parts.len()).rev() {
        let draw = key.draw(Purpose::Sample, last as u64);
        let other = (u128::from(draw) * (last as u128 + 1)) >> 64;
        parts.swap(last, usize::try_from(other).expect("at most the last"));
    }
    let (whole, within) = (u128::from(range.count()), key.named("within"));
    let value = |part: u64| {
        // 32 bits for the place within the part, 20 for the part, 61 for the range.
        let place = within.draw(Purpose::Sample, part) >> 32;
        let at = (u128::from(part) << 32) + u128::from(place);
        let index = ((at * whole) >> 32) / u128::from(samples);
        range.at(u64::try_from(index).expect("below the number of values"))
    };
    parts.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::vary::Vary;

    fn design(arguments: &[&str], latin: Option<u32>) -> Result<Design, DesignError> {
        Design::new(&Vary::read(arguments).unwrap().axes, latin, 7)
    }

    #[test]
    fn the_path_written_last_varies_fastest() {
        let design = design(&["a=1,2", "b=x,y,z"], None).unwrap();
        let points: Vec<_> = (0..design.points()).map(|p| design.point(p).concat()).collect();
        assert_eq!(points, ["1x", "1y", "1z", "2x", "2y", "2z"]);
    }

    #[test]
    fn every_part_of_every_range_has_one_sample() {
        let cube = design(&["a=1..100", "b=x,y", "c=0.0..9.9"], Some(20)).unwrap();
        assert_eq!(cube.points(), 40);
        for (place, span) in [(0, 5.0), (2, 0.5)] {
            let values = &cube.dimensions()[place].values;
            let part = |value: &String| {
                let low = if place == 0 { 1.0 } else { 0.0 };
                ((value.parse::<f64>().unwrap() - low) / span).floor()
            };
            let mut parts: Vec<f64> = values.iter().map(part).collect();
            assert!(!parts.is_sorted(), "the order is drawn");
            parts.sort_by(f64::total_cmp);
            assert_eq!(parts, (0..20_u32).map(f64::from).collect::<Vec<_>>(), "{values:?}");
        }
        // The hypercube stands where its first path does, and the list goes on within.
        let (one, next) = (cube.point(6), cube.point(7));
        assert_eq!((one[0], one[2]), (next[0], next[2]));
        assert_eq!((one[1], next[1]), ("x", "y"));
        assert_eq!(one[2], cube.dimensions()[2].values[3]);
    }

    #[test]
    fn samples_come_from_the_seed_alone() {
        let axes = Vary::read(&["a=1..1000", "b=1..1000"]).unwrap().axes;
        let cube = |root| Design::new(&axes, Some(50), root).unwrap();
        assert_eq!(cube(1), cube(1));
        assert_ne!(cube(1), cube(2));
        let dimensions = cube(1).dimensions;
        assert_ne!(dimensions[0].values, dimensions[1].values);
    }

    /// A range with fewer values than samples, and one with as many as there can be.
    #[test]
    fn samples_stay_within_their_range() {
        let few = design(&["a=1..3"], Some(9)).unwrap();
        let mut values = few.dimensions()[0].values.clone();
        values.sort();
        assert_eq!(values.concat(), "111222333");
        let wide = design(&["a=-999999999999999999..999999999999999999"], Some(10_000)).unwrap();
        let values = wide.dimensions()[0].values.iter().map(|v| v.parse::<i64>().unwrap());
        assert!(values.clone().min() < Some(-999_000_000_000_000_000));
        assert!(values.max() > Some(999_000_000_000_000_000));
    }

    #[test]
    fn what_is_no_design_is_told() {
        assert_eq!(design(&["client=a,b"], None), Err(DesignError::NothingVaries));
        let range = "1.0..5.0".to_owned();
        assert_eq!(
            design(&["a=1..5.0"], None),
            Err(DesignError::NoStep { path: "a".into(), range })
        );
        assert_eq!(design(&["a=1,2"], Some(5)), Err(DesignError::NoRange));
        let points = 1_000_u128 * 1_001;
        assert_eq!(
            design(&["a=1..1000:1", "b=0..1000:1"], None),
            Err(DesignError::TooMany { points })
        );
        let axis = |name| format!("{name}=1..10000:1");
        let many: Vec<String> = ('a'..='j').map(axis).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(design(&many, None), Err(DesignError::TooMany { points: u128::MAX }));
    }
}
