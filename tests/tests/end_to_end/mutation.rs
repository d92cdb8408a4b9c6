//! Number of planted faults that co-simulation detects, in the emitted Verilog of two odd convolutional networks.
//!
//! The Verilog of a network contains all of its faults, each behind `cosim.mutant == N`, so two simulators (of the design, and
//! of its variant under stress) can run all of them. A file beside the memory images selects the active fault. A fault counts
//! as found *before* if 20 images show it in spikes, potentials and counters of spikes, which is all that co-simulation once
//! compared. It counts as found *after* if today's `synfire cosim` finds it.

pub(crate) mod fault;
pub(crate) mod network;
pub(crate) mod text;

use fault::Fault;
use network::{build, images, odd_network};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeMap;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::spikes::Spike;
use synfire_hw::build::Build;
use synfire_hw::geometry::Geometry;
use synfire_hw::synth::checks::Form;
use synfire_sim::Error;
use synfire_sim::cosim::{Core as _, Cosim, Expectation, Run, Stimulus, compare};
use synfire_sim::observation::Observation;
use synfire_sim::pace::Pace;
use synfire_sim::stress::{self, Train};
use synfire_sim::verilated::VerilatedCore;

/// Number of stress trains of a co-simulation by default.
const TRAINS: usize = 8;

/// Number in an environment variable, or a default.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
#[ignore = "takes minutes; `make mutants` runs it"]
fn single_faults_are_found() {
    let faults = setting("SYNFIRE_MUTANTS", 150);
    let mut totals = Totals::default();
    for (network, signed) in [("signed", true), ("unsigned", false)] {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(setting("SYNFIRE_MUTANT_SEED", 1) as u64);
        let model = odd_network(&mut rng, signed);
        println!("{network}: {}", model.description.compact());
        run(&mut rng, &model, faults, &mut totals);
    }
    println!("{totals:#?}");
    assert!(totals.after > totals.before, "{totals:?}");
}

/// Numbers of faults that were found.
#[derive(Debug, Default)]
struct Totals {
    faults: usize,
    /// Found by 20 images, as they were compared before; and those of them that made an inference hang.
    before: usize,
    before_hung: usize,
    /// Found by a co-simulation by default.
    after: usize,
    /// Found by images, trains, or the variant under stress; counted for the first that finds the fault, in the order of
    /// `synfire cosim`.
    by: BTreeMap<&'static str, usize>,
}

fn run(rng: &mut Xoshiro256PlusPlus, model: &QuantizedModel, count: usize, totals: &mut Totals) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = build(folder.path(), model);
    let variant = stress::stressed(&build).expect("a variant");
    let faults = text::plant(rng, &build.folder, &variant.folder, count);
    assert!(faults.len() > count / 2, "{} faults", faults.len());
    let stimuli = images(rng, model);
    let trains = stress::trains(model, TRAINS, 1).expect("trains");
    let paced: Vec<Train> = trains.iter().map(Train::paced).collect();
    let bench = Bench {
        model,
        build,
        variant,
        stimuli,
        trains,
        paced,
    };
    bench.select(0);
    assert_eq!(bench.judge(), (Old::Passed, None), "without a fault");
    for (index, fault) in faults.iter().enumerate() {
        bench.select(index + 1);
        let (before, after) = bench.judge();
        println!(
            "{}: before {before:?}, after {}",
            fault,
            after.unwrap_or("PASSED")
        );
        totals.faults += 1;
        totals.before += usize::from(before != Old::Passed);
        totals.before_hung += usize::from(before == Old::Hung);
        totals.after += usize::from(after.is_some());
        *totals.by.entry(after.unwrap_or("nothing")).or_default() += 1;
    }
}

/// Result of the comparison as it was before membranes were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Old {
    Passed,
    Found,
    Hung,
}

struct Bench<'a> {
    model: &'a QuantizedModel,
    build: Build,
    variant: Build,
    stimuli: Vec<Stimulus>,
    trains: Vec<Train>,
    paced: Vec<Train>,
}

impl Bench<'_> {
    fn select(&self, mutant: usize) {
        for folder in [&self.build.folder, &self.variant.folder] {
            std::fs::write(folder.join("mutant.hex"), format!("{mutant:x}\n")).expect("writing");
        }
    }

    /// Whether images found the fault before, and what finds it now.
    fn judge(&self) -> (Old, Option<&'static str>) {
        let [trains, variant] = [(&self.build, &self.trains), (&self.variant, &self.paced)]
            .map(|(build, trains)| self.finds(build, trains));
        let (old, images) = self.images();
        let found = [
            ("trains", trains),
            ("design under stress", variant),
            ("images", images),
        ];
        (
            old,
            found.into_iter().find(|(_, found)| *found).map(|(name, _)| name),
        )
    }

    fn finds(&self, build: &Build, trains: &[Train]) -> bool {
        let plan = &build.manifest.plan;
        let mut cosim = Cosim::new(self.model, plan, "verilator", None).expect("valid");
        let mut core = VerilatedCore::start(build, Form::Emitted, None).expect("a simulator");
        trains
            .iter()
            .any(|train| is_finding(cosim.infer(train.into(), &mut core)))
    }

    fn images(&self) -> (Old, bool) {
        let plan = &self.build.manifest.plan;
        let geometry = Geometry::of(self.model).expect("valid");
        let mut core = VerilatedCore::start(&self.build, Form::Emitted, None).expect("a simulator");
        let mut now = false;
        for stimulus in &self.stimuli {
            let expected =
                Expectation::of(self.model, &geometry, plan, &stimulus.raster, None).expect("valid");
            let run = Run {
                limit: expected.limit(Pace::FULL),
                ..Run::from(stimulus)
            };
            let seen = match core.infer(&run) {
                Ok(seen) => seen,
                Err(Error::Hung { .. } | Error::Simulator { .. }) => return (Old::Hung, true),
                Err(error) => panic!("{error}"),
            };
            if !is_equal_by_spikes(&expected, &seen) {
                return (Old::Found, true);
            }
            now |= compare(self.model, &geometry, plan, &expected, &seen).is_some();
        }
        (Old::Passed, now)
    }
}

fn is_finding(result: synfire_sim::Result<()>) -> bool {
    match result {
        Ok(()) => false,
        Err(Error::Mismatch(_) | Error::Hung { .. } | Error::Simulator { .. }) => true,
        Err(error) => panic!("{error}"),
    }
}

/// Whether an observation equals the expectation in what co-simulation compared before.
fn is_equal_by_spikes(expected: &Expectation, seen: &Observation) -> bool {
    let trace = &expected.trace;
    let spikes: Vec<Vec<Vec<u32>>> = (trace.layers.iter())
        .map(|layer| {
            let step = |step: &[Spike]| step.iter().map(|spike| spike.address).collect();
            layer.iter().map(step).collect()
        })
        .collect();
    let mut sorted = seen.spikes.clone();
    sorted.iter_mut().flatten().for_each(|step| step.sort_unstable());
    let counted = |count: &dyn Fn(usize) -> [u64; 2]| (0..seen.counters.len()).map(count).collect::<Vec<_>>();
    seen.stray.is_none()
        && spikes == sorted
        && trace.inference.potentials == seen.potentials
        && seen.steps == trace.inference.steps as u64
        && counted(&|l| [expected.spikes_in[l], trace.inference.spikes[l]])
            == counted(&|l| [seen.counters[l].spikes_in, seen.counters[l].spikes_out])
}

#[test]
fn a_fault_is_text_that_depends_on_its_number() {
    let fault = Fault::of("synfire$core$wires", "        ready = a && b;", |options| {
        options[0].clone()
    })
    .expect("a condition can be at fault");
    assert_eq!(
        fault.planted(17),
        "        ready = (cosim.mutant == 32'd17) ? (32'h0) : (a && b);"
    );
}
