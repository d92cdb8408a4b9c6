//! What a sweep came to.

use super::super::figures::trade_off::{Mark, Panel, Picture};
use super::super::table::{count, percent, table};
use super::grid::Setting;
use super::pareto;
use super::results::{Point, Reading, Refusal, Results, Run};
use serde::Serialize;
use std::path::PathBuf;

/// Everything that was asked for.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    run: Run,
    /// The file of results.
    results: PathBuf,
    /// Points that were not in it before.
    computed: usize,
    /// The float network after every number of steps.
    float: Vec<Reading>,
    points: Vec<Judged>,
    refused: Vec<Refusal>,
}

/// A point among the others.
#[derive(Debug, Serialize)]
struct Judged {
    #[serde(flatten)]
    point: Point,
    /// Accuracy above that of the float network after as many steps; mostly below 0.
    gain: f64,
    front: Front,
}

/// Whether no other point is at least as good in accuracy and cost, and better in one.
#[derive(Clone, Copy, Debug, Serialize)]
struct Front {
    model_bits: bool,
    synaptic_operations: bool,
}

impl Report {
    /// Of all settings and numbers of steps, which have been worked.
    pub(super) fn new(
        results: &Results,
        path: PathBuf,
        settings: &[Setting],
        steps: &[usize],
        computed: usize,
    ) -> Self {
        let float: Vec<Reading> = steps.iter().filter_map(|&steps| results.float(steps)).collect();
        let combinations = settings
            .iter()
            .flat_map(|setting| steps.iter().map(move |&steps| (setting, steps)));
        let points: Vec<&Point> = combinations
            .filter_map(|(setting, steps)| results.point(setting, steps))
            .collect();
        let front = |cost: fn(&Point) -> f64| {
            let pairs: Vec<(f64, f64)> = points
                .iter()
                .map(|point| (cost(point), point.reading.accuracy))
                .collect();
            pareto::front(&pairs)
        };
        let by_bits = front(model_bits);
        let by_operations = front(|point| point.synaptic_operations);
        let points = points.iter().zip(by_bits).zip(by_operations);
        Self {
            run: results.run().clone(),
            results: path,
            computed,
            points: points
                .map(|((&point, model_bits), synaptic_operations)| Judged {
                    gain: point.reading.accuracy
                        - float
                            .iter()
                            .find(|reading| reading.steps == point.reading.steps)
                            .map_or(f64::NAN, |reading| reading.accuracy),
                    point: point.clone(),
                    front: Front {
                        model_bits,
                        synaptic_operations,
                    },
                })
                .collect(),
            float,
            refused: settings
                .iter()
                .filter_map(|setting| results.refusal(setting).cloned())
                .collect(),
        }
    }

    fn title(&self) -> String {
        format!(
            "{} on {}, {} test images",
            self.run.network, self.run.data, self.run.images
        )
    }

    /// The picture of it.
    pub(super) fn picture(&self) -> Picture {
        let mut widths: Vec<u8> = self
            .points
            .iter()
            .map(|judged| judged.point.setting.weight_bits)
            .collect();
        widths.sort_unstable();
        widths.dedup();
        let varies = |of: fn(&Judged) -> String| {
            let mut texts = self.points.iter().map(of);
            let first = texts.next();
            texts.any(|text| Some(text) != first)
        };
        let steps_vary = varies(|judged| judged.point.reading.steps.to_string());
        let leaks_vary = varies(|judged| judged.point.setting.leak.to_string());
        let guards_vary = varies(|judged| judged.point.setting.guard_bits.to_string());
        // What is the same everywhere need not be said everywhere.
        let label = |judged: &Judged| {
            let Setting {
                weight_bits,
                leak,
                guard_bits,
            } = &judged.point.setting;
            let mut label = format!("{weight_bits} bits");
            if steps_vary {
                label += &format!(", T {}", judged.point.reading.steps);
            }
            if leaks_vary {
                label += &format!(", leak {leak}");
            }
            if guards_vary {
                label += &format!(", guard {guard_bits}");
            }
            label
        };
        let panel = |name, cost: fn(&Point) -> f64, front: fn(Front) -> bool| Panel {
            name,
            marks: self
                .points
                .iter()
                .map(|judged| Mark {
                    cost: cost(&judged.point),
                    accuracy: judged.point.reading.accuracy,
                    group: widths
                        .iter()
                        .position(|&bits| bits == judged.point.setting.weight_bits)
                        .unwrap_or(0),
                    label: front(judged.front).then(|| label(judged)),
                })
                .collect(),
        };
        Picture {
            title: self.title(),
            groups: widths.iter().map(|bits| format!("{bits} bits")).collect(),
            reference: self
                .float
                .last()
                .map(|reading| (format!("float, T {}", reading.steps), reading.accuracy)),
            panels: [
                panel("bits of the model", model_bits, |front| front.model_bits),
                panel(
                    "synaptic operations per inference",
                    |point| point.synaptic_operations,
                    |front| front.synaptic_operations,
                ),
            ],
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no model has 2^52 bits")]
fn model_bits(point: &Point) -> f64 {
    point.made.model_bits as f64
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}, seed {}", self.title(), self.run.seed)?;
        for reading in &self.float {
            writeln!(
                f,
                "float, {} steps: accuracy {}",
                reading.steps,
                percent(reading.accuracy)
            )?;
        }
        let mut rows = table([
            "bits",
            "leak",
            "guard",
            "steps",
            "accuracy",
            "- float",
            "model bits",
            "synaptic operations",
            "membrane",
            "front",
        ]);
        for Judged { point, gain, front } in &self.points {
            let named = [
                (front.model_bits, "bits"),
                (front.synaptic_operations, "operations"),
            ];
            let front: Vec<&str> = named
                .iter()
                .filter_map(|&(stands, name)| stands.then_some(name))
                .collect();
            rows.add_row([
                point.setting.weight_bits.to_string(),
                point.setting.leak.to_string(),
                point.setting.guard_bits.to_string(),
                point.reading.steps.to_string(),
                percent(point.reading.accuracy),
                format!("{:+.2}", 100.0 * gain),
                count(model_bits(point)),
                count(point.synaptic_operations),
                format!("{} bits", point.made.membrane_bits),
                front.join(", "),
            ]);
        }
        writeln!(f, "{rows}")?;
        for Refusal { setting, reason } in &self.refused {
            writeln!(f, "no network of {setting}: {reason}")?;
        }
        write!(
            f,
            "results: {}, {} of {} points computed now",
            self.results.display(),
            self.computed,
            self.points.len()
        )
    }
}
