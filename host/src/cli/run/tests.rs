use super::super::inference::{sampled, stimuli};
use super::*;
use crate::protocol::{Identity, InferenceResult};
use crate::testing::{SoftDevice, SoftLink};
use crate::{Error, Transport};
use std::time::Instant;
use synfire_golden_model::config::Config;
use synfire_golden_model::dataset::{self, Dataset};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::Engine;
use synfire_golden_model::quantize::{QuantizeConfig, quantize};
use synfire_hw::board::Board;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::Form;
use synfire_hw::traffic;

const IMAGES: usize = 5;
const BAUD: u32 = 1_000_000;

/// A build of the preset `digits` with random weights, and its test images.
fn build(folder: &std::path::Path) -> (Build, Dataset) {
    let network = Config::preset("digits").expect("a preset").network;
    let float = FloatModel::initial(network, 1).expect("a network");
    let (model, _) = quantize(&float, &QuantizeConfig::default()).expect("a model");
    let board = Board::find("ice40-hx8k").expect("a board");
    let data = dataset::load("digits", None).expect("built in").test;
    let stimuli = stimuli(&model, &sampled(&data, 2).expect("samples"), 1);
    let traffic = traffic::measure(&model, stimuli.iter().map(|stimulus| &stimulus.raster)).expect("traffic");
    let plan = Plan::search_within(&model, &board, &traffic, 2).expect("a plan");
    let build = Build::write(folder, &model, &board, &plan).expect("a build");
    (build, data)
}

/// A board that answers the first `right` images as the golden model does.
fn board(build: &Build, data: &Dataset, right: usize) -> SoftLink {
    let model = build.model().expect("the model");
    let payload = build.identity().expect("an identity").payload();
    let mut device = SoftDevice::with_identity(Identity::decode(&payload).expect("an identity"));
    let mut engine = Engine::new(&model).expect("an engine");
    let samples = sampled(data, IMAGES).expect("samples");
    for stimulus in &stimuli(&model, &samples, 1)[..right] {
        let answer = engine.infer_until(&stimulus.raster, None).expect("an answer");
        device.answers.push_back(InferenceResult {
            steps: u32::try_from(answer.steps).expect("few"),
            cycles: 100,
            potentials: answer.potentials,
        });
    }
    SoftLink::new(device)
}

fn job() -> Job {
    Job {
        images: IMAGES,
        seed: 1,
        baud: BAUD,
        spikes: false,
        exit: None,
        form: Form::Emitted,
    }
}

fn report(summary: Summary) -> Report {
    Report {
        dataset: "digits".into(),
        summary,
    }
}

fn context(json: bool) -> Context {
    Context::new(json, Default::default())
}

#[test]
fn what_was_done_before_a_wrong_answer_is_kept() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let (build, data) = build(folder.path());
    let whole = classify_some(
        &build,
        board(&build, &data, IMAGES),
        &data,
        &job(),
        &context(false),
    )
    .expect("a board");
    assert!(whole.error.is_none());
    assert_eq!((whole.summary.images, whole.summary.of), (IMAGES, IMAGES));

    let Outcome { summary, error } =
        classify_some(&build, board(&build, &data, 3), &data, &job(), &context(false)).expect("a board");
    assert!(
        matches!(error, Some(CliError::Answer { image: 3, .. })),
        "{error:?}"
    );
    assert_eq!((summary.images, summary.of, summary.potentials), (3, IMAGES, 30));
    assert!(
        (summary.active_cycles - 100.0).abs() < 1e-9,
        "of three inferences"
    );
    let report = report(summary);
    let shown = text(&build, BAUD, &report);
    assert!(shown.contains(" of 3 images correct ("), "{shown}");
    assert!(shown.ends_with("data set: digits"), "{shown}");
    let error = error.expect("a wrong answer");
    let shown = unfinished(&context(false), &build, BAUD, &report, error).unwrap_err();
    assert!(matches!(shown, CliError::Answer { .. }), "{shown}");
    assert_eq!(shown.exit_status(), 1);
}

/// A line on which the work is stopped after a number of requests.
struct Stopped {
    link: SoftLink,
    left: u32,
}

impl Transport for Stopped {
    fn send(&mut self, bytes: &[u8]) -> crate::Result<()> {
        if self.left == 0 {
            return Err(Error::Stopped);
        }
        self.left -= 1;
        self.link.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> crate::Result<usize> {
        self.link.receive(buffer, deadline)
    }
}

#[test]
fn what_was_done_before_a_signal_is_kept() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let (build, data) = build(folder.path());
    let mut found = Vec::new();
    for left in 2..25 {
        let link = board(&build, &data, IMAGES);
        let Ok(Outcome { summary, error }) =
            classify_some(&build, Stopped { link, left }, &data, &job(), &context(false))
        else {
            continue;
        };
        if error.is_some() {
            assert!(matches!(error, Some(CliError::Link(error)) if matches!(*error, Error::Stopped)));
            found.push(summary.images);
        }
    }
    assert!(
        found.contains(&0) && found.contains(&2) && found.is_sorted(),
        "{found:?}"
    );
}

#[test]
fn a_signal_and_a_failure_have_their_own_exit_status() {
    let stopped = || CliError::RunStopped { done: 2, of: 5 };
    assert_eq!(stopped().to_string(), "stopped by a signal after 2 of 5 images");
    assert_eq!(stopped().exit_status(), 130);
    assert_eq!(CliError::ReportedStop.exit_status(), 130);
    assert_eq!(CliError::Reported.exit_status(), 1);
    let folder = tempfile::tempdir().expect("a writable folder");
    let (build, data) = build(folder.path());
    let outcome =
        classify_some(&build, board(&build, &data, 3), &data, &job(), &context(true)).expect("a board");
    let report = report(outcome.summary);
    let end = |error| unfinished(&context(true), &build, BAUD, &report, error).unwrap_err();
    assert!(matches!(end(stopped()), CliError::ReportedStop));
    assert!(matches!(end(Error::Stopped.into()), CliError::Reported));
    let object = serde_json::to_value(Unfinished {
        report: &report,
        error: error_object(&stopped()),
    })
    .expect("JSON");
    assert_eq!((&object["images"], &object["of"]), (&3.into(), &5.into()));
    assert_eq!(object["error"]["code"], "synfire::interrupted");
    assert_eq!(
        object["error"]["message"],
        "stopped by a signal after 2 of 5 images"
    );
}
