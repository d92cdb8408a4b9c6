//! Loads a device's memories: the model, the encoder table, the margins of early exit.
//!
//! A hash identifies the model. The table and the margins have no hash. The host loads them again whenever it had to
//! synchronize with the device again, since the device may have been reset, or another program may have changed them.

use super::identify::identity_of;
use super::job::Inferences;
use super::overlap::{Overlap, SentAhead};
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
        let payloads = model.payloads(self.identity.slot_bytes)?;
        let hash = model.hash;
        self.options.load = Some(model);
        self.load_all(&payloads)?;
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
        let mut failures = 0;
        loop {
            let error = match self.ready(0) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.give_up_or_go_on(error, &mut failures)?;
        }
    }

    fn set(&mut self, image: MemoryImage) -> Result<()> {
        image.payloads(self.identity.slot_bytes)?;
        self.setup.retain(|other| other.memory != image.memory);
        self.setup.push(image);
        self.is_set_up = false;
        Ok(())
    }

    /// Loads the memories whose contents the device does not hold yet.
    pub(super) fn set_up(&mut self) -> Result<()> {
        let slot_bytes = self.identity.slot_bytes;
        if let Some(model) = self
            .options
            .load
            .as_ref()
            .filter(|model| model.hash != self.identity.model)
        {
            let payloads = model.payloads(slot_bytes)?;
            self.load_all(&payloads)?;
        }
        if !self.is_set_up {
            let payloads: Vec<_> = self
                .setup
                .iter()
                .map(|image| image.payloads(slot_bytes))
                .collect::<Result<_>>()?;
            for payload in payloads.concat().chunks(MAX_WRITES) {
                self.load_once(payload)?;
            }
            self.is_set_up = true;
        }
        Ok(())
    }

    /// Executes LOADs. After a failure, continues behind the last one that the device is known to have executed.
    fn load_all(&mut self, payloads: &[Vec<u8>]) -> Result<()> {
        let (mut done, mut failures) = (0, 0);
        // Progress of the part that failed. It counts only if `expected` is still within these limits.
        let mut failed = None;
        while done < payloads.len() {
            let part = &payloads[done..payloads.len().min(done + MAX_WRITES / 2)];
            let before = done;
            let error = match self.go_on(part, &mut failed, &mut done) {
                Ok(true) => {
                    if done > before {
                        failures = 0;
                    }
                    continue;
                }
                Ok(false) => match self.load_once(part) {
                    Ok(()) => {
                        done += part.len();
                        continue;
                    }
                    Err(error) => {
                        failed = self.progress.take();
                        error
                    }
                },
                Err(error) => error,
            };
            self.give_up_or_go_on(error, &mut failures)?;
        }
        Ok(())
    }

    /// Makes sure that device and host agree. Returns whether that has changed `done`: forward if the device executed a
    /// part of the LOADs, back to 0 if it may have lost its memories.
    fn go_on(
        &mut self,
        part: &[Vec<u8>],
        failed: &mut Option<(usize, (u16, u16))>,
        done: &mut usize,
    ) -> Result<bool> {
        if self.synchronized {
            return Ok(false);
        }
        let expected = self.recover(part.len())?;
        let before = *done;
        *done = match failed.take() {
            Some((executed, limits)) if is_within(expected, limits) => before + executed,
            _ => 0,
        };
        Ok(*done != before)
    }

    /// Executes LOADs, and records the model hash that the device then reports.
    fn load_once(&mut self, payloads: &[Vec<u8>]) -> Result<()> {
        self.progress = None;
        if !self.has_numbers_for(payloads.len()) {
            self.sync(payloads.len())?;
        }
        let alone = Overlap {
            before: SentAhead::default(),
            after: None,
            next: &mut (),
        };
        let response = self.attempt(&Inferences::of_loads(payloads), alone)?;
        self.identity.model = identity_of(&response)?.model;
        Ok(())
    }
}

/// Whether a number is in a range of sequence numbers, which count modulo 2^16.
fn is_within(number: u16, (low, high): (u16, u16)) -> bool {
    number.wrapping_sub(low) <= high.wrapping_sub(low)
}
