//! A device at the other end of a transport: connecting, inferences, counters, recovery.
//!
//! Connecting sends a delimiter (which ends any partial frame of an earlier program), IDENTIFY, and SYNC. From then on
//! the device and the host agree on a sequence number. If they turn out to disagree (after a reset, because of another
//! program, or because the cable was pulled), the host identifies and synchronizes the device again and repeats the
//! inference.

mod contents;
mod frame_size;
mod identify;
mod inference;
mod job;
mod loading;
mod many;
mod overlap;
mod patience;
mod readiness;
mod round_trips;
mod session;
mod statistics;
pub mod timeouts;

pub use job::Job;
pub use many::InferMany;
pub use statistics::{LinkStatistics, Traffic};
pub use timeouts::Timeouts;

use crate::error::{Error, Result};
use crate::protocol::{
    Counters, Identity, Image, InferenceResult, MemoryImage, ModelImage, Opcode, Response, Spike,
};
use crate::transport::Transport;
use frame_size::FrameSize;
use identify::{first_identify, identify, same};
use job::Inferences;
use overlap::SentAhead;
use patience::Failures;
use session::Session;
use std::time::{Duration, Instant};

/// Options for connecting to a device: what it must be, what to load, how long to wait.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Refuse a board that holds another design.
    pub expect_design: Option<[u8; 16]>,
    /// Refuse a board whose numbers (layers, classes, inputs and so on) are not those of this identity. Its hashes do not
    /// matter.
    pub expect_identity: Option<Identity>,
    /// Refuse a board that holds another model.
    pub expect_model: Option<[u8; 16]>,
    /// Load this model if the board holds the right design and another model. Takes the place of `expect_model`.
    pub load: Option<ModelImage>,
    /// How long to wait for each kind of response.
    pub timeouts: Timeouts,
    /// How often to repeat a request that makes no progress.
    pub retries: u32,
    /// How often to try an inference, each time after a new SYNC; how many rounds of IDENTIFY to try when connecting.
    /// Rounds that fail while requests can still become smaller do not count.
    pub attempts: u32,
    /// Send the first requests of the next inference while waiting for the result of the current one.
    pub overlap: bool,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            expect_design: None,
            expect_identity: None,
            expect_model: None,
            load: None,
            timeouts: Timeouts::default(),
            retries: 4,
            attempts: 5,
            overlap: true,
        }
    }
}

/// Smallest sequence number. Numbers are never 0, so that `expected` = 0 always means a device that was reset.
const FIRST_SEQ: u16 = 1;
/// Distance between the number at which an earlier program left the device and the first number of this one. A late
/// frame of the earlier program can therefore not be mistaken for a frame of this one.
const SEQ_GAP: u16 = 1024;
/// Largest number of writes of one inference: SYNC has the number [`FIRST_SEQ`], and `expected` is at most 0xFFFF after
/// the writes behind it.
const MAX_WRITES: usize = (u16::MAX - FIRST_SEQ - 1) as usize;

/// A connected device.
#[derive(Debug)]
pub struct Device<T> {
    session: Session<T>,
    options: ConnectOptions,
    identity: Identity,
    inferences: Inferences,
    /// Contents of memories that have no hash; loaded before the next inference unless `is_set_up`.
    setup: Vec<MemoryImage>,
    is_set_up: bool,
    /// Progress of the current or failed run: number of writes known to be executed, and the smallest and largest value
    /// that `expected` may have.
    progress: Option<(usize, (u16, u16))>,
    /// Size of the requests that carry contents.
    frame_size: FrameSize,
    /// Time of the slowest recent inference.
    slowest: Option<Duration>,
    /// Sequence number of the next write. A number is not used again until numbers wrap around.
    next_seq: u16,
    /// Whether the device and the host agree on `next_seq`.
    synchronized: bool,
}

impl<T: Transport> Device<T> {
    /// Connects to the device behind `transport`.
    ///
    /// # Errors
    /// [`Error::NoResponse`] if nothing answers; [`Error::ProtocolVersion`], [`Error::DesignMismatch`],
    /// [`Error::ModelMismatch`], [`Error::IdentityMismatch`], [`Error::BadIdentity`] or [`Error::SlotTooSmall`] if the
    /// device is not the wanted one;
    /// [`Error::Disconnected`] if the transport breaks.
    pub fn connect(transport: T, options: ConnectOptions) -> Result<Self> {
        let mut session = Session::new(transport, options.timeouts);
        session.discard()?;
        let (identity, expected) = first_identify(&mut session, &options)?;
        let inferences = Inferences::new(&identity, &options.timeouts)?;
        let mut device = Self {
            session,
            options,
            inferences,
            setup: Vec::new(),
            is_set_up: false,
            progress: None,
            frame_size: FrameSize::new(identity.slot_bytes),
            slowest: None,
            next_seq: expected.saturating_add(SEQ_GAP).max(FIRST_SEQ),
            synchronized: false,
            identity,
        };
        device.first_sync()?;
        device.session.statistics.connecting = device.session.statistics.total;
        if let Some(model) = device
            .options
            .load
            .take_if(|model| model.hash != device.identity.model)
        {
            device.load(model)?;
        }
        Ok(device)
    }

    /// Synchronizes with the device for the first time, in as many rounds as an inference may take.
    fn first_sync(&mut self) -> Result<()> {
        let mut failures = Failures::default();
        let mut synchronized = self.sync(0);
        while let Err(error) = synchronized {
            if let Err(given_up) = self.give_up_or_go_on(error, &mut failures) {
                return Err(match given_up {
                    Error::InferenceFailed { last, .. } => *last,
                    other => other,
                });
            }
            synchronized = self.recover(0).map(drop);
        }
        Ok(())
    }

    /// Returns the description of the design and model on the board.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the statistics of the link since connecting.
    #[must_use]
    pub const fn statistics(&self) -> &LinkStatistics {
        &self.session.statistics
    }

    /// Returns the transport, for instance to inspect a simulated board.
    pub const fn transport_mut(&mut self) -> &mut T {
        &mut self.session.transport
    }

    /// Measures the time of a round trip, including the time lost to lost frames.
    ///
    /// # Errors
    /// [`Error::NoResponse`] or [`Error::Disconnected`].
    pub fn ping(&mut self) -> Result<Duration> {
        let start = Instant::now();
        self.read(Opcode::Ping)?;
        Ok(start.elapsed())
    }

    /// Reads the error counters of the link, and the activity of every layer since the last inference started.
    ///
    /// # Errors
    /// [`Error::NoResponse`], [`Error::Disconnected`], or [`Error::MalformedResponse`].
    pub fn counters(&mut self) -> Result<Counters> {
        let response = self.read(Opcode::Counters)?;
        let layers = self.identity.layers;
        Counters::decode(&response.payload, layers).ok_or(Error::MalformedResponse {
            command: Opcode::Counters,
            found: response.payload.len(),
            wanted: Counters::bytes(layers),
        })
    }

    /// Runs one inference. Each step is the list of inputs that spike in it, in ascending order.
    ///
    /// # Errors
    /// [`Error::AddressOutOfRange`], [`Error::AddressesUnsorted`] or [`Error::TooManyFrames`] before anything is sent;
    /// [`Error::InferenceFailed`] if the device or the line failed in every attempt; any mismatch that
    /// [`Device::connect`] reports, if another device has taken its place; [`Error::Rejected`] or
    /// [`Error::MalformedResponse`] if the device violates the protocol.
    pub fn infer<I, S>(&mut self, steps: I) -> Result<InferenceResult>
    where
        I: IntoIterator<Item: AsRef<[S]>>,
        S: Copy + Into<Spike>,
    {
        let job = self.inferences.of_spikes(steps)?;
        self.run(&job, &mut SentAhead::default(), &mut ())
    }

    /// Runs one inference of an image that the board encodes with the table of [`Device::set_encoder_table`].
    ///
    /// # Errors
    /// [`Error::Missing`] if the board has no encoder, [`Error::ImageSize`] or [`Error::ZeroSeed`], all before anything
    /// is sent; otherwise the errors of [`Device::infer`].
    pub fn infer_image(&mut self, image: &Image) -> Result<InferenceResult> {
        let job = self.inferences.of_image(image)?;
        self.run(&job, &mut SentAhead::default(), &mut ())
    }

    /// Runs one inference after the other, of images that the board encodes.
    ///
    /// Like the iterator of [`Device::infer_many`], this one may have started the next inference when it is dropped.
    pub fn infer_images<I>(
        &mut self,
        images: I,
    ) -> InferMany<'_, T, impl Iterator<Item = Result<Job>> + use<T, I>>
    where
        I: IntoIterator<Item = Image>,
    {
        let inferences = self.inferences;
        let jobs = images.into_iter().map(move |image| inferences.of_image(&image));
        InferMany::new(self, jobs)
    }

    /// Runs one inference after the other. While the device computes, encodes the next inference and sends as much of it
    /// as the device has room for.
    ///
    /// An iterator that is dropped early may have started the next inference. The counters then belong to that one, and
    /// the inference after it starts with a new SYNC.
    ///
    /// ```
    /// # use synfire::{ConnectOptions, Device, testing::{SoftDevice, SoftLink}};
    /// # fn main() -> synfire::Result<()> {
    /// # let transport = SoftLink::new(SoftDevice::new(784, 10));
    /// let mut device = Device::connect(transport, ConnectOptions::default())?;
    /// let images = [vec![vec![1], vec![2]], vec![vec![], vec![4, 5]]];
    /// for result in device.infer_many(images) {
    ///     println!("class {}", result?.class());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn infer_many<I, S>(
        &mut self,
        images: I,
    ) -> InferMany<'_, T, impl Iterator<Item = Result<Job>> + use<T, I, S>>
    where
        I: IntoIterator<Item: IntoIterator<Item: AsRef<[S]>>>,
        S: Copy + Into<Spike>,
    {
        let inferences = self.inferences;
        let jobs = images.into_iter().map(move |image| inferences.of_spikes(image));
        InferMany::new(self, jobs)
    }

    fn read(&mut self, opcode: Opcode) -> Result<Response> {
        self.reconnect()?;
        match self.session.read(opcode, self.options.retries) {
            // The connection may have broken long ago without being noticed.
            Err(Error::Disconnected { .. }) => {
                self.reconnect()?;
                self.session.read(opcode, self.options.retries)
            }
            other => other,
        }
    }

    /// Connects a broken transport again. Another device may be behind it afterwards, or one that was reset.
    fn reconnect(&mut self) -> Result<()> {
        if !self.session.connected {
            self.synchronized = false;
            self.session
                .reopen(Instant::now() + self.options.timeouts.replug)?;
        }
        Ok(())
    }

    /// Starts a sequence that has enough numbers left for `writes` writes.
    fn sync(&mut self, writes: usize) -> Result<()> {
        if !self.has_numbers_for(writes + 1) {
            self.next_seq = FIRST_SEQ;
        }
        let seq = self.next_seq;
        self.next_seq += 1;
        self.synchronized = false;
        self.session.sync(seq, self.options.retries)?;
        self.synchronized = true;
        Ok(())
    }

    fn has_numbers_for(&self, writes: usize) -> bool {
        usize::from(u16::MAX - self.next_seq) >= writes
    }

    /// Synchronizes with the device again after a failure of the device or the line, and checks that it is still the
    /// same device. Returns the number of the write that it expected.
    fn recover(&mut self, writes: usize) -> Result<u16> {
        self.session.statistics.resyncs += 1;
        self.is_set_up = false;
        self.reconnect()?;
        self.session.discard()?;
        let (identity, expected) = identify(&mut self.session, &self.options)?;
        same(&identity, &self.identity, self.options.load.is_some())?;
        self.identity.model = identity.model;
        self.sync(writes)?;
        Ok(expected)
    }
}
