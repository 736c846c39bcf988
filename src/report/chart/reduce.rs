//! Long series made as short as the pixels they are drawn on.

/// A value on both axes.
pub(super) type Value = (f64, f64);

/// `points`, which run from left to right, with no more than the least and the
/// most of each of `columns` equal parts of `from..to`: the line drawn through
/// them covers the same pixels.
pub(super) fn to_columns(points: &[Value], (from, to): (f64, f64), columns: usize) -> Vec<Value> {
    if points.len() <= 2 * columns {
        return points.to_vec();
    }
    let mut kept = Vec::with_capacity(2 * columns);
    for part in
        points.chunk_by(|a, b| column(a.0, from, to, columns) == column(b.0, from, to, columns))
    {
        let by_height = |a: &&Value, b: &&Value| a.1.total_cmp(&b.1);
        let (Some(least), Some(most)) =
            (part.iter().min_by(by_height), part.iter().max_by(by_height))
        else {
            continue;
        };
        let (first, second) = if least.0 <= most.0 { (least, most) } else { (most, least) };
        kept.push(*first);
        if second != first {
            kept.push(*second);
        }
    }
    kept
}

/// The column of `x`, as a whole number that only comparison reads.
fn column(x: f64, from: f64, to: f64, columns: usize) -> u64 {
    ((x - from) / (to - from) * columns as f64).max(0.0).floor().to_bits()
}

/// The lower and upper edge of a ribbon in `columns` parts of `from..to`: the
/// least of the low values and the most of the high ones, at their middle.
pub(super) fn envelope(
    times: &[f64],
    (low, high): (&[f64], &[f64]),
    (from, to): (f64, f64),
    columns: usize,
) -> (Vec<Value>, Vec<Value>) {
    let edges: Vec<(f64, f64, f64)> = times
        .iter()
        .zip(low.iter().zip(high))
        .map(|(&time, (&low, &high))| (time, low, high))
        .collect();
    let dense = edges.len() > columns;
    let same = |a: &(f64, f64, f64), b: &(f64, f64, f64)| {
        dense && column(a.0, from, to, columns) == column(b.0, from, to, columns)
    };
    let mut lower = Vec::new();
    let mut upper = Vec::new();
    for part in edges.chunk_by(same) {
        let time = f64::midpoint(part[0].0, part[part.len() - 1].0);
        let least = part.iter().map(|edge| edge.1).fold(f64::INFINITY, f64::min);
        let most = part.iter().map(|edge| edge.2).fold(f64::NEG_INFINITY, f64::max);
        lower.push((time, least));
        upper.push((time, most));
    }
    (lower, upper)
}

/// The pieces of a line that lie at or under `top`, each cut where it crosses.
pub(super) fn under(points: &[Value], top: f64) -> Vec<Vec<Value>> {
    let mut pieces: Vec<Vec<Value>> = Vec::new();
    let mut open = false;
    for (index, &point) in points.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| points[index]);
        let inside = point.1 <= top;
        let cross = before.filter(|before| (before.1 <= top) != inside).map(|before| {
            (before.0 + (point.0 - before.0) * (top - before.1) / (point.1 - before.1), top)
        });
        if inside && !open {
            pieces.push(Vec::new());
        }
        if let Some(piece) = pieces.last_mut().filter(|_| inside || open) {
            piece.extend(cross.filter(|&cross| cross != point));
            if inside {
                piece.push(point);
            }
        }
        open = inside;
    }
    pieces
}

/// Whether one line hides the other: the same number of places, none apart by a
/// pixel or more.
pub(super) fn hides(one: &[Value], other: &[Value]) -> bool {
    let near = |(a, b): (&Value, &Value)| (a.0 - b.0).abs() < 1.0 && (a.1 - b.1).abs() < 1.0;
    one.len() == other.len() && !one.is_empty() && one.iter().zip(other).all(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_survives_the_reduction() {
        let mut points: Vec<Value> = (0..2_000).map(|x| (f64::from(x), 1.0)).collect();
        points[777].1 = 50.0;
        points[1_234].1 = -3.0;
        let kept = to_columns(&points, (0.0, 2_000.0), 100);
        assert!(kept.len() <= 200, "{}", kept.len());
        assert!(kept.contains(&(777.0, 50.0)) && kept.contains(&(1_234.0, -3.0)));
        assert!(kept.is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn a_short_series_stays_as_it_is() {
        let points = [(0.0, 1.0), (1.0, 2.0)];
        assert_eq!(to_columns(&points, (0.0, 1.0), 600), points);
    }

    #[test]
    fn an_envelope_never_shrinks() {
        let times: Vec<f64> = (0..1_000).map(f64::from).collect();
        let high: Vec<f64> = times.iter().map(|time| time % 10.0).collect();
        let low: Vec<f64> = high.iter().map(|high| -high).collect();
        let (lower, upper) = envelope(&times, (&low, &high), (0.0, 1_000.0), 100);
        assert_eq!((lower.len(), upper.len()), (100, 100));
        assert!(
            upper.iter().all(|point| point.1 > 8.9) && lower.iter().all(|point| point.1 < -8.9)
        );
    }

    #[test]
    fn a_line_is_cut_where_it_crosses_the_top() {
        let points = [(0.0, 0.0), (1.0, 20.0), (2.0, 20.0), (3.0, 0.0)];
        let pieces = under(&points, 10.0);
        let wanted = [vec![(0.0, 0.0), (0.5, 10.0)], vec![(2.5, 10.0), (3.0, 0.0)]];
        assert_eq!(pieces, wanted);
        assert_eq!(under(&points, 20.0), [points.to_vec()]);
        assert!(under(&[(0.0, 5.0)], 1.0).is_empty());
    }

    #[test]
    fn only_lines_less_than_a_pixel_apart_hide_each_other() {
        let line = [(0.0, 0.0), (9.0, 5.0)];
        assert!(hides(&line, &[(0.0, 0.4), (9.0, 5.0)]));
        assert!(!hides(&line, &[(0.0, 0.0), (9.0, 6.1)]));
        assert!(!hides(&line, &line[..1]) && !hides(&[], &[]));
    }
}
