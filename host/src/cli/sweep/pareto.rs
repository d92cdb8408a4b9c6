//! The Pareto front of a set of points.

/// Returns for each point (cost, gain) whether it is on the Pareto front: no other point is at least as good in both and
/// better in one.
pub(super) fn front(points: &[(f64, f64)]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        let ((cost, gain), (other_cost, other_gain)) = (points[a], points[b]);
        cost.total_cmp(&other_cost).then(other_gain.total_cmp(&gain))
    });
    let mut front = vec![false; points.len()];
    // Of all points with at most this cost, the last one on the front has the largest gain.
    let mut last: Option<(f64, f64)> = None;
    for index in order {
        let point = points[index];
        let stands = last.is_none_or(|last| point.1 > last.1 || point == last);
        if stands {
            front[index] = true;
            last = Some(point);
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_front_followed_by_hand() {
        let points = [
            (1.0, 0.5),
            (2.0, 0.5),
            (2.0, 0.9),
            (3.0, 0.8),
            (0.5, 0.1),
            (2.0, 0.9),
        ];
        assert_eq!(front(&points), [true, false, true, false, true, true]);
        assert!(front(&[]).is_empty());
        assert_eq!(front(&[(1.0, 0.0)]), [true]);
    }

    fn beats(one: (f64, f64), other: (f64, f64)) -> bool {
        one.0 <= other.0 && one.1 >= other.1 && one != other
    }

    proptest! {
        /// Uses few different numbers, so that costs and gains are often equal.
        #[test]
        fn the_front_is_what_nothing_beats(
            numbers in proptest::collection::vec((0u8..6, 0u8..6), 0..30),
        ) {
            let points: Vec<(f64, f64)> = numbers.iter().map(|&(cost, gain)| (cost.into(), gain.into())).collect();
            let front = front(&points);
            prop_assert_eq!(front.len(), points.len());
            for (&point, &stands) in points.iter().zip(&front) {
                let beaten = points.iter().any(|&other| beats(other, point));
                prop_assert_eq!(stands, !beaten, "{:?} of {:?}", point, points);
                // A point that is not on the front is beaten by a point on it.
                let mut standing = points.iter().zip(&front).filter(|(_, stands)| **stands);
                prop_assert!(stands || standing.any(|(&other, _)| beats(other, point)));
            }
        }
    }
}
