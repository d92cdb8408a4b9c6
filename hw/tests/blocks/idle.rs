//! An accelerator on an idle line does not change state, so a clock that is not locked yet does no harm.

use crate::network::{plan, random_model};
use crate::support::simulate;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::core::atom::Atom;
use rust_hdl::core::block::Block;
use rust_hdl::core::probe::Probe;
use rust_hdl::core::synth::VCDValue;
use synfire_hw::accelerator::core_params;
use synfire_hw::circuit::accelerator::{Accelerator, LinkParams};
use synfire_hw::circuit::link::encoder::EncoderParams;
use synfire_hw::circuit::link::identity::Identity;
use synfire_hw::simulate::Simulation;

/// Cycles in which pipelines may still fill with the contents of memories.
const FILLING: usize = 16;
/// Cycles watched. The longest timeout of the link is longer, but starts with a byte.
const WATCHED: usize = 3000;

/// Every signal of a circuit by its path, with its value.
#[derive(Default)]
struct Signals {
    path: Vec<String>,
    values: Vec<(String, VCDValue)>,
}

impl Probe for Signals {
    fn visit_start_scope(&mut self, name: &str, _: &dyn Block) {
        self.path.push(name.to_owned());
    }

    fn visit_start_namespace(&mut self, name: &str, _: &dyn Block) {
        self.path.push(name.to_owned());
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        self.values
            .push((format!("{}.{name}", self.path.join(".")), signal.vcd()));
    }

    fn visit_end_namespace(&mut self, _: &str, _: &dyn Block) {
        self.path.pop();
    }

    fn visit_end_scope(&mut self, _: &str, _: &dyn Block) {
        self.path.pop();
    }
}

fn signals(accelerator: &mut Simulation<Accelerator>) -> Vec<(String, VCDValue)> {
    let mut signals = Signals::default();
    accelerator.circuit().accept("accelerator", &mut signals);
    signals.values
}

/// First signal that changes while the line has the given level, and the cycle of the change.
fn first_to_move(level: bool) -> Option<(usize, String)> {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(3), &[12, 7, 5]);
    let plan = plan(&model, &[3, 2]);
    let link = LinkParams {
        identity: Identity {
            layers: 2,
            classes: 5,
            inputs: 12,
            clock_hz: 12_000_000,
            slot_bytes: 64,
            signed_inputs: false,
            graded_inputs: None,
            encoder: true,
            early_exit: true,
            loadable: true,
            design_hash: [0x5A; 16],
            model_hash: [0; 16],
        },
        cycles_per_bit: 4,
        input: EncoderParams {
            graded: false,
            shape: [1, 1, 12],
            is_map: false,
        },
    };
    let accelerator = Accelerator::new(&link, core_params(&model, &plan).expect("valid"));
    let mut accelerator = simulate(accelerator, |accelerator| &mut accelerator.clock);
    accelerator.circuit().rx.next = true;
    (0..FILLING).for_each(|_| accelerator.tick());
    let still = signals(&mut accelerator);
    assert!(still.len() > 500, "{} signals are seen", still.len());
    accelerator.circuit().rx.next = level;
    for cycle in 0..WATCHED {
        accelerator.tick();
        let now = signals(&mut accelerator);
        assert_eq!(now.len(), still.len());
        // The line itself is driven by the test.
        let moved = still.iter().zip(&now).find(|(before, after)| {
            before.1 != after.1 && !before.0.ends_with(".rx") && !before.0.ends_with(".line")
        });
        if let Some((before, _)) = moved {
            return Some((cycle, before.0.clone()));
        }
    }
    None
}

#[test]
fn nothing_moves_while_the_line_is_idle() {
    assert_eq!(first_to_move(true), None);
}

#[test]
fn a_start_bit_is_seen_to_move_something() {
    let (cycle, _) = first_to_move(false).expect("a receiver takes it");
    assert!(cycle < 8, "{cycle}");
}
