//! Loads a device's memories: the model, the encoder table, the margins of early exit.
//!
//! A hash identifies the model. The table and the margins have no hash. The host loads them again whenever it had to
//! synchronize with the device again, since the device may have been reset, or another program may have changed them.
//!
//! After a failed round the requests become smaller, and loading continues behind the last one that was executed. The new
//! requests have new sequence numbers: under its old number, a larger request that is still on its way could be executed
//! in place of a smaller one.

use super::contents::{FailedRun, LoadRun, Place};
use super::identify::identity_of;
use super::job::Inferences;
use super::overlap::{Overlap, SentAhead};
use super::patience::Failures;
use super::readiness::Readiness;
use super::{Device, MAX_WRITES};
use crate::error::{Error, Result};
use crate::protocol::load::{MARGIN_MEMORY, TABLE_MEMORY};
use crate::protocol::{MemoryImage, ModelImage};
use crate::transport::Transport;

impl<T: Transport> Device<T> {
    /// Loads a model of the same shape as the board's design. After a failure of the line, loading continues behind the
    /// last write that the device is known to have executed.
    ///
    /// The host keeps the model. If the device loses it, the host loads it again before the next inference.
    ///
    /// # Errors
    /// [`Error::Missing`] if the design's memories cannot be loaded; [`Error::WordTooLarge`] or
    /// [`Error::MemoryTooLarge`] before anything is sent; [`Error::Rejected`] if the memories are not those of the
    /// design; otherwise the errors of [`Device::infer`].
    pub fn load(&mut self, model: ModelImage) -> Result<()> {
        if !self.identity.loadable {
            return Err(Error::Missing {
                what: "memories that can be loaded",
            });
        }
        let (hash, contents) = (model.hash, model.contents());
        self.check_all(&contents)?;
        self.options.load = Some(model);
        self.load_all(&contents)?;
        if self.identity.model == hash {
            Ok(())
        } else {
            Err(Error::ModelMismatch {
                found: self.identity.model,
                wanted: hash,
            })
        }
    }

    /// Sets the table of the board's encoder: 256 words per channel. Bits 8 to 0 of a word hold |p|; bit 9 is set if p is
    /// negative.
    ///
    /// # Errors
    /// [`Error::Missing`] if the board has no encoder.
    pub fn set_encoder_table(&mut self, words: &[u16]) -> Result<()> {
        if !self.identity.encoder {
            return Err(Error::Missing { what: "encoder" });
        }
        self.set(MemoryImage::of_u16(TABLE_MEMORY, words))
    }

    /// Lets inferences exit after the first step whose lead is at least the step's margin; with `None`, they never exit
    /// early. The lead is the largest potential minus the second largest. With a margin of
    /// [`NEVER`](crate::protocol::load::NEVER), no inference exits after that step.
    ///
    /// # Errors
    /// [`Error::Missing`] if the board has no early exit.
    pub fn set_early_exit(&mut self, margins: Option<&[u32]>) -> Result<()> {
        if let Some(margins) = margins {
            if !self.identity.early_exit {
                return Err(Error::Missing { what: "early exit" });
            }
            self.set(MemoryImage::of_u32(MARGIN_MEMORY, margins))?;
        }
        self.inferences.exit = margins.is_some();
        Ok(())
    }

    /// Loads everything that was set and is not loaded yet. Without this call, the next inference does so.
    ///
    /// # Errors
    /// The errors of [`Device::infer`].
    pub fn prepare(&mut self) -> Result<()> {
        let mut failures = Failures::default();
        loop {
            let error = match self.ready(0) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.give_up_or_go_on(error, &mut failures)?;
        }
    }

    fn set(&mut self, image: MemoryImage) -> Result<()> {
        image.check(self.identity.slot_bytes)?;
        self.setup.retain(|other| other.memory != image.memory);
        self.setup.push(image);
        self.is_set_up = false;
        Ok(())
    }

    /// Loads the memories whose contents the device does not hold yet.
    pub(super) fn set_up(&mut self) -> Result<()> {
        // While one of them is loaded, a reset may take the other away.
        for _ in 0..=self.options.attempts {
            let load = self.options.load.as_ref();
            if let Some(model) = load.filter(|model| model.hash != self.identity.model) {
                let contents = model.contents();
                self.check_all(&contents)?;
                self.load_all(&contents)?;
            } else if self.is_set_up {
                return Ok(());
            } else {
                let contents = self.setup.clone();
                self.load_all(&contents)?;
                self.is_set_up = true;
            }
        }
        Err(Error::ModelMismatch {
            found: self.identity.model,
            wanted: self
                .options
                .load
                .as_ref()
                .map(|model| model.hash)
                .unwrap_or_default(),
        })
    }

    fn check_all(&self, contents: &[MemoryImage]) -> Result<()> {
        let slot_bytes = self.identity.slot_bytes;
        contents.iter().try_for_each(|image| image.check(slot_bytes))
    }

    /// Loads contents of memories. After a failure, continues behind the last request that the device is known to have
    /// executed.
    fn load_all(&mut self, contents: &[MemoryImage]) -> Result<()> {
        let (mut place, mut furthest) = (Place::default(), Place::default());
        let mut failures = Failures::default();
        let mut failed: Option<FailedRun> = None;
        loop {
            if !self.synchronized {
                match self.recover(MAX_WRITES / 2) {
                    Ok(expected) => {
                        let executed = failed.take().and_then(|failed| failed.place(expected));
                        place = executed.unwrap_or_default();
                    }
                    Err(error) => {
                        self.give_up_or_go_on(error, &mut failures)?;
                        continue;
                    }
                }
            }
            if place > furthest {
                furthest = place;
                failures = Failures::default();
            }
            let most = self.frame_size.requests_per_run(MAX_WRITES / 2);
            let (run, payloads) = LoadRun::new(contents, place, self.frame_size.bytes(), most);
            if payloads.is_empty() {
                return Ok(());
            }
            let again = self.session.statistics.retransmissions;
            let error = match self.load_once(payloads) {
                Ok(()) => {
                    let again = self.session.statistics.retransmissions - again;
                    self.frame_size.succeeded(run.len(), again);
                    place = run.place_behind(run.len());
                    continue;
                }
                Err(error) => error,
            };
            failed = self.progress.take().map(|(acknowledged, limits)| FailedRun {
                run,
                acknowledged,
                limits,
            });
            self.shrink_or_give_up(error, &mut failures)?;
        }
    }

    /// Executes LOADs, and records the model hash that the device then reports.
    fn load_once(&mut self, payloads: Vec<Vec<u8>>) -> Result<()> {
        self.progress = None;
        self.number(payloads.len())?;
        let alone = Overlap {
            before: SentAhead::default(),
            after: None,
            next: &mut (),
        };
        let job = Inferences::of_loads(payloads);
        let response = self.attempt(&job, alone, Readiness::none())?;
        self.identity.model = identity_of(&response)?.model;
        Ok(())
    }
}
