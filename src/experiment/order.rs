//! Who is surely ahead of whom, pair by pair, as the ranking tells them apart.

use super::contrast::Contrasts;
use super::outcome::Outcome;
use super::ranking::Ranking;

/// How the first of a pair stands to the second, paired by seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is surely ahead.
    Ahead,
    /// It is surely behind.
    Behind,
    /// They are not told apart.
    Alike,
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
        let ranking = Ranking::of(outcomes);
        let order: Vec<usize> = ranking.order().collect();
        let contrasts = Contrasts::of(outcomes, &order, ranking.finished.len(), ranking.time());
        let place = |client: usize| order.iter().position(|ranked| *ranked == client);
        let standing = |(first, second)| {
            let (first, second) = place(first).zip(place(second)).expect("all are ranked");
            if !contrasts.told_apart(first.min(second), first.max(second)) {
                Standing::Alike
            } else if first < second {
                Standing::Ahead
            } else {
                Standing::Behind
            }
        };
        Order { clients: outcomes.len(), standings: pairs(outcomes.len()).map(standing).collect() }
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
