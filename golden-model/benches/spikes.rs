//! Benchmark of forward and backward passes at several rates of input spikes, measured in synaptic operations per
//! second,
//! next to dense loops as an upper bound.
//!
//! ```text
//! cargo bench -p synfire-golden-model --bench spikes
//! ```
//!
//! The cost of a single layer of LeNet depends only on its input spikes. In the whole network, which has initial
//! weights,
//! the weights determine how much the layers fire. `synfire bench sparsity` prints the results as one table, with
//! shares
//! of the peak.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::time::Duration;
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::workload::{Pass, Peak, layer_alone, random_raster};

const RATES: [f32; 4] = [0.02, 0.05, 0.1, 0.2];
const SEED: u64 = 1;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let lenet = NetworkDescription::preset("lenet").expect("a preset");
    let layer = |name: &str| {
        let index = lenet.layers.iter().position(|layer| layer.name == name);
        layer_alone(&lenet, index.expect("a layer of LeNet")).expect("a hidden layer")
    };
    let (convolution, fully_connected) = (layer("conv2"), layer("fc1"));
    peak(&mut criterion);
    passes(&mut criterion, "convolution", &convolution);
    passes(&mut criterion, "fully-connected", &fully_connected);
    passes(&mut criterion, "lenet", &lenet);
    criterion.final_summary();
}

fn peak(criterion: &mut Criterion) {
    let mut peak = Peak::new();
    let mut group = criterion.benchmark_group("peak");
    group.throughput(Throughput::Elements(peak.forward().1));
    group.bench_function("forward", |bencher| bencher.iter(|| black_box(&peak).forward()));
    group.throughput(Throughput::Elements(peak.backward().1));
    group.bench_function("backward", |bencher| {
        bencher.iter(|| black_box(&mut peak).backward())
    });
    group.finish();
}

fn passes(criterion: &mut Criterion, name: &str, network: &NetworkDescription) {
    let mut pass = Pass::initial(network, SEED).expect("a valid network");
    let mut group = criterion.benchmark_group(name);
    for rate in RATES {
        let raster = random_raster(network, rate, SEED);
        let forward = pass.forward(&raster).expect("a raster of the network");
        let backward = pass.backward(0);
        group.throughput(Throughput::Elements(forward));
        group.bench_with_input(BenchmarkId::new("forward", rate), &raster, |bencher, raster| {
            bencher.iter(|| pass.forward(black_box(raster)));
        });
        group.throughput(Throughput::Elements(backward));
        group.bench_with_input(BenchmarkId::new("backward", rate), &raster, |bencher, _| {
            bencher.iter(|| black_box(&mut pass).backward(0));
        });
    }
    group.finish();
}
