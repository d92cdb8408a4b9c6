//! Parameters of fine-tuning: those of the training before it, with a lower learning rate.

use super::super::super::data::DataArgs;
use super::super::super::diagnostic::{CliError, Result};
use super::super::super::paths::Name;
use synfire_golden_model::Config;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::train::{Init, Rule, Schedule, TrainConfig};

/// Default learning rate of fine-tuning, relative to that of training. Under the second rule, weights of fine-tuning have the
/// normalization folded into them and nothing that bounds what a step of theirs does.
const fn rate(rule: Rule) -> f32 {
    match rule {
        Rule::FewSteps => 0.003,
        _ => 0.1,
    }
}

/// Returns the parameters of training: those of the network `like` if it is given, otherwise those that the model file
/// records, otherwise those of the preset with the model's name.
pub(super) fn of(model: &FloatModel, like: Option<&Name>, data: &DataArgs) -> Result<TrainConfig> {
    if let Some(like) = like {
        return Ok(data.network(like)?.require_train()?.clone());
    }
    let recorded = model.provenance.get("parameters");
    if let Some(recorded) = recorded.and_then(|text| serde_json::from_str(text).ok()) {
        return Ok(recorded);
    }
    let name = &model.description.name;
    let preset = Config::preset(name).ok().and_then(|preset| preset.train);
    preset.ok_or_else(|| CliError::NoTrainingParameters {
        network: name.clone(),
    })
}

/// Returns the parameters of fine-tuning: optimizer, batch, loss and augmentation of training, with another number of
/// epochs and a learning rate that falls to 0.
pub(super) fn for_fine_tuning(
    trained: TrainConfig,
    epochs: usize,
    learning_rate: Option<f32>,
) -> TrainConfig {
    TrainConfig {
        learning_rate: learning_rate.unwrap_or(rate(trained.rule) * trained.learning_rate),
        epochs,
        schedule: Schedule::Cosine,
        final_fraction: 0.0,
        warmup: 0.0,
        milestones: Vec::new(),
        // All steps from the beginning: the network has learned to use them.
        steps: Vec::new(),
        // Fine-tuning starts from the quantized weights.
        init: Init::Random,
        ..trained
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const NO_DATA: DataArgs = DataArgs {
        data: None,
        data_dir: None,
        from_first_event: false,
    };

    fn model(preset: &str) -> FloatModel {
        FloatModel {
            description: Config::preset(preset).unwrap().network,
            weights: Vec::new(),
            provenance: BTreeMap::new(),
            biases: Vec::new(),
        }
    }

    fn preset(name: &str) -> TrainConfig {
        Config::preset(name).unwrap().train.unwrap()
    }

    #[test]
    fn the_named_network_precedes_the_models_record_and_that_the_preset() {
        let mut model = model("digits");
        assert_eq!(of(&model, None, &NO_DATA).unwrap(), preset("digits"));
        let recorded = TrainConfig {
            batch: 7,
            rotate: 12.5,
            ..preset("digits")
        };
        let text = serde_json::to_string(&recorded).unwrap();
        model.provenance.insert("parameters".into(), text);
        assert_eq!(of(&model, None, &NO_DATA).unwrap(), recorded);
        assert_eq!(
            of(&model, Some(&"lenet".into()), &NO_DATA).unwrap(),
            preset("lenet")
        );
        model.provenance.clear();
        model.description.name = "unheard-of".into();
        let error = of(&model, None, &NO_DATA).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the training parameters of network `unheard-of` are not known"
        );
    }

    #[test]
    fn the_rate_is_a_part_of_trainings_unless_another_is_given_and_falls_to_nothing() {
        let config = for_fine_tuning(preset("lenet"), 5, None);
        assert!((config.learning_rate - 0.00085).abs() < 1e-9);
        assert_eq!(config.batch, preset("lenet").batch);
        let few = for_fine_tuning(preset("lenet4"), 5, None);
        assert!((few.learning_rate - 0.0003).abs() < 1e-9, "{}", few.learning_rate);
        assert!(few.steps.is_empty(), "all steps from the beginning");
        assert!(config.learning_rate_at(4, 99, 100) < 1e-3 * config.learning_rate);
        assert_eq!(
            for_fine_tuning(preset("lenet"), 5, Some(0.25)).learning_rate_at(0, 0, 100),
            0.25
        );
    }
}
