//! Benchmark of a batch's forward and backward pass under the second training rule, for several numbers of steps, on one
//! thread: the forward pass in synaptic operations per second, both passes together in images per second.
//!
//! ```text
//! cargo bench -p synfire-golden-model --bench few_steps
//! ```

use criterion::{BenchmarkId, Criterion, Throughput};
use std::time::Duration;
use synfire_golden_model::network::{InputCoding, NetworkDescription, Readout};
use synfire_golden_model::workload::BatchPass;

/// A small convolutional network with a residual junction.
const NETWORK: &str = "16C3p1-P2t0.1-32C3p1-32C3p1+2-P2t0.1-64-10@3x16x16";
const IMAGES: usize = 32;
const STEPS: [usize; 3] = [1, 2, 4];
const SEED: u64 = 1;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1);
    one_thread.build_global().expect("no other pool yet");
    passes(&mut criterion);
    criterion.final_summary();
}

fn passes(criterion: &mut Criterion) {
    let mut network = NetworkDescription::from_compact(NETWORK, None).expect("a valid network");
    (network.coding, network.readout) = (InputCoding::Direct, Readout::Sum);
    let mut group = criterion.benchmark_group("few-steps");
    for steps in STEPS {
        network.steps = steps;
        let mut pass = BatchPass::initial(&network, IMAGES, SEED).expect("a network for the rule");
        group.throughput(Throughput::Elements(pass.forward()));
        group.bench_function(BenchmarkId::new("forward", steps), |bencher| {
            bencher.iter(|| pass.forward())
        });
        group.throughput(Throughput::Elements(IMAGES as u64));
        group.bench_function(BenchmarkId::new("forward and backward", steps), |bencher| {
            bencher.iter(|| {
                pass.forward();
                pass.backward();
            });
        });
    }
    group.finish();
}
