use ndarray::Array2;
use synfire_golden_model::network::*;
use synfire_golden_model::quantized::*;
use synfire_golden_model::spikes::*;
use synfire_hw::circuit::event::Event;
use synfire_hw::circuit::word_memory::Style;
use synfire_hw::plan::*;
use synfire_hw::simulate::Simulation;

struct Rng(u64);
impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

fn model(rng: &mut Rng, sizes: &[usize]) -> QuantizedModel {
    let count = sizes.len() - 1;
    let layers = (0..count)
        .map(|i| {
            let (inp, out) = (sizes[i], sizes[i + 1]);
            let weights = Array2::from_shape_fn((out, inp), |_| rng.below(15) as i8 - 7);
            QuantizedLayer {
                name: format!("l{i}"),
                weights,
                weight_bits: 4,
                guard_bits: 5,
                membrane_bits: 20,
                leak_shifts: vec![7, 9],
                floor: -2000,
                neuron: if i + 1 < count {
                    Neuron::Lif { thresholds: (0..out).map(|_| 300 + rng.below(300) as i32).collect() }
                } else {
                    Neuron::Output
                },
            }
        })
        .collect();
    QuantizedModel {
        description: NetworkDescription {
            name: "x".into(),
            input: [1, 1, sizes[0]].into(),
            steps: 8,
            rate: 0.5,
            leak: 0.99,
            layers: vec![],
        },
        layers,
        provenance: Default::default(),
    }
}

fn reference(model: &QuantizedModel, raster: &SpikeRaster) -> (Vec<Vec<Vec<u32>>>, Vec<i32>) {
    let mut m: Vec<Vec<i32>> = model.layers.iter().map(|l| vec![0; l.outputs()]).collect();
    let mut spikes = vec![vec![]; model.layers.len() - 1];
    for t in 0..raster.steps() {
        let mut events: Vec<Spike> = raster.step(t).to_vec();
        for (l, layer) in model.layers.iter().enumerate() {
            for e in &events {
                for j in 0..layer.outputs() {
                    m[l][j] += e.sign() * ((layer.weights[(j, e.address as usize)] as i32) << layer.guard_bits);
                }
            }
            let mut fired = vec![];
            for j in 0..layer.outputs() {
                let v = m[l][j];
                let f = match &layer.neuron {
                    Neuron::Lif { thresholds } => v > thresholds[j],
                    Neuron::Output => false,
                };
                let v = if f { 0 } else { v };
                let leak: i32 = layer.leak_shifts.iter().map(|s| v >> s).sum();
                m[l][j] = (v - leak).max(layer.floor);
                if f {
                    fired.push(j as u32);
                }
            }
            if l < spikes.len() {
                spikes[l].push(fired.clone());
            }
            events = fired.into_iter().map(Spike::positive).collect();
        }
    }
    (spikes, m.pop().unwrap())
}

#[test]
fn scratch() {
    for (seed, sizes, lanes) in [
        (1u64, vec![20, 13, 10], vec![4, 3]),
        (2, vec![20, 8, 10], vec![8, 10]),
        (3, vec![16, 30, 12, 5], vec![4, 16, 2]),
        (4, vec![16, 5], vec![5]),
    ] {
        let mut rng = Rng(seed);
        let model = model(&mut rng, &sizes);
        let mut raster = SpikeRaster::new(sizes[0]);
        for _ in 0..10 {
            let s: Vec<Spike> = (0..sizes[0] as u32)
                .filter(|_| rng.below(2) == 0)
                .collect::<Vec<_>>()
                .into_iter()
                .map(|address| Spike { address, negative: rng.below(3) == 0 })
                .collect();
            raster.push_step(s);
        }
        let plan = Plan {
            fifo_depth: 16,
            layers: lanes
                .iter()
                .map(|&lanes| LayerPlan { lanes, membrane_style: Style::Logic, threshold_style: Style::Logic })
                .collect(),
        };
        let (expected, potentials) = reference(&model, &raster);
        {
            use rust_hdl::prelude::*;
            let mut c = synfire_hw::accelerator::core(&model, &plan);
            c.connect_all();
            let d = format!("/tmp/probe/core{seed}");
            std::fs::create_dir_all(&d).unwrap();
            std::fs::write(format!("{d}/core.v"), generate_verilog(&c)).unwrap();
            for (n, t) in synfire_hw::accelerator::memory_images(&model, &plan) {
                std::fs::write(format!("{d}/{n}"), t).unwrap();
            }
        }
        let mut sim = Simulation::new(synfire_hw::accelerator::core(&model, &plan), |c| &mut c.clock).unwrap();
        let start = std::time::Instant::now();
        for round in 0..2 {
            let mut events: Vec<Event> = vec![];
            for t in 0..raster.steps() {
                events.extend(raster.step(t).iter().map(|&s| Event::Spike(s)));
                events.push(Event::EndOfStep);
            }
            let mut got: Vec<Vec<Vec<u32>>> = vec![vec![vec![]]; sizes.len() - 2];
            let mut i = 0;
            loop {
                let c = sim.circuit();
                c.event_valid.next = i < events.len();
                if i < events.len() {
                    c.event_data.next = u64::from(events[i].encode()).into();
                }
                sim.settle();
                let c = sim.circuit();
                if i < events.len() && c.event_ready.val() {
                    i += 1;
                }
                for (l, got) in got.iter_mut().enumerate() {
                    if c.tap_valid[l].val() {
                        match Event::decode(c.tap_data[l].val().to_u32()).unwrap() {
                            Event::Spike(s) => got.last_mut().unwrap().push(s.address),
                            Event::EndOfStep => got.push(vec![]),
                            Event::Clear => panic!(),
                        }
                    }
                }
                if c.steps_done.val().to_u32() as usize == raster.steps() {
                    break;
                }
                sim.tick();
                assert!(sim.cycles() < 100000);
            }
            for g in &mut got {
                assert_eq!(g.pop(), Some(vec![]));
            }
            assert_eq!(got, expected);
            let classes = *sizes.last().unwrap();
            let l = *lanes.last().unwrap();
            let mut p = vec![];
            sim.circuit().event_valid.next = false;
            for c in 0..classes {
                sim.circuit().readout_group.next = ((c / l) as u64).into();
                sim.circuit().readout_lane.next = ((c % l) as u64).into();
                sim.tick();
                p.push(sim.circuit().readout_data.val().inner().to_u32() as i32);
            }
            assert_eq!(p, potentials);
            println!("seed {seed} round {round} cycles {} {:?} {:?} active {}", sim.cycles(), start.elapsed(), p,
                sim.circuit().active_cycles.val().to_u32());
            // clear
            let clears = sim.circuit().clears_done.val().to_u32();
            sim.circuit().event_data.next = u64::from(Event::Clear.encode()).into();
            sim.circuit().event_valid.next = true;
            sim.tick();
            sim.circuit().event_valid.next = false;
            while sim.circuit().clears_done.val().to_u32() == clears {
                sim.tick();
            }
            assert_eq!(sim.circuit().steps_done.val().to_u32(), 0);
        }
    }
}
