//! The training loop under the second rule: threads, checkpoints, learning, and the price of spikes.

use crate::network::Network;
use crate::runs::{CONVOLUTIONAL, config, data, finish, one_batch, some, text, timeless, trainer};
use crate::synapses::{Synapse, Weight};
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::float::{FloatModel, Slope};
use synfire_golden_model::network::Source;
use synfire_golden_model::train::{Checkpoint, EpochReport, Trainer};

/// Presentations that grow from one step to two, then to four.
const GROWING: &str = "steps = [1, 2, 4]\n";

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("a pool").install(work)
}

#[test]
fn weights_do_not_depend_on_the_number_of_threads() {
    let images = some(300);
    for more in [
        "",
        GROWING,
        "steps = [2]\nslope = \"rectangle\"\nsparsity = 0.001\nshift = 1\n",
    ] {
        let run = || {
            let config = config(&text(CONVOLUTIONAL, 2, 64, more));
            let mut trainer = trainer(&config, &images);
            let history = finish(&mut trainer, 2);
            (trainer.model(), timeless(&history))
        };
        let wanted = with_threads(1, run);
        for threads in [2, 5] {
            let found = with_threads(threads, run);
            assert!(found == wanted, "{threads} threads, {more}");
        }
    }
}

/// Six epochs of three batches, the last of which is smaller: presentations grow after batch 9 and after batch 14, which
/// is inside an epoch.
#[test]
fn a_run_that_was_held_between_any_two_batches_ends_with_the_same_bits() {
    const EPOCHS: usize = 6;
    const BATCHES: usize = 3;
    let images = some(160);
    let folder = tempfile::tempdir().expect("a folder");
    for (optimizer, layers) in [("sgd", CONVOLUTIONAL), ("adamw", "24-16-10")] {
        let text = text(layers, EPOCHS, 64, GROWING).replace("\"sgd\"", &format!("\"{optimizer}\""));
        let text = if optimizer == "sgd" {
            text
        } else {
            text.replace("nesterov = true", "nesterov = false")
                .replace("learning_rate = 0.1", "learning_rate = 0.003")
        };
        let config = config(&text);
        let parameters = config.require_train().expect("parameters").clone();
        let steps_at = |done: usize| parameters.steps_at(4, done / BATCHES, done % BATCHES, BATCHES);
        let steps: Vec<usize> = (0..EPOCHS * BATCHES).map(steps_at).collect();
        assert_eq!(steps, [[1; 9].as_slice(), &[2; 5], &[4; 4]].concat());

        let mut whole = trainer(&config, &images);
        let wanted_history = timeless(&finish(&mut whole, EPOCHS));
        let mut held = trainer(&config, &images);
        for done in 0..=EPOCHS * BATCHES {
            let path = folder.path().join(format!("{optimizer}-{done}.safetensors"));
            let checkpoint = held.checkpoint();
            checkpoint.save(&path).expect("a file");
            let read = Checkpoint::load(&path).expect("a checkpoint");
            assert!(read == checkpoint, "{optimizer}, file after {done} batches");
            let (network, train) = (config.network.clone(), parameters.clone());
            let mut resumed = Trainer::resume(read, network, train, &images, None).expect("the same run");
            let history = timeless(&finish(&mut resumed, EPOCHS));
            assert_eq!(history, wanted_history, "{optimizer}, held after {done} batches");
            assert!(
                resumed.model() == whole.model(),
                "{optimizer}, held after {done} batches"
            );
            assert!(
                resumed.best() == whole.best(),
                "{optimizer}, held after {done} batches"
            );
            if held.epochs_done() < EPOCHS {
                one_batch(&mut held);
                if held.checkpoint().batches_done() == BATCHES {
                    held.epoch(&mut |_| ()).expect("no divergence");
                }
            }
        }
    }
}

#[test]
fn small_networks_learn_the_digits_in_a_few_epochs() {
    let images = data();
    for (layers, more) in [
        (CONVOLUTIONAL, GROWING),
        (CONVOLUTIONAL, "slope = \"rectangle\"\n"),
        ("64-10", GROWING),
    ] {
        let config = config(&text(layers, 6, 64, more));
        let history = finish(&mut trainer(&config, &images), 6);
        let accuracies: Vec<f64> = history.iter().map(|report| report.train_accuracy).collect();
        assert!(accuracies[5] > 0.95, "{layers}, {more}: {accuracies:?}");
        assert!(history[5].loss < history[0].loss / 3.0, "{layers}, {more}");
    }
}

/// Spikes per step and neuron of all layers that fire.
fn rate(report: &EpochReport) -> f64 {
    let layers = &report.activity[1..];
    layers.iter().map(|layer| layer.rate).sum::<f64>() / layers.len() as f64
}

#[test]
fn a_price_of_spikes_lowers_their_rate() {
    let images = data();
    let rates: Vec<f64> = [0.0, 1e-4, 1e-3]
        .into_iter()
        .map(|price| {
            let config = config(&text(CONVOLUTIONAL, 4, 64, &format!("sparsity = {price}\n")));
            rate(&finish(&mut trainer(&config, &images), 4)[3])
        })
        .collect();
    assert!(rates[1] < 0.95 * rates[0], "{rates:?}");
    assert!(rates[2] < 0.8 * rates[1], "{rates:?}");
}

/// Answers of a folded network in f64: the class with the largest sum of outputs.
fn answers(model: &FloatModel, images: &Dataset) -> Vec<usize> {
    let network = Network::new(&model.description, Slope::Triangle, 0.0);
    let (layers, steps) = (network.graph.nodes.len(), model.description.steps);
    let answer = |image: usize| {
        // The whole number 256 x, limited to 255; pixels are 0 to 16.
        let values: Vec<f64> = images
            .image(image)
            .iter()
            .map(|&pixel| (f64::from(pixel) * 16.0).min(255.0) / 256.0)
            .collect();
        let mut membranes: Vec<Vec<f64>> = (0..layers)
            .map(|index| vec![0.0; network.shape(index).size()])
            .collect();
        let mut sent = membranes.clone();
        for _ in 0..steps {
            for index in 0..layers {
                for (neuron, v) in membranes[index].iter_mut().enumerate() {
                    let channel = network.channel(index, neuron);
                    *v += model.biases[index]
                        .get(channel)
                        .map_or(0.0, |&bias| f64::from(bias));
                }
                for &Synapse {
                    source,
                    from,
                    to,
                    weight,
                } in &network.synapses[index]
                {
                    let value = match source {
                        Source::Input => values[from],
                        Source::Layer(source) => sent[source][from],
                    };
                    membranes[index][to] += value
                        * match weight {
                            Weight::Learned(tensor, place) => f64::from(model.weights[tensor][place]),
                            Weight::Fixed(weight) => weight,
                        };
                }
                if network.reads_out(index) {
                    continue;
                }
                let threshold = f64::from(model.description.layers[index].threshold());
                for (v, sent) in membranes[index].iter_mut().zip(&mut sent[index]) {
                    *sent = f64::from(u8::from(*v > threshold));
                    *v *= 1.0 - *sent;
                }
            }
        }
        let sums = &membranes[layers - 1];
        (0..sums.len())
            .max_by(|&a, &b| sums[a].total_cmp(&sums[b]))
            .expect("classes")
    };
    (0..images.len()).map(answer).collect()
}

/// The running statistics must follow those of the batches for this.
#[test]
fn the_folded_network_answers_like_the_one_that_was_trained() {
    let images = data();
    let config = config(&text("8C3p1-P2t0.1-16C3p1-10", 6, 64, GROWING));
    let mut trainer = trainer(&config, &images);
    let trained = finish(&mut trainer, 6)[5].train_accuracy;
    let answers = answers(&trainer.model(), &images);
    let right = answers
        .iter()
        .enumerate()
        .filter(|&(image, &class)| class == images.label(image))
        .count();
    let folded = right as f64 / images.len() as f64;
    assert!(
        trained > 0.95 && folded > trained - 0.02,
        "{folded} for {trained}"
    );
}

#[test]
fn training_may_start_from_a_model() {
    let images = some(200);
    let config = config(&text("16-10", 1, 64, ""));
    let mut model = FloatModel::initial(config.network.clone(), 77).expect("a valid network");
    let bias = |channel: usize| (channel as f32 - 5.0) / 8.0;
    model.biases = [16, 10].map(|channels| (0..channels).map(bias).collect()).into();
    let mut trainer = trainer(&config, &images);
    trainer.set_weights(&model).expect("the same layers");
    // The normalization that was chosen does nothing but add the biases.
    let found = trainer.model();
    let pairs = |found: &FloatModel, model: &FloatModel| -> Vec<(f32, f32)> {
        let weights = found.weights.iter().flatten().zip(model.weights.iter().flatten());
        let biases = found.biases.iter().flatten().zip(model.biases.iter().flatten());
        weights
            .chain(biases)
            .map(|(&found, &wanted)| (found, wanted))
            .collect()
    };
    let pairs = pairs(&found, &model);
    assert_eq!(pairs.len(), 64 * 16 + 16 * 10 + 16 + 10);
    for (found, wanted) in pairs {
        assert!((found - wanted).abs() < 1e-5, "{found}, wanted {wanted}");
    }
    finish(&mut trainer, 1);
}
