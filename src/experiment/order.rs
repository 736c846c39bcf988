//! Who is surely ahead of whom, pair by pair.

use super::outcome::Outcome;
use super::ranking::{is_done, time_of};
use crate::stats::interval::{self, Estimate};

/// How the first of a pair stands to the second, paired by seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is surely ahead: it did the work and the other did not, or it was
    /// sooner, or, where neither did all, it served more.
    Ahead,
    /// It is surely behind.
    Behind,
    /// They are not told apart.
    Alike,
}

impl Standing {
    /// How the second stands to the first.
    #[must_use]
    pub const fn turned(self) -> Standing {
        match self {
            Standing::Ahead => Standing::Behind,
            Standing::Behind => Standing::Ahead,
            Standing::Alike => Standing::Alike,
        }
    }
}

/// How all pairs of clients stand to each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    clients: usize,
    /// Of each pair, the lower index first.
    standings: Vec<Standing>,
}

impl Order {
    /// The order of these outcomes.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Order {
        let time = time_of(outcomes);
        let standings = pairs(outcomes.len())
            .map(|(first, second)| standing(&outcomes[first], &outcomes[second], time));
        Order { clients: outcomes.len(), standings: standings.collect() }
    }

    /// Each pair that stands otherwise in `other`: as here, and as there.
    pub fn changes<'o>(
        &'o self,
        other: &'o Order,
    ) -> impl Iterator<Item = ((usize, usize), Standing, Standing)> + 'o {
        let both = self.standings.iter().zip(&other.standings);
        let all = pairs(self.clients).zip(both);
        all.filter(|(_, (here, there))| here != there)
            .map(|(pair, (here, there))| (pair, *here, *there))
    }
}

/// All pairs of so many, in order.
fn pairs(clients: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..clients).flat_map(move |first| (first + 1..clients).map(move |second| (first, second)))
}

fn standing(first: &Outcome, second: &Outcome, time: &str) -> Standing {
    match (is_done(first), is_done(second)) {
        (true, false) => Standing::Ahead,
        (false, true) => Standing::Behind,
        (true, true) => {
            let times = second.values(time).zip(first.values(time));
            let sooner = times.and_then(|(theirs, own)| interval::ratio_of_sums(&theirs, &own));
            by(sooner, 1.0)
        }
        (false, false) => {
            let shares = first.values("served-share").zip(second.values("served-share"));
            by(shares.and_then(|(own, theirs)| interval::paired_difference(&own, &theirs)), 0.0)
        }
    }
}

/// Which side of `equal` the whole interval lies on.
fn by(more: Option<Estimate>, equal: f64) -> Standing {
    match more {
        Some(more) if more.distinguishable_from(equal) && more.low > equal => Standing::Ahead,
        Some(more) if more.distinguishable_from(equal) => Standing::Behind,
        _ => Standing::Alike,
    }
}
