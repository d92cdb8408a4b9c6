use super::*;
use crate::dataset::digits;
use crate::encode::test_raster;
use crate::random::Random;
use crate::train::gradient;
use std::collections::BTreeMap;

fn random_model() -> FloatModel {
    let description = NetworkDescription::preset("digits").unwrap();
    let parameters = Parameters::random(&description, &mut Random::new(2));
    FloatModel {
        weights: parameters.to_matrices(&description),
        description,
        provenance: BTreeMap::new(),
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
        error.starts_with("layer `out`: weights of shape [10, 3], but the network wants [10, "),
        "{error}"
    );
    model.weights.pop();
    assert_eq!(
        evaluate(&model, &data, 1).unwrap_err().to_string(),
        "1 weight matrices for a network of 2 layers; train the network again"
    );
}
