//! Jobs of a device: writes, and a read behind them that shows that they were executed.

use super::Timeouts;
use crate::error::{Error, Result};
use crate::protocol::load::IMAGE_MEMORY;
use crate::protocol::{Identity, Image, MemoryImage, Opcode, Spike, SpikeEncoder};
use std::time::Duration;

/// A write with its payload.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) opcode: Opcode,
    pub(super) payload: Vec<u8>,
}

impl Write {
    pub(super) const fn load(payload: Vec<u8>) -> Self {
        let opcode = Opcode::Load;
        Self { opcode, payload }
    }

    const fn spikes(payload: Vec<u8>) -> Self {
        let opcode = Opcode::Spikes;
        Self { opcode, payload }
    }
}

/// Writes and the read behind them: an inference and its RESULT, or LOADs and IDENTIFY.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) writes: Vec<Write>,
    pub(super) last: Opcode,
    /// Time steps of the inference; 0 if the job is none.
    pub(super) steps: u32,
    /// Whether the inference may exit early, after fewer steps.
    pub(super) may_exit: bool,
    /// How long RESULT may return the status "not ready".
    pub(super) patience: Duration,
    source: Source,
}

/// What the writes of a job were made from.
#[derive(Clone, Debug)]
enum Source {
    /// CLEAR, and the spikes behind it.
    Spikes(SpikeEncoder, Vec<Vec<Spike>>),
    /// The pixels, and IMAGE behind them.
    Image(MemoryImage),
    /// LOADs as they are.
    Loads,
}

impl Job {
    /// Makes the same job of requests of at most `frame_bytes` bytes each, as far as that is possible.
    pub(super) fn in_frames_of(&self, frame_bytes: usize) -> Result<Self> {
        let writes = match &self.source {
            Source::Spikes(encoder, steps) => {
                let train = encoder.with_frames_of(frame_bytes).encode(steps)?;
                let clear = self.writes.first().cloned();
                clear
                    .into_iter()
                    .chain(train.payloads.into_iter().map(Write::spikes))
                    .collect()
            }
            Source::Image(pixels) => {
                let start = self.writes.last().cloned();
                loads_of(pixels, frame_bytes).chain(start).collect()
            }
            Source::Loads => self.writes.clone(),
        };
        Ok(Self {
            writes,
            ..self.clone()
        })
    }
}

/// Returns the LOADs of a whole memory, in requests of at most `frame_bytes` bytes if a word fits into them.
fn loads_of(memory: &MemoryImage, frame_bytes: usize) -> impl Iterator<Item = Write> + use<'_> {
    let mut first = 0;
    std::iter::from_fn(move || {
        let (payload, words) = memory.payload_from(first, frame_bytes)?;
        first += words;
        Some(Write::load(payload))
    })
}

/// Makes jobs from spikes and images for one device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inferences {
    pub(super) spikes: SpikeEncoder,
    pub(super) inputs: u32,
    pub(super) slot_bytes: u16,
    pub(super) encoder: bool,
    /// Whether inferences may exit early.
    pub(super) exit: bool,
    pub(super) encoding: Duration,
}

impl Inferences {
    pub(super) fn new(identity: &Identity, timeouts: &Timeouts) -> Result<Self> {
        let spikes = SpikeEncoder::new(identity.inputs, identity.slot_bytes)?;
        Ok(Self {
            spikes: spikes
                .with_signs(identity.signed_inputs)?
                .with_values(identity.graded_inputs)?,
            inputs: identity.inputs,
            slot_bytes: identity.slot_bytes,
            encoder: identity.encoder,
            exit: false,
            encoding: timeouts.encoding,
        })
    }

    /// Makes the job of an inference of these spikes: CLEAR, SPIKES and RESULT.
    pub(super) fn of_spikes<I, S>(&self, steps: I) -> Result<Job>
    where
        I: IntoIterator<Item: AsRef<[S]>>,
        S: Copy + Into<Spike>,
    {
        let spikes_of = |step: I::Item| step.as_ref().iter().map(|&spike| spike.into()).collect();
        let steps: Vec<Vec<Spike>> = steps.into_iter().map(spikes_of).collect();
        let train = self.spikes.encode(&steps)?;
        let clear = Write {
            opcode: Opcode::Clear,
            payload: if self.exit { vec![1] } else { Vec::new() },
        };
        let spikes = train.payloads.into_iter().map(Write::spikes);
        Ok(Job {
            writes: std::iter::once(clear).chain(spikes).collect(),
            last: Opcode::Result,
            steps: train.steps,
            may_exit: self.exit,
            patience: Duration::ZERO,
            source: Source::Spikes(self.spikes, steps),
        })
    }

    /// Makes the job of an inference of this image: LOADs of the pixels, IMAGE and RESULT.
    pub(super) fn of_image(&self, image: &Image) -> Result<Job> {
        if !self.encoder {
            return Err(Error::Missing { what: "encoder" });
        }
        if u32::try_from(image.pixels.len()) != Ok(self.inputs) {
            return Err(Error::ImageSize {
                found: image.pixels.len(),
                wanted: self.inputs,
            });
        }
        if image.seed == 0 {
            return Err(Error::ZeroSeed);
        }
        let pixels = MemoryImage {
            memory: IMAGE_MEMORY,
            word_bytes: 1,
            bytes: image.pixels.clone(),
        };
        let start = Write {
            opcode: Opcode::Image,
            payload: image.payload(self.exit),
        };
        pixels.check(self.slot_bytes)?;
        Ok(Job {
            writes: loads_of(&pixels, self.slot_bytes.into()).chain([start]).collect(),
            last: Opcode::Result,
            steps: image.steps.into(),
            may_exit: self.exit,
            patience: self.encoding,
            source: Source::Image(pixels),
        })
    }

    /// Makes the job that loads these payloads: LOADs and IDENTIFY.
    pub(super) fn of_loads(payloads: impl IntoIterator<Item = Vec<u8>>) -> Job {
        Job {
            writes: payloads.into_iter().map(Write::load).collect(),
            last: Opcode::Identify,
            steps: 0,
            may_exit: false,
            patience: Duration::ZERO,
            source: Source::Loads,
        }
    }
}
