//! Engine against the definition of each kind of layer, computed densely, and its cost in cycles.

mod subject;

use crate::network::{any_model, random_lanes, random_model};
use crate::support::{Willing, assert_same, config, difference, willing};
use ndarray::Array2;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeSet;
use subject::{Happening, Subject};
use synfire_golden_model::integer::{Neuron, QuantizedLayer};
use synfire_golden_model::network::LayerKind;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::{Addressing, Event};

/// Any layer of any network.
fn subject(rng: &mut Xoshiro256PlusPlus) -> Subject {
    let model = any_model(rng);
    let lanes = random_lanes(rng, &model);
    let index = rng.random_range(0..model.layers.len());
    Subject::new(&model, &lanes, index)
}

fn always(paths: usize) -> Vec<Willing> {
    vec![Willing::always(); paths]
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn words_and_masks_are_those_of_the_definition(seed: u64, feeds in [willing(), willing()], running in willing()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let happenings = subject.happenings(&mut rng, 5);
        let events = subject.events(&happenings);
        let seen = subject.run(&events, &feeds[..events.len()], &running);
        assert_same(&subject.model(&happenings), &seen.swept);
    }

    #[test]
    fn a_layer_that_never_starves_costs_the_ideal_exactly(seed: u64) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let mut happenings = subject.happenings(&mut rng, 4);
        // A clear clears the counters.
        happenings.retain(|happening| *happening != Happening::Marker(Event::Clear));
        happenings.push(Happening::Marker(Event::EndOfStep));
        let ideal: usize = happenings.iter().map(|happening| subject.ideal(happening)).sum();
        let events = subject.events(&happenings);
        let seen = subject.run(&events, &always(events.len()), &Willing::always());
        prop_assert_eq!((seen.busy, seen.stalled), (ideal, 0));
        // No cycle is lost once the first word is on its way.
        prop_assert_eq!(seen.cycles.last(), Some(&(ideal + subject.way(&happenings))));
    }

    #[test]
    fn pauses_are_counted_as_stalls_and_nothing_else(seed: u64, running in willing()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let mut happenings = subject.happenings(&mut rng, 3);
        happenings.retain(|happening| *happening != Happening::Marker(Event::Clear));
        happenings.push(Happening::Marker(Event::EndOfStep));
        let ideal: usize = happenings.iter().map(|happening| subject.ideal(happening)).sum();
        let events = subject.events(&happenings);
        let seen = subject.run(&events, &always(events.len()), &running);
        prop_assert_eq!(seen.busy, ideal);
        let way = subject.way(&happenings);
        prop_assert_eq!(seen.cycles.last(), Some(&(ideal + seen.stalled + way)));
    }
}

#[test]
fn the_layers_drawn_are_of_every_kind_and_fire() {
    let mut kinds = BTreeSet::new();
    let (mut fired, mut neurons) = (0, 0);
    for seed in 0..200 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let reaches: Vec<String> = subject
            .geometry
            .paths
            .iter()
            .map(|path| format!("{:?}", path.reach))
            .collect();
        kinds.insert((reaches, subject.params.settle.fires, subject.params.groups > 1));
        let swept = subject.model(&subject.happenings(&mut rng, 5));
        if subject.params.settle.fires {
            fired += swept.iter().map(|swept| swept.fired.len()).sum::<usize>();
            neurons += swept.iter().map(|swept| swept.membranes.len()).sum::<usize>();
        }
    }
    // Weights, with either shortcut or none, and pooling, in one group and in several; outputs.
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    assert!(
        (neurons / 20..neurons / 2).contains(&fired),
        "{fired} of {neurons}"
    );
}

/// A 1×1 convolution of one channel over a row: a neuron, and a word, for each source.
fn row(width: usize) -> Subject {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut model = random_model(&mut rng, &[width, 1, 1]);
    model.description.input = [1, 1, width].into();
    model.description.layers[0].kind = LayerKind::Conv {
        out: 1,
        kernel: 1,
        stride: 1,
        padding: 0,
    };
    let layer = &mut model.layers[0];
    layer.weights = Array2::from_elem((1, 1), 3);
    (layer.weight_bits, layer.guard_bits, layer.membrane_bits) = (4, 3, 9);
    layer.leak_shifts = vec![2];
    layer.floor = -20;
    layer.neuron = Neuron::Lif { thresholds: vec![60] };
    Subject::new(&model, &[1, 1], 0)
}

/// All sequences of four spikes and ends of steps, one behind the other with a clear between: words come
/// again at every distance, from spike to spike, from spike to sweep, from sweep to spike and from sweep to
/// sweep.
fn all_of_four(width: usize) -> Vec<Happening> {
    let symbols = u32::try_from(width).expect("small") + 1;
    let mut happenings = Vec::new();
    for number in 0..symbols.pow(4) {
        for digit in 0..4 {
            let symbol = number / symbols.pow(digit) % symbols;
            happenings.push(match symbol.checked_sub(1) {
                None => Happening::Marker(Event::EndOfStep),
                Some(address) => Happening::Word(0, vec![Spike::signed(address, number % 5 == 0)]),
            });
        }
        happenings.push(Happening::Marker(Event::EndOfStep));
        if number % 3 == 0 {
            happenings.push(Happening::Marker(Event::Clear));
        }
    }
    happenings
}

#[test]
fn a_word_that_comes_again_at_any_distance_is_up_to_date() {
    for (width, stages) in (1..=4).flat_map(|width| (0..=2).map(move |stages| (width, stages))) {
        let mut subject = row(width);
        subject.params.settle.stages = stages;
        let happenings = all_of_four(width);
        let expected = subject.model(&happenings);
        assert!(
            expected.iter().any(|swept| !swept.fired.is_empty()),
            "something fires"
        );
        let events = subject.events(&happenings);
        // Without gaps, and with gaps of one and of two cycles.
        for rhythm in [vec![true], vec![true, false], vec![true, true, false, false]] {
            let feed = Willing::from_cycles(rhythm.into_iter());
            let seen = subject.run(&events, &[feed], &Willing::always());
            assert_same(&expected, &seen.swept);
        }
    }
}

#[test]
fn a_junction_takes_what_either_path_has_until_both_are_at_their_markers() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let subject = loop {
        let subject = subject(&mut rng);
        if subject.geometry.paths.len() == 2 {
            break subject;
        }
    };
    let happenings = subject.happenings(&mut rng, 6);
    let events = subject.events(&happenings);
    // One path is far behind the other, and vice versa.
    let slow = Willing::from_cycles((0..24).map(|cycle| cycle == 23));
    for feeds in [[Willing::always(), slow.clone()], [slow, Willing::always()]] {
        let seen = subject.run(&events, &feeds, &Willing::always());
        assert_same(&subject.model(&happenings), &seen.swept);
    }
}

#[test]
fn a_changed_weight_threshold_leak_or_address_is_noticed() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let model = random_model(&mut rng, &[12, 9, 1]);
    let mut subject = Subject::new(&model, &[4, 1], 0);
    let happenings = subject.happenings(&mut rng, 30);
    let events = subject.events(&happenings);
    let seen = subject.run(&events, &always(1), &Willing::always());
    assert!(seen.swept.iter().any(|swept| !swept.fired.is_empty()));
    let layer = subject.layer.clone();
    let mut noticed = |change: fn(&mut QuantizedLayer)| {
        subject.layer = layer.clone();
        change(&mut subject.layer);
        difference(&subject.model(&happenings), &seen.swept).is_some()
    };
    assert!(!noticed(|_| {}));
    assert!(noticed(|layer| layer.weights[(1, 2)] *= -1), "weight");
    assert!(noticed(|layer| layer.floor /= 2), "floor");
    assert!(noticed(|layer| layer.leak_shifts = vec![1]), "leak");
    assert!(noticed(|layer| layer.biases = vec![2; 9]), "biases");
    assert!(noticed(|layer| layer.ceiling = Some(1000)), "reset");
    assert!(
        noticed(|layer| match &mut layer.neuron {
            Neuron::Lif { thresholds } => thresholds.iter_mut().for_each(|threshold| *threshold /= 2),
            Neuron::Output => {}
        }),
        "threshold"
    );
    subject.layer = layer;
    subject.geometry.paths[0].sources = Addressing::of([12, 1, 1].into());
    let mut moved = happenings.clone();
    if let Some(Happening::Word(_, spikes)) = moved
        .iter_mut()
        .find(|happening| matches!(happening, Happening::Word(..)))
    {
        spikes[0].address = (spikes[0].address + 1) % 12;
    }
    assert!(
        difference(&subject.model(&moved), &seen.swept).is_some(),
        "address"
    );
}
