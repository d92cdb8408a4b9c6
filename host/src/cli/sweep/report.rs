//! Report of a sweep.

use super::super::figures::trade_off::{Mark, Panel, Picture};
use super::super::paths::lossy;
use super::super::table::{count, percent, table};
use super::grid::Setting;
use super::pareto;
use super::results::{Point, Reading, Refusal, Results, Run};
use serde::Serialize;
use std::path::PathBuf;

/// Results of all settings.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    run: Run,
    /// Path of the results file.
    #[serde(serialize_with = "lossy")]
    results: PathBuf,
    /// Number of points that were computed in this run.
    computed: usize,
    /// Results of the float network, one for each number of steps.
    float: Vec<Reading>,
    points: Vec<ComparedPoint>,
    refused: Vec<Refusal>,
}

/// A point, compared with the float network and the other points.
#[derive(Debug, Serialize)]
struct ComparedPoint {
    #[serde(flatten)]
    point: Point,
    /// Accuracy minus that of the float network after the same number of steps; mostly negative.
    gain: f64,
    front: Front,
}

/// For each cost, whether a point is on the Pareto front of accuracy and that cost.
#[derive(Clone, Copy, Debug, Serialize)]
struct Front {
    model_bits: bool,
    synaptic_operations: bool,
}

impl Report {
    /// Makes the report of all settings and numbers of steps; their results must be known.
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
                .map(|((&point, model_bits), synaptic_operations)| ComparedPoint {
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

    /// Returns the picture of the results.
    pub(super) fn picture(&self) -> Picture {
        let mut widths: Vec<u8> = self
            .points
            .iter()
            .map(|compared| compared.point.setting.weight_bits)
            .collect();
        widths.sort_unstable();
        widths.dedup();
        let varies = |of: fn(&ComparedPoint) -> String| {
            let mut texts = self.points.iter().map(of);
            let first = texts.next();
            texts.any(|text| Some(text) != first)
        };
        let steps_vary = varies(|compared| compared.point.reading.steps.to_string());
        let leaks_vary = varies(|compared| compared.point.setting.leak.to_string());
        let guards_vary = varies(|compared| compared.point.setting.guard_bits.to_string());
        // Labels contain only the settings that differ between points.
        let label = |compared: &ComparedPoint| {
            let Setting {
                weight_bits,
                leak,
                guard_bits,
            } = &compared.point.setting;
            let mut label = format!("{weight_bits} bits");
            if steps_vary {
                label += &format!(", T {}", compared.point.reading.steps);
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
                .map(|compared| Mark {
                    cost: cost(&compared.point),
                    accuracy: compared.point.reading.accuracy,
                    group: widths
                        .iter()
                        .position(|&bits| bits == compared.point.setting.weight_bits)
                        .unwrap_or(0),
                    label: front(compared.front).then(|| label(compared)),
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
            "minus float",
            "model bits",
            "synaptic operations",
            "membrane",
            "front",
        ]);
        for ComparedPoint { point, gain, front } in &self.points {
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
            writeln!(f, "no network with {setting}: {reason}")?;
        }
        write!(
            f,
            "results: {}; {} of {} points computed in this run",
            self.results.display(),
            self.computed,
            self.points.len()
        )
    }
}
