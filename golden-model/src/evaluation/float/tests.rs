use super::*;
use crate::dataset::encode::test_raster;
use crate::dataset::{Dataset, digits};
use crate::float::gradient;
use crate::network::{InputCoding, Readout, Reset};
use crate::random::Random;
use std::collections::BTreeMap;

fn random_model() -> FloatModel {
    let description = NetworkDescription::preset("digits").unwrap();
    let parameters = Parameters::random(&description, &mut Random::new(2));
    FloatModel {
        weights: parameters.to_matrices(&description),
        description,
        provenance: BTreeMap::new(),
        biases: Vec::new(),
    }
}

#[test]
fn images_are_judged_by_their_test_rasters() {
    let data = digits::load().unwrap().test;
    let model = random_model();
    let evaluation = evaluate(&model, &data, 5).unwrap();
    let rasters: Vec<_> = (0..data.len())
        .map(|index| test_raster(&model.description, &data, index, 5))
        .collect();
    let labels: Vec<usize> = (0..data.len()).map(|index| data.label(index)).collect();
    let batch = gradient(&model, &rasters, &labels, &[]).unwrap();

    assert_eq!(evaluation.answers.len(), 360);
    for (index, output) in batch.outputs.iter().enumerate() {
        let largest = output.iter().copied().fold(f32::MIN, f32::max);
        let answer = output.iter().position(|&y| y >= largest).unwrap();
        assert_eq!(evaluation.answers[index], answer, "image {index}");
    }
    assert!((evaluation.loss * 360.0 - batch.loss).abs() < 1e-9 * batch.loss);
    let input: usize = rasters.iter().map(|raster| raster.total()).sum();
    let hidden: usize = batch.spikes.iter().map(|layers| layers[0].total()).sum();
    let neurons = model.description.shapes()[0].size() as f64;
    let operations = (input as f64 * neurons + hidden as f64 * 10.0) / 360.0;
    assert!((evaluation.synaptic_operations - operations).abs() < 1e-6);
    assert!((evaluation.activity[1].spikes - hidden as f64 / 360.0).abs() < 1e-9);
    let rate = hidden as f64 / 360.0 / (neurons * model.description.steps as f64);
    assert!((evaluation.activity[1].rate - rate).abs() < 1e-12);
}

#[test]
fn confusion_counts_every_image_once() {
    let data = digits::load().unwrap().test;
    let evaluation = evaluate(&random_model(), &data, 5).unwrap();
    let rows: Vec<usize> = evaluation.confusion.iter().map(|row| row.iter().sum()).collect();
    assert_eq!(rows, data.class_counts());
    let diagonal: usize = (0..10).map(|class| evaluation.confusion[class][class]).sum();
    assert_eq!(diagonal, evaluation.correct);
    assert!((evaluation.accuracy - diagonal as f64 / 360.0).abs() < 1e-12);
}

#[test]
fn a_model_with_wrong_weights_is_refused() {
    let data = digits::load().unwrap().test;
    let mut model = random_model();
    model.weights[1][[2, 3]] = f32::NAN;
    assert_eq!(
        evaluate(&model, &data, 1).unwrap_err().to_string(),
        "layer `out`: the weight of neuron 2 for source 3 is NaN; \
         train the network again with a lower learning rate"
    );
    model.weights[1] = ndarray::Array2::zeros((10, 3));
    let error = evaluate(&model, &data, 1).unwrap_err().to_string();
    assert!(
        error.starts_with("layer `out`: the weights have shape [10, 3], but the network needs [10, "),
        "{error}"
    );
    model.weights.pop();
    assert_eq!(
        evaluate(&model, &data, 1).unwrap_err().to_string(),
        "the model has 1 weight matrices, but the network needs 2; train the network again"
    );
}

#[test]
fn reading_out_early_is_evaluating_with_fewer_steps() {
    let data = digits::load().unwrap().test;
    let mut model = random_model();
    let whole = evaluate(&model, &data, 5).unwrap();
    assert_eq!(whole.correct_by_step.len(), model.description.steps);
    assert_eq!(whole.correct_by_step.last(), Some(&whole.correct));
    assert!(0 < whole.memory.used && whole.memory.used < whole.memory.most);
    for steps in 1..=whole.correct_by_step.len() {
        model.description.steps = steps;
        let part = evaluate(&model, &data, 5).unwrap();
        assert_eq!(part.correct, whole.correct_by_step[steps - 1], "{steps} steps");
        assert_eq!(part.correct_by_step, whole.correct_by_step[..steps]);
    }
}

/// Two inputs: the first spikes in each of four steps, the second never. There is no leak.
#[test]
fn spikes_operations_and_early_answers_of_a_network_followed_by_hand() {
    let mut description = NetworkDescription::from_compact("3-2@1x1x2", None).unwrap();
    (description.steps, description.rate, description.leak) = (4, 1.0, 1.0);
    let model = FloatModel {
        description,
        // The first neuron fires in every second step, the second in every step, the third never.
        weights: vec![
            ndarray::array![[0.6, 9.0], [2.0, 9.0], [-1.0, 9.0]],
            // Membranes 0, 1, 1, 2 and 0.4, 0.8, 1.2, 1.6.
            ndarray::array![[1.0, 0.0, 9.0], [0.0, 0.4, 9.0]],
        ],
        provenance: BTreeMap::new(),
        biases: Vec::new(),
    };
    let data = Dataset::new("toy", model.description.input, 2, 255, vec![255, 0], vec![0]).unwrap();
    let evaluation = evaluate(&model, &data, 1).unwrap();
    assert_eq!(evaluation.correct_by_step, [0, 1, 0, 1]);
    assert_eq!((evaluation.answers, evaluation.correct), (vec![0], 1));
    let spikes: Vec<f64> = evaluation.activity.iter().map(|layer| layer.spikes).collect();
    assert_eq!(spikes, [4.0, 2.0 + 4.0]);
    assert_eq!(evaluation.operations, [4.0 * 3.0, 6.0 * 2.0]);
    assert_eq!(evaluation.synaptic_operations, 24.0);
}

#[test]
fn progress_is_told_of_every_image() {
    let data = digits::load().unwrap().test;
    let most = AtomicUsize::new(0);
    let calls = AtomicUsize::new(0);
    let progress = |done| {
        most.fetch_max(done, Ordering::Relaxed);
        calls.fetch_add(1, Ordering::Relaxed);
    };
    evaluate_with(&random_model(), &data, 5, &progress).unwrap();
    assert_eq!((most.into_inner(), calls.into_inner()), (360, 360));
}

/// Graded input is the same for every seed, and every image is judged by the values that an encoder gives.
#[test]
fn graded_images_are_judged_by_their_values() {
    let data = digits::load().unwrap().test;
    let mut model = random_model();
    model.description.coding = InputCoding::Direct;
    model.description.reset = Reset::Subtract;
    model.description.readout = Readout::Sum;
    model.description.steps = 4;
    model.biases = vec![vec![0.125; model.description.shapes()[0].size()], vec![0.5; 10]];
    let evaluation = evaluate(&model, &data, 5).unwrap();
    assert_eq!(evaluate(&model, &data, 6).unwrap(), evaluation);

    let weights = Parameters::of_model(&model).unwrap();
    let engine = Engine::new(&model.description);
    let mut state = engine.state();
    let mut values = 0;
    for index in 0..data.len() {
        let raster = test_raster(&model.description, &data, index, 1);
        values += raster.total();
        assert_eq!(raster.step(0), raster.step(3));
        engine.forward_raster(&weights, &raster, &mut state);
        assert_eq!(evaluation.answers[index], state.answer(), "image {index}");
    }
    let input = &evaluation.activity[0];
    assert!((input.spikes * data.len() as f64 - values as f64).abs() < 1e-6);
    // Without the biases, more images have another answer.
    model.biases.clear();
    assert_ne!(evaluate(&model, &data, 5).unwrap().answers, evaluation.answers);
}

#[test]
fn the_papers_rule_refuses_what_it_has_no_gradient_for() {
    let mut model = random_model();
    let refused = |model: &FloatModel| gradient(model, &[], &[], &[]).unwrap_err().to_string();
    let wanted = |feature: &str| {
        format!(
            "network `digits` has {feature}, for which the training rule of the paper has no gradient; train it with \
             `rule = \"few-steps\"`"
        )
    };
    model.biases = vec![vec![], vec![0.0; 10]];
    assert_eq!(refused(&model), wanted("biases"));
    model.description.readout = Readout::Sum;
    assert_eq!(refused(&model), wanted("an output without leak (readout `sum`)"));
    model.description.reset = Reset::Subtract;
    assert_eq!(refused(&model), wanted("reset by subtraction (reset `subtract`)"));
    model.description.coding = InputCoding::Direct;
    assert_eq!(refused(&model), wanted("graded input (coding `direct`)"));
    assert!(crate::workload::Pass::new(&model).is_err());
    let tuning = crate::train::FineTuning::check_support(&model, crate::train::Rule::Paper)
        .unwrap_err()
        .to_string();
    assert_eq!(
        tuning,
        "network `digits` has graded input (coding `direct`), for which fine-tuning by the rule of the paper has no \
         gradient; fine-tune it with `rule = \"few-steps\"`, or quantize it without fine-tuning"
    );
    let data = digits::load().unwrap().test;
    let config = crate::Config::preset("digits").unwrap().train.unwrap();
    let trainer = crate::train::Trainer::new(model.description.clone(), config.clone(), &data, None);
    assert_eq!(
        trainer.unwrap_err().to_string(),
        wanted("graded input (coding `direct`)")
    );
    let mut plain = random_model();
    let mut trainer = crate::train::Trainer::new(plain.description.clone(), config, &data, None).unwrap();
    plain.biases = vec![vec![], vec![0.0; 10]];
    assert_eq!(
        trainer.set_weights(&plain).unwrap_err().to_string(),
        wanted("biases")
    );
}
