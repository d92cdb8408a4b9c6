use super::*;
use crate::dataset::{Split, digits};
use crate::float::FloatModel;
use crate::network::LayerKind;
use crate::train::Progress;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Number of batches per epoch of the small run.
const BATCHES: usize = 5;

/// Network with dropout, trained for three epochs of five uneven batches of augmented images, with another learning
/// rate in every epoch.
fn small(optimizer: &str) -> (NetworkDescription, TrainConfig) {
    let mut description = NetworkDescription::preset("digits").unwrap();
    description.layers[0].kind = LayerKind::Fc { out: 24 };
    description.layers[0].dropout = 0.25;
    let text = format!(
        "optimizer = '{optimizer}'\nlearning_rate = 0.002\nepochs = 3\nbatch = 320\nweight_decay = 0.01\n\
         schedule = 'cosine'\nwarmup = 0.5\nshift = 1"
    );
    (description, toml::from_str(&text).unwrap())
}

fn trainer<'data>(
    (description, config): (NetworkDescription, TrainConfig),
    data: &'data Split,
) -> Trainer<'data> {
    Trainer::new(description, config, &data.train, Some(&data.test)).unwrap()
}

/// Trains `batches` batches, or to the end of the epoch.
fn advance(trainer: &mut Trainer<'_>, batches: usize) {
    let mut left = batches;
    let _ = trainer
        .advance(&mut |_| {
            left -= 1;
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
}

fn finish(mut trainer: Trainer<'_>) -> Outcome {
    while trainer.epochs_done() < trainer.config.epochs {
        trainer.epoch(&mut |_| ()).unwrap();
    }
    // The reports are equal except for the measured times.
    let history = trainer.history().iter().cloned().map(|report| EpochReport {
        seconds: 0.0,
        test_seconds: 0.0,
        images_per_second: 0.0,
        ..report
    });
    (trainer.model(), trainer.best().unwrap(), history.collect())
}

type Outcome = (FloatModel, (usize, FloatModel), Vec<EpochReport>);

fn uninterrupted(optimizer: &str) -> Outcome {
    let data = digits::load().unwrap();
    finish(trainer(small(optimizer), &data))
}

/// Trains some epochs and batches, and writes a checkpoint.
fn held(optimizer: &str, epochs: usize, batches: usize) -> (tempfile::TempDir, PathBuf) {
    let data = digits::load().unwrap();
    let mut trainer = trainer(small(optimizer), &data);
    for _ in 0..epochs {
        trainer.epoch(&mut |_| ()).unwrap();
    }
    if batches > 0 {
        advance(&mut trainer, batches);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint.safetensors");
    let checkpoint = trainer.checkpoint();
    assert_eq!(
        (checkpoint.history().len(), checkpoint.batches_done()),
        (epochs, batches)
    );
    checkpoint.save(&path).unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint);
    (folder, path)
}

fn resume(
    checkpoint: Checkpoint,
    (description, config): (NetworkDescription, TrainConfig),
) -> Result<Outcome> {
    let data = digits::load().unwrap();
    let trainer = Trainer::resume(checkpoint, description, config, &data.train, Some(&data.test))?;
    Ok(finish(trainer))
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

#[test]
fn a_resumed_run_ends_like_one_that_was_not_held_wherever_that_was() {
    let wanted = with_threads(1, || uninterrupted("adamw"));
    for (epochs, batches) in [(0, 0), (0, 1), (1, 0), (1, 3), (2, BATCHES), (3, 0)] {
        let (_folder, path) = held("adamw", epochs, batches);
        let checkpoint = Checkpoint::load(&path).unwrap();
        let found = with_threads(3, || resume(checkpoint, small("adamw"))).unwrap();
        assert_eq!(found, wanted, "held after {epochs} epochs and {batches} batches");
    }
}

#[test]
fn a_run_resumes_only_on_the_same_images_though_the_labels_are_the_same() {
    let data = digits::load().unwrap();
    let (_folder, path) = held("sgd", 1, 0);
    let checkpoint = Checkpoint::load(&path).unwrap();
    assert!(checkpoint.identifies_contents());
    let changed = |part: &Dataset| {
        let size = part.shape().size();
        let mut pixels: Vec<u8> = (0..part.len())
            .flat_map(|index| part.image(index).to_vec())
            .collect();
        pixels[size - 1] ^= 1;
        let labels = part.labels().to_vec();
        Dataset::new(part.name(), part.shape(), 10, 16, pixels, labels).unwrap()
    };
    let resume = |checkpoint: &Checkpoint, train: &Dataset, test: &Dataset| {
        let (description, config) = small("sgd");
        Trainer::resume(checkpoint.clone(), description, config, train, Some(test)).map(|_| ())
    };
    for (train, test, field) in [
        (&changed(&data.train), &data.test, "data.train.sha256"),
        (&data.train, &changed(&data.test), "data.held_out.sha256"),
    ] {
        let error = resume(&checkpoint, train, test).unwrap_err().to_string();
        assert!(error.starts_with(&format!("this run has {field} \"")), "{error}");
    }
    resume(&checkpoint, &data.train, &data.test).unwrap();

    // Checkpoints of earlier versions do not know the contents.
    let mut json = serde_json::to_value(&checkpoint.data).unwrap();
    for part in ["train", "held_out"] {
        json[part].as_object_mut().unwrap().remove("sha256").unwrap();
    }
    let earlier = Checkpoint {
        data: serde_json::from_value(json).unwrap(),
        ..checkpoint
    };
    assert!(!earlier.identifies_contents());
    resume(&earlier, &changed(&data.train), &data.test).unwrap();
}

#[test]
fn every_optimizer_resumes() {
    for optimizer in ["sgd", "adam"] {
        let (_folder, path) = held(optimizer, 1, 2);
        let checkpoint = Checkpoint::load(&path).unwrap();
        let found = resume(checkpoint, small(optimizer)).unwrap();
        assert_eq!(found, uninterrupted(optimizer), "{optimizer}");
    }
}

#[test]
fn every_kind_of_layer_resumes() {
    let text = "name = 'all'\ninput = [1, 8, 8]\nsteps = 10\nrate = 1.0\n\
                layer = [{ name = 'conv', op = 'conv', out = 5, kernel = 3, padding = 1, dropout = 0.2 },\n\
                { name = 'pool', op = 'pool', kernel = 2 },\n\
                { name = 'joined', op = 'conv', out = 7, kernel = 3, stride = 2, padding = 1, \
                shortcut = { from = 'pool', stride = 2 } },\n\
                { name = 'hidden', op = 'fc', out = 9 },\n{ name = 'out', op = 'out', out = 10 }]\n\
                [train]\noptimizer = 'adam'\nlearning_rate = 0.01\nepochs = 1\nbatch = 16\nweight_decay = 0.01";
    let crate::Config { network, train } = crate::Config::from_toml_str(text, "text").unwrap();
    let train = train.unwrap();
    let data = digits::load().unwrap().train.split(80, 1).unwrap().test;
    let new = || Trainer::new(network.clone(), train.clone(), &data, None).unwrap();
    let mut held = new();
    advance(&mut held, 3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    held.checkpoint().save(&path).unwrap();
    let checkpoint = Checkpoint::load(&path).unwrap();
    assert_eq!(checkpoint, held.checkpoint());
    let resumed = Trainer::resume(checkpoint, network.clone(), train.clone(), &data, None).unwrap();
    let (found, wanted) = (finish(resumed), finish(new()));
    assert_eq!(found, wanted);
    let idle: Vec<bool> = wanted.2[0]
        .activity
        .iter()
        .map(|layer| layer.idle.is_some())
        .collect();
    assert_eq!(idle, [false, true, true, true, true]);
}

#[test]
fn a_run_that_is_held_every_batch_is_the_same_run() {
    let data = digits::load().unwrap();
    let mut held = trainer(small("adamw"), &data);
    let mut reports = 0;
    let mut after_batches = |progress: Progress| match progress.evaluated {
        0 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    for _ in 0..3 * (BATCHES + 1) {
        reports += usize::from(held.advance(&mut after_batches).unwrap().is_some());
    }
    assert_eq!(reports, 3);
    assert_eq!(finish(held), uninterrupted("adamw"));
}

#[test]
fn an_evaluation_that_is_stopped_starts_anew() {
    let data = digits::load().unwrap();
    let mut held = trainer(small("adamw"), &data);
    let mut most = 0;
    let mut once = |progress: Progress| {
        assert_eq!(progress.to_evaluate, 360);
        most = most.max(progress.evaluated);
        match progress.evaluated {
            0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    };
    assert!(held.advance(&mut once).unwrap().is_none());
    assert!((1..360).contains(&most), "{most}");
    assert_eq!((held.epochs_done(), held.progress().batch), (0, BATCHES));
    assert!(held.history().is_empty() && held.evaluation().is_none() && held.best().is_none());
    let (description, config) = small("adamw");
    let resumed = Trainer::resume(
        held.checkpoint(),
        description,
        config,
        &data.train,
        Some(&data.test),
    );
    assert_eq!(finish(resumed.unwrap()), uninterrupted("adamw"));
}

/// Returns the error of resuming a run, stopped in its second epoch, with changed parameters.
fn refusal(change: impl FnOnce(&mut NetworkDescription, &mut TrainConfig)) -> String {
    let (_folder, path) = held("adamw", 1, 2);
    let (mut description, mut config) = small("adamw");
    change(&mut description, &mut config);
    resume(Checkpoint::load(&path).unwrap(), (description, config))
        .unwrap_err()
        .to_string()
}

#[test]
fn what_differs_from_the_checkpoint_is_named() {
    let remedy = "resume with the value of the checkpoint, or start a new run";
    assert_eq!(
        refusal(|_, config| config.momentum = 0.5),
        format!("this run has train.momentum 0.5, but the checkpoint has 0.9; {remedy}")
    );
    assert_eq!(
        refusal(|_, config| config.milestones = vec![1]),
        format!("this run has train.milestones [1], but the checkpoint has []; {remedy}")
    );
    assert_eq!(
        refusal(|network, _| network.layers[0].kind = LayerKind::Fc { out: 25 }),
        format!("this run has network.layer.hidden.out 25, but the checkpoint has 24; {remedy}")
    );
    assert_eq!(
        refusal(|network, _| network.layers[0].dropout = 0.0),
        format!("this run has network.layer.hidden.dropout none, but the checkpoint has 0.25; {remedy}")
    );
}

#[test]
fn other_data_are_named() {
    let (_folder, path) = held("adamw", 0, 1);
    let data = digits::load().unwrap();
    let other = data.train.split(300, 1).unwrap();
    let (description, config) = small("adamw");
    let error = Trainer::resume(
        Checkpoint::load(&path).unwrap(),
        description,
        config,
        &other.train,
        Some(&data.test),
    );
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with("this run has data.train.images 1137, but the checkpoint has 1437"),
        "{text}"
    );
}

#[test]
fn the_end_moves_where_the_schedule_allows_it() {
    assert_eq!(
        refusal(|_, config| config.epochs = 4),
        "this run has train.epochs 4, but the checkpoint has 3, and a cosine schedule depends on this number from the start; \
         resume with 3, or start a new run"
    );
    assert_eq!(
        refusal(|_, config| config.epochs = 1),
        "this run has train.epochs 1, but the checkpoint has reached epoch 2; set at least 2, or start a new run"
    );

    let data = digits::load().unwrap();
    let steps = |epochs| {
        let (description, mut config) = small("adamw");
        config.schedule = crate::train::Schedule::Step;
        config.epochs = epochs;
        (description, config)
    };
    let mut short = trainer(steps(1), &data);
    short.epoch(&mut |_| ()).unwrap();
    let checkpoint = short.checkpoint();
    assert!(checkpoint.is_finished());
    assert_eq!(
        resume(checkpoint, steps(2)).unwrap(),
        finish(trainer(steps(2), &data))
    );
}

#[test]
fn a_lower_learning_rate_has_to_be_set_on_the_checkpoint() {
    let lower = |config: &mut TrainConfig| config.learning_rate = 0.001;
    assert!(refusal(|_, config| lower(config)).contains("train.learning_rate 0.001"));
    let (_folder, path) = held("adamw", 1, 2);
    let mut checkpoint = Checkpoint::load(&path).unwrap();
    checkpoint.set_learning_rate(0.001);
    let mut changed = small("adamw");
    lower(&mut changed.1);
    assert_ne!(resume(checkpoint, changed).unwrap().0, uninterrupted("adamw").0);
}

/// Returns the error of loading a changed file.
fn damage(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let (_folder, path) = held("sgd", 1, 2);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    crate::file::container::seal(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    let text = Checkpoint::load(&path).unwrap_err().to_string();
    let name = path.display().to_string();
    assert!(text.contains(&name), "{text}");
    text.replace(&name, "FILE")
}

/// Replaces a text of the header by one of the same length.
fn replace(bytes: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let place = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .expect("the text is there");
    bytes[place..][..to.len()].copy_from_slice(to.as_bytes());
}

#[test]
fn damaged_files_are_refused() {
    let cut = damage(|bytes| bytes.truncate(bytes.len() - 100));
    assert!(cut.contains("its header announces"), "{cut}");
    let empty = damage(|bytes| bytes.clear());
    assert!(empty.contains("FILE is not a model file"), "{empty}");
    let newer = damage(|bytes| replace(bytes, r#""version":"1""#, r#""version":"2""#));
    assert_eq!(
        newer,
        "FILE: the file has version 2 of its format, but this program reads versions up to 1; use a newer synfire"
    );
    let other = damage(|bytes| replace(bytes, "synfire-checkpoint", "synfire-checkpoinT"));
    assert_eq!(
        other,
        "FILE: the file has format `synfire-checkpoinT`, but must have `synfire-checkpoint`; \
         give the checkpoint of a run that has not ended"
    );
    let last = damage(|bytes| {
        let place = bytes.len() - 4;
        bytes[place..].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert_eq!(
        last,
        "FILE: number 239 of tensor `weight/out` is NaN, but must be finite; \
         the checkpoint is damaged, resume from another one"
    );
}

/// A flipped bit of a weight, of the optimizer's memory or of the position would resume another run.
#[test]
fn flipped_bits_are_refused() {
    let (_folder, path) = held("sgd", 1, 2);
    let sound = std::fs::read(&path).unwrap();
    for byte in (0..sound.len()).step_by(97).chain([sound.len() - 1]) {
        let mut bytes = sound.clone();
        bytes[byte] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        Checkpoint::load(&path).unwrap_err();
    }
}

#[test]
fn contradictory_files_are_refused() {
    let remedy = "the checkpoint is damaged, resume from another one";
    assert_eq!(
        damage(|bytes| replace(bytes, r#"\"batches\":2"#, r#"\"batches\":9"#)),
        format!("FILE: the batch is 9, but must be at most 5; {remedy}")
    );
    assert_eq!(
        damage(|bytes| replace(bytes, r#"\"batches\":2"#, r#"\"batches\":3"#)),
        format!("FILE: the number of images seen is 640, but must be 960; {remedy}")
    );
    assert_eq!(
        damage(|bytes| replace(bytes, r#"\"optimizer_steps\":7"#, r#"\"optimizer_steps\":8"#)),
        format!("FILE: the optimizer's number of steps is 8, but must be 7; {remedy}")
    );
    assert_eq!(
        damage(|bytes| replace(bytes, r#"[{\"epoch\":1"#, r#"[{\"epoch\":2"#)),
        format!("FILE: history is out of order, but must be every epoch from 1 on; {remedy}")
    );
}

#[test]
fn a_model_is_no_checkpoint() {
    let data = digits::load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    trainer(small("sgd"), &data).model().save(&path).unwrap();
    let text = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(
        text.contains("the file has format `synfire-model`, but must have `synfire-checkpoint`; "),
        "{text}"
    );
}
