use super::*;
use std::collections::BTreeMap;

const SHAPE: Shape = Shape {
    channels: 2,
    height: 2,
    width: 3,
};
const IMAGE: [i16; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const STILL: Change = Change {
    flip: false,
    radians: 0.0,
    down: 0,
    right: 0,
};

fn changed(change: Change) -> [i16; 12] {
    let mut changed = [99; 12];
    change.apply(&IMAGE, SHAPE, &mut changed);
    changed
}

fn moved(down: isize, right: isize) -> [i16; 12] {
    changed(Change { down, right, ..STILL })
}

/// Applies a change to a 3x3 image.
fn square(change: Change, image: [i16; 9]) -> [i16; 9] {
    let shape = Shape {
        channels: 1,
        height: 3,
        width: 3,
    };
    let mut changed = [99; 9];
    change.apply(&image, shape, &mut changed);
    changed
}

fn turn(degrees: f64) -> Change {
    Change {
        radians: degrees.to_radians(),
        ..STILL
    }
}

#[test]
fn every_channel_moves_and_the_border_is_empty() {
    assert_eq!(moved(0, 0), IMAGE);
    assert_eq!(moved(1, 0), [0, 0, 0, 1, 2, 3, 0, 0, 0, 7, 8, 9]);
    assert_eq!(moved(0, 1), [0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11]);
    assert_eq!(moved(-1, -2), [6, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0]);
    assert_eq!(moved(2, 0), [0; 12]);
    assert_eq!(moved(0, -5), [0; 12]);
}

#[test]
fn mirrored_images_are_moved_after() {
    let mirror = Change { flip: true, ..STILL };
    assert_eq!(changed(mirror), [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
    let right = Change { right: 1, ..mirror };
    assert_eq!(changed(right), [0, 3, 2, 0, 6, 5, 0, 9, 8, 0, 12, 11]);
    let left = Change { right: -1, ..mirror };
    assert_eq!(changed(left), [2, 1, 0, 5, 4, 0, 8, 7, 0, 11, 10, 0]);
}

#[test]
fn a_quarter_turn_is_clockwise_and_exact() {
    let image = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert_eq!(square(turn(90.0), image), [7, 4, 1, 8, 5, 2, 9, 6, 3]);
    assert_eq!(square(turn(180.0), image), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let all = Change {
        flip: true,
        radians: std::f64::consts::FRAC_PI_2,
        down: 1,
        right: 0,
    };
    // Mirrored: 321 654 987; turned: 963 852 741; moved down.
    assert_eq!(square(all, image), [0, 0, 0, 9, 6, 3, 8, 5, 2]);
}

#[test]
fn between_pixels_the_mean_is_weighted_by_distance() {
    // The middle of an edge comes from a place 1/√2 away from the centre in both directions, so that the centre has
    // a share of (1 − 1/√2)² = 0.0858.
    let image = [0, 0, 0, 0, -256, 0, 0, 0, 0];
    assert_eq!(square(turn(45.0), image), [0, -22, 0, -22, -256, -22, 0, -22, 0]);
    // A corner comes from √2 away straight up, down, right or left: from outside by 0.414, so 0.586 of the edge's.
    let image = [0, 100, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(square(turn(45.0), image)[2], 59);
}

#[test]
fn events_move_like_the_pixels_of_images() {
    let angles = [0.0, 90.0, 180.0];
    let shape = Shape {
        channels: 2,
        height: 3,
        width: 3,
    };
    for (angle, flip, down, right) in angles
        .into_iter()
        .flat_map(|angle| [(angle, false, 0, 0), (angle, true, 1, 0), (angle, false, -1, 2)])
    {
        let change = Change {
            flip,
            radians: f64::to_radians(angle),
            down,
            right,
        };
        for address in 0..18 {
            let mut image = [0; 18];
            image[address] = 1;
            let mut changed = [0; 18];
            change.apply(&image, shape, &mut changed);
            let wanted = changed.iter().position(|&pixel| pixel == 1);
            let moved = change.moved(u32::try_from(address).unwrap(), shape);
            assert_eq!(moved.map(|at| at as usize), wanted, "{change:?} of {address}");
        }
    }
}

#[test]
fn offsets_are_uniform_and_independent() {
    let mut counts = BTreeMap::new();
    let augmentation = Augmentation {
        shift: 1,
        ..Augmentation::default()
    };
    for index in 0..9000 {
        let change = augmentation.draw(1, 0, index);
        assert!(change.radians == 0.0 && !change.flip);
        *counts.entry((change.down, change.right)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 9);
    assert!(
        counts.values().all(|count| (880..1120).contains(count)),
        "{counts:?}"
    );
    assert!(
        counts
            .keys()
            .all(|&(down, right)| down.abs() <= 1 && right.abs() <= 1)
    );
}

#[test]
fn offsets_are_pinned() {
    let augmentation = Augmentation {
        shift: 2,
        ..Augmentation::default()
    };
    let offsets: Vec<_> = (0..4)
        .map(|index| augmentation.draw(1, 0, index))
        .map(|change| (change.down, change.right))
        .collect();
    assert_eq!(offsets, [(2, 2), (-2, 0), (-1, -1), (-2, 0)]);
}

#[test]
fn angles_and_mirrors_are_uniform() {
    let augmentation = Augmentation {
        rotate_degrees: 10.0,
        flip: true,
        ..Augmentation::default()
    };
    let changes: Vec<Change> = (0..4000).map(|index| augmentation.draw(7, 3, index)).collect();
    let limit = 10_f64.to_radians();
    assert!(changes.iter().all(|change| change.radians.abs() <= limit));
    let count = |accept: &dyn Fn(&Change) -> bool| changes.iter().filter(|change| accept(change)).count();
    for (share, wanted) in [
        (count(&|change| change.flip), 2000),
        (count(&|change| change.radians < 0.0), 2000),
        (count(&|change| change.radians > limit / 2.0), 1000),
        (count(&|change| change.flip && change.radians < 0.0), 1000),
    ] {
        assert!(share.abs_diff(wanted) < 130, "{share}, wanted {wanted}");
    }
}

#[test]
fn without_augmentation_nothing_changes() {
    assert!((0..100).all(|index| Augmentation::default().draw(1, 2, index) == STILL));
}
