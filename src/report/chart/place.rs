//! Where labels go so that none lies on another.

/// A rectangle on the sheet, in pixels.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// The square of half-width `reach` around a place.
    pub(super) fn around((x, y): (f64, f64), reach: f64) -> Self {
        Self { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach }
    }

    /// The surface that two rectangles share, in square pixels.
    fn shared(&self, other: &Area) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    /// The place within it that is nearest to `at`.
    pub(super) fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// What labels should stay off, and how much it matters.
#[derive(Clone, Copy)]
pub(super) struct Obstacle {
    pub(super) area: Area,
    /// The cost of a shared square pixel: a word over a word is worse than a
    /// word over a thin line.
    pub(super) weight: f64,
}

/// A dot that wants a label: where it is, and the label's width and height.
#[derive(Clone, Copy)]
pub(super) struct Dot {
    pub(super) at: (f64, f64),
    pub(super) size: (f64, f64),
}

/// How much it matters that a label, or the line to one, is left free.
const WORD: f64 = 20.0;

/// How far from its dot a label is tried, in pixels.
const DISTANCES: [f64; 9] = [9.0, 14.0, 22.0, 32.0, 46.0, 64.0, 84.0, 110.0, 140.0];
/// In which directions, the best first; y grows downwards.
const DIRECTIONS: [(f64, f64); 12] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.8, -0.8),
    (0.8, 0.8),
    (-0.8, -0.8),
    (-0.8, 0.8),
    (0.0, -1.0),
    (0.0, 1.0),
    (0.5, -1.0),
    (0.5, 1.0),
    (-0.5, -1.0),
    (-0.5, 1.0),
];

/// The areas of the labels of `dots`: within `bounds`, off the obstacles and one
/// another, each near its dot.
///
/// Labels are placed one after another, and one placed early may take the only
/// room of a later one: the best of several orders is kept.
pub(super) fn labels(dots: &[Dot], bounds: &Area, obstacles: &[Obstacle]) -> Vec<Area> {
    let mut best: Option<(f64, Vec<Area>)> = None;
    for start in 0..dots.len().max(1) {
        let turned = || (start..dots.len()).chain(0..start);
        let orders: [Vec<usize>; 2] = [turned().collect(), turned().rev().collect()];
        for order in orders {
            let (cost, areas) = in_order(dots, &order, bounds, obstacles);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, areas));
            }
        }
    }
    best.map_or_else(Vec::new, |(_, areas)| areas)
}

/// The labels placed in one order, with what it cost.
fn in_order(
    dots: &[Dot],
    order: &[usize],
    bounds: &Area,
    obstacles: &[Obstacle],
) -> (f64, Vec<Area>) {
    let mut taken = obstacles.to_vec();
    let mut areas = vec![Area::around((0.0, 0.0), 0.0); dots.len()];
    let mut total = 0.0;
    for &index in order {
        let dot = dots[index];
        let (cost, area) = label(dot, bounds, &taken);
        total += cost;
        areas[index] = area;
        let line = along(dot.at, area.nearest(dot.at)).into_iter();
        let line = line.map(|place| Area::around(place, 2.0));
        taken.extend(line.chain([area]).map(|area| Obstacle { area, weight: WORD }));
    }
    (total, areas)
}

/// The best area for a label, rather to the right of its dot than elsewhere, and
/// what it costs.
fn label(dot: Dot, bounds: &Area, obstacles: &[Obstacle]) -> (f64, Area) {
    let Dot { at, size } = dot;
    let mut best: Option<(f64, Area)> = None;
    for distance in DISTANCES {
        for (rank, (dx, dy)) in DIRECTIONS.into_iter().enumerate() {
            let area = beside((at.0 + dx * distance, at.1 + dy * distance), (dx, dy), size);
            let whole = size.0 * size.1;
            let outside = whole - area.shared(bounds);
            let covered: f64 = obstacles
                .iter()
                .map(|obstacle| obstacle.weight * obstacle.area.shared(&area))
                .sum();
            let crossed = crossings(at, area.nearest(at), obstacles);
            let cost = 50.0 * outside + covered + crossed + distance + 0.5 * rank as f64;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, area));
            }
        }
    }
    best.unwrap_or((0.0, Area::around(at, 0.0)))
}

/// What it costs that the line from a dot to its label crosses what is there.
fn crossings(from: (f64, f64), to: (f64, f64), obstacles: &[Obstacle]) -> f64 {
    let steps = along(from, to);
    let hits = |obstacle: &Obstacle| {
        let inside = steps.iter().filter(|&&place| obstacle.area.nearest(place) == place);
        4.0 * obstacle.weight * inside.count() as f64
    };
    obstacles.iter().map(hits).sum()
}

/// Places along the line from a dot to its label, near enough to one another
/// that nothing lies between, without the dot's own surroundings.
pub(super) fn along(from: (f64, f64), to: (f64, f64)) -> Vec<(f64, f64)> {
    let length = ((to.0 - from.0) * (to.0 - from.0) + (to.1 - from.1) * (to.1 - from.1)).sqrt();
    let mut places = Vec::new();
    let mut done = 10.0;
    while done < length {
        let part = done / length;
        places.push((from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1)));
        done += 4.0;
    }
    places
}

/// The area of `size` whose side or corner that faces the dot is at `at`.
fn beside((x, y): (f64, f64), (dx, dy): (f64, f64), (width, height): (f64, f64)) -> Area {
    let left = x - width * (1.0 - sign(dx)) / 2.0;
    let top = y - height * (1.0 - sign(dy)) / 2.0;
    Area { left, top, right: left + width, bottom: top + height }
}

/// −1, 0 or 1.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// `wanted` heights moved as little as needed to lie `gap` apart and within
/// `from..to`; where there is no room for all, they go on below `to`.
pub(super) fn spread(wanted: &[f64], gap: f64, from: f64, to: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut placed = wanted.to_vec();
    let mut next = from;
    for &index in &order {
        placed[index] = placed[index].max(next);
        next = placed[index] + gap;
    }
    let mut last = to;
    for &index in order.iter().rev() {
        placed[index] = placed[index].min(last);
        last = placed[index] - gap;
    }
    let over = order.first().map_or(0.0, |&index| (from - placed[index]).max(0.0));
    for place in &mut placed {
        *place += over;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Area = Area { left: 0.0, top: 0.0, right: 600.0, bottom: 300.0 };

    fn wanting(at: (f64, f64)) -> Dot {
        Dot { at, size: (120.0, 16.0) }
    }

    #[test]
    fn labels_of_dots_on_one_spot_do_not_overlap() {
        let dots = [wanting((300.0, 150.0)); 8];
        let area = Area::around((300.0, 150.0), 5.0);
        let areas = labels(&dots, &BOUNDS, &[Obstacle { area, weight: WORD }]);
        for (index, one) in areas.iter().enumerate() {
            assert!(one.shared(&area) < 1e-9, "{one:?} on the dots");
            let others = areas[..index].iter();
            assert!(others.map(|other| other.shared(one)).sum::<f64>() < 1e-9, "{areas:?}");
        }
    }

    #[test]
    fn no_line_to_a_label_crosses_another_label() {
        // Four dots at the foot of the sheet, their intervals across them.
        let places = [(220.0, 285.0), (228.0, 284.0), (262.0, 278.0), (300.0, 284.0)];
        let bar = |(x, y): (f64, f64)| Area {
            left: x - 90.0,
            top: y - 2.0,
            right: x + 90.0,
            bottom: y + 2.0,
        };
        let bars = places.map(|at| Obstacle { area: bar(at), weight: 2.0 });
        let areas = labels(&places.map(wanting), &BOUNDS, &bars);
        for (index, &at) in places.iter().enumerate() {
            for place in along(at, areas[index].nearest(at)) {
                let others = areas.iter().enumerate().filter(|(other, _)| *other != index);
                let crossed = others.filter(|(_, area)| area.nearest(place) == place).count();
                assert_eq!(crossed, 0, "from {at:?} to {:?}", areas[index]);
            }
        }
    }

    #[test]
    fn a_label_stays_on_the_sheet() {
        let areas = labels(&[wanting((595.0, 5.0))], &BOUNDS, &[]);
        assert!(areas[0].right <= 600.0 && areas[0].top >= 0.0, "{areas:?}");
        assert!(labels(&[], &BOUNDS, &[]).is_empty());
    }

    #[test]
    fn heights_are_spread_no_more_than_needed() {
        assert_eq!(spread(&[10.0, 50.0], 20.0, 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[50.0, 52.0], 20.0, 0.0, 100.0), [50.0, 70.0]);
        assert_eq!(spread(&[100.0, 95.0], 20.0, 0.0, 100.0), [100.0, 80.0]);
        assert_eq!(spread(&[5.0, 5.0, 5.0], 60.0, 0.0, 100.0), [0.0, 60.0, 120.0]);
    }
}
