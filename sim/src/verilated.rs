//! Core of a build in a Verilator simulation, in any form that has the core's ports.

use crate::error::{Error, Result};
use crate::observation::{self, Gatherer, LayerCounters, Observation};
use crate::preparation::Preparation;
use crate::stimulus::{Run, events};
use crate::verilator::{Harness, Simulator, program};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use synfire_golden_model::integer::Margins;
use synfire_hw::accelerator::core_params;
use synfire_hw::build::Build;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::LayerPlan;
use synfire_hw::process::{Guarded, create_log};
use synfire_hw::synth::checks::Form;

/// Size of the buffer for records, in bytes; a sweep writes a record in every cycle.
const RECORD_BYTES: usize = 1 << 16;
// Tags of requests to the harness.
const IMAGE: u32 = 1;
const LOAD: u32 = 2;
const EXITS: u32 = 3;
// Tags of records from the harness.
const TAP: u32 = 1;
const RESULT: u32 = 2;
const HUNG: u32 = 3;
const CLEARED: u32 = 4;
const SWEPT: u32 = 5;
// Flags of a swept word, above the bits of the layer's number.
const LAST: u32 = 1 << 16;
const CLEARS: u32 = 1 << 17;

/// Core in a running Verilator simulation, which ends when this value is dropped.
#[derive(Debug)]
pub struct VerilatedCore {
    child: Guarded,
    /// Pipe to the simulator; none after [`VerilatedCore::finish`] has closed it.
    requests: Option<BufWriter<ChildStdin>>,
    records: BufReader<ChildStdout>,
    program: PathBuf,
    log: PathBuf,
    geometry: Geometry,
    /// Lanes of every layer; the output layer is the last.
    lanes: Vec<usize>,
    /// Membranes of each layer that a sweep shows at once.
    units: Vec<usize>,
    classes: usize,
    /// Whether inferences may exit early.
    exits: bool,
}

impl VerilatedCore {
    /// Builds the simulator of a form of the design if needed, and starts it. If `exit` gives margins, inferences exit early by
    /// them.
    ///
    /// # Errors
    /// The errors of [`program`] and [`Preparation::of`], and [`Error::Io`] if the simulator cannot be started.
    pub fn start(build: &Build, form: Form, exit: Option<&Margins>) -> Result<Self> {
        let harness = Harness::Cosim;
        Self::launch(build, exit, Simulator { harness, form }, None)
    }

    /// Starts the simulator as [`VerilatedCore::start`] does, and records a waveform of all signals.
    ///
    /// # Errors
    /// The errors of [`VerilatedCore::start`].
    pub fn start_traced(build: &Build, form: Form, exit: Option<&Margins>, waveform: &Path) -> Result<Self> {
        let harness = Harness::CosimTraced;
        Self::launch(build, exit, Simulator { harness, form }, Some(waveform))
    }

    fn launch(
        build: &Build,
        exit: Option<&Margins>,
        simulator: Simulator,
        waveform: Option<&Path>,
    ) -> Result<Self> {
        let model = build.model()?;
        let preparation = Preparation::of(&core_params(&model, &build.manifest.plan)?, exit)?;
        let program = program(build, simulator)?;
        let manifest = &build.manifest;
        let lanes: Vec<usize> = manifest.plan.layers.iter().map(|layer| layer.lanes).collect();
        let units: Vec<usize> = manifest.plan.layers.iter().map(LayerPlan::units).collect();
        let listed: Vec<String> = units.iter().map(ToString::to_string).collect();
        let log = program.with_extension("log");
        let errors = create_log(&log)?;
        let mut command = Command::new(&program);
        // The memory images are named relative to the build folder.
        command
            .current_dir(&build.folder)
            .args([manifest.classes.to_string(), listed.join(",")])
            .args(waveform)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors);
        let mut child = Guarded::spawn(&mut command)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Simulator {
                program,
                reason: "it has no pipes".into(),
                log,
            });
        };
        let mut core = Self {
            child,
            requests: Some(BufWriter::new(stdin)),
            records: BufReader::with_capacity(RECORD_BYTES, stdout),
            program,
            log,
            geometry: Geometry::of(&model)?,
            lanes,
            units,
            classes: manifest.classes,
            exits: preparation.exits,
        };
        core.prepare(&preparation)?;
        Ok(core)
    }

    fn prepare(&mut self, preparation: &Preparation) -> Result<()> {
        for load in &preparation.parameter_loads {
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let words = load.bytes.len() / load.word_bytes;
            let header = [LOAD, load.memory.into(), count(load.word_bytes), count(words)];
            self.request(
                header
                    .into_iter()
                    .chain(load.bytes.iter().map(|&byte| byte.into())),
            )?;
        }
        self.request([EXITS, preparation.exits.into()])
    }

    fn request(&mut self, words: impl IntoIterator<Item = u32>) -> Result<()> {
        let request: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
        let sent = self
            .requests
            .as_mut()
            .is_some_and(|pipe| pipe.write_all(&request).and_then(|()| pipe.flush()).is_ok());
        if sent {
            return Ok(());
        }
        Err(self.broken("it has ended"))
    }

    /// Ends the simulator and waits for it, so that its waveform is complete.
    ///
    /// # Errors
    /// [`Error::Simulator`] if the simulator reports a failure.
    pub fn finish(mut self) -> Result<()> {
        drop(self.requests.take());
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.broken(&status.to_string())),
            Err(error) => Err(self.broken(&error.to_string())),
        }
    }

    /// Reads the result of an inference: everything except the events and words at the taps.
    fn result(&mut self) -> Result<Observation> {
        let cycles = self.word()?.into();
        let active_cycles = self.word()?.into();
        let seen_idle = self.word()?.into();
        let steps = self.word()?.into();
        let potentials = (0..self.classes)
            .map(|_| Ok(self.word()?.cast_signed()))
            .collect::<Result<Vec<_>>>()?;
        let counters = (0..self.lanes.len())
            .map(|_| {
                Ok(LayerCounters {
                    spikes_in: self.word()?.into(),
                    spikes_out: self.word()?.into(),
                    busy_cycles: self.word()?.into(),
                    stalled_cycles: self.word()?.into(),
                    seen_stalled: self.word()?.into(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Observation {
            potentials,
            cycles,
            active_cycles,
            seen_idle,
            steps,
            counters,
            ..Observation::default()
        })
    }

    fn word(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        match self.records.read_exact(&mut bytes) {
            Ok(()) => Ok(u32::from_ne_bytes(bytes)),
            Err(_) => Err(self.broken("it has ended")),
        }
    }

    fn broken(&self, reason: &str) -> Error {
        Error::Simulator {
            program: self.program.clone(),
            reason: reason.into(),
            log: self.log.clone(),
        }
    }
}

impl observation::Core for VerilatedCore {
    fn infer(&mut self, run: &Run<'_>) -> Result<Observation> {
        let events = events(run.raster, self.geometry.input);
        let count =
            u32::try_from(events.len()).map_err(|_| self.broken("the inference has too many events"))?;
        let limit = u32::try_from(run.limit).unwrap_or(u32::MAX);
        let pace = [run.pace.gap.into(), run.pace.hold.into(), run.pace.seed];
        let header = [IMAGE, count, limit].into_iter().chain(pace);
        self.request(header.chain(events))?;
        let mut gatherer = Gatherer::new(&self.geometry, &self.lanes);
        let mut observation = Observation::default();
        let mut word = Vec::new();
        loop {
            match self.word()? {
                TAP => {
                    let layer = self.word()? as usize;
                    let event = self.word()?;
                    let mask = u64::from(self.word()?) | u64::from(self.word()?) << 32;
                    gatherer.event(layer, event, mask);
                }
                SWEPT => {
                    let flags = self.word()?;
                    let layer = (flags & (LAST - 1)) as usize;
                    let units = self.units.get(layer).copied().unwrap_or(0);
                    word.clear();
                    for _ in 0..units {
                        word.push(self.word()?.cast_signed());
                    }
                    let [is_last, clears] = [LAST, CLEARS].map(|flag| flags & flag != 0);
                    gatherer.swept(layer, is_last, clears, word.iter().copied());
                }
                RESULT => observation = self.result()?,
                // After an early exit layers may still work until the clear.
                CLEARED => {
                    gatherer.finish(self.exits, &mut observation);
                    return Ok(observation);
                }
                HUNG => {
                    let cycle = self.word()?.into();
                    return Err(Error::Hung {
                        subject: run.subject,
                        limit: run.limit,
                        cycle,
                        waveform: "not recorded".into(),
                    });
                }
                tag => return Err(self.broken(&format!("it sent a record of unknown kind {tag}"))),
            }
        }
    }
}
