//! A device on the other side of a transport: connecting, inferences, counters, recovery.
//!
//! Connecting sends a delimiter (to end whatever half frame an earlier program left), IDENTIFY, and SYNC.
//! From there on the device and the host agree on a sequence number. Whenever they turn out not to (a reset,
//! another program, a cable pulled), the host identifies and synchronizes again and repeats the inference.

mod inference;
mod job;
mod loading;
mod many;
mod overlap;
mod session;
mod statistics;
pub mod timeouts;

pub use job::Job;
pub use many::InferMany;
pub use statistics::{LinkStatistics, Traffic};
pub use timeouts::Timeouts;

use crate::error::{Error, Result};
use crate::protocol::{
    Counters, Identity, Image, InferenceResult, MemoryImage, ModelImage, Opcode, Response, Spike, VERSION,
};
use crate::transport::Transport;
use job::Inferences;
use overlap::Lead;
use session::Session;
use std::time::{Duration, Instant};

/// How to connect, and how patient to be.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Refuse a board with another design than this.
    pub expect_design: Option<[u8; 16]>,
    /// Refuse a board with another model than this.
    pub expect_model: Option<[u8; 16]>,
    /// The model to load where the board's design is right and its model is another; it stands for `expect_model`.
    pub load: Option<ModelImage>,
    /// How long to wait for each kind of response.
    pub timeouts: Timeouts,
    /// How often a request is repeated without any progress before giving up.
    pub retries: u32,
    /// How often an inference is tried, each time from a fresh SYNC.
    pub attempts: u32,
    /// Whether rows of inferences send the next one's first requests while the result of the one before is awaited.
    pub overlap: bool,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            expect_design: None,
            expect_model: None,
            load: None,
            timeouts: Timeouts::default(),
            retries: 4,
            attempts: 5,
            overlap: true,
        }
    }
}

/// Sequence numbers are never 0: `expected` = 0 then always means a device that was reset.
const FIRST_SEQ: u16 = 1;
/// Distance from where an earlier program left the device to where this one starts, so that a late frame of
/// the earlier one is never taken for one of ours.
const SEQ_GAP: u16 = 1024;
/// The most writes of one inference: SYNC at [`FIRST_SEQ`], the writes behind it, `expected` at most 0xFFFF.
const MAX_WRITES: usize = (u16::MAX - FIRST_SEQ - 1) as usize;

/// A connected device.
#[derive(Debug)]
pub struct Device<T> {
    session: Session<T>,
    options: ConnectOptions,
    identity: Identity,
    inferences: Inferences,
    /// Memories without a hash, loaded before the next inference unless `is_set_up`.
    setup: Vec<MemoryImage>,
    is_set_up: bool,
    /// Of the run that is on its way or failed: writes known to be executed, and where `expected` may be.
    progress: Option<(usize, (u16, u16))>,
    /// Number of the next write. Numbers are not used again before they wrap.
    next_seq: u16,
    /// Whether device and host agree on `next_seq`.
    synchronized: bool,
}

impl<T: Transport> Device<T> {
    /// Connects to the device behind `transport`.
    ///
    /// # Errors
    /// [`Error::NoResponse`] if nothing answers; [`Error::ProtocolVersion`], [`Error::DesignMismatch`],
    /// [`Error::ModelMismatch`], [`Error::BadIdentity`] or [`Error::SlotTooSmall`] if what answers is not
    /// what was wanted; [`Error::Disconnected`] if the transport breaks.
    pub fn connect(transport: T, options: ConnectOptions) -> Result<Self> {
        let mut session = Session::new(transport);
        session.discard()?;
        let (identity, expected) = identify(&mut session, &options)?;
        let inferences = Inferences::new(&identity, &options.timeouts)?;
        let mut device = Self {
            session,
            options,
            identity,
            inferences,
            setup: Vec::new(),
            is_set_up: false,
            progress: None,
            next_seq: expected.saturating_add(SEQ_GAP).max(FIRST_SEQ),
            synchronized: false,
        };
        device.sync(0)?;
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

    /// What is on the board.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What went over the line since connecting.
    #[must_use]
    pub const fn statistics(&self) -> &LinkStatistics {
        &self.session.statistics
    }

    /// The transport, for instance to look into a simulated board.
    pub const fn transport_mut(&mut self) -> &mut T {
        &mut self.session.transport
    }

    /// Measures a round trip; a lost frame counts with the time that it cost.
    ///
    /// # Errors
    /// [`Error::NoResponse`] or [`Error::Disconnected`].
    pub fn ping(&mut self) -> Result<Duration> {
        let start = Instant::now();
        self.read(Opcode::Ping, self.options.timeouts.ping)?;
        Ok(start.elapsed())
    }

    /// Reads the error counters of the link, and the activity of every layer since the start of the last
    /// inference.
    ///
    /// # Errors
    /// [`Error::NoResponse`], [`Error::Disconnected`], or [`Error::MalformedResponse`].
    pub fn counters(&mut self) -> Result<Counters> {
        let response = self.read(Opcode::Counters, self.options.timeouts.counters)?;
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
    /// [`Error::AddressOutOfRange`], [`Error::AddressesUnsorted`] or [`Error::TooManyFrames`] before anything
    /// is sent; [`Error::InferenceFailed`] if device or line failed again and again; any mismatch of
    /// [`Device::connect`] if another design appeared in between; [`Error::Rejected`] or
    /// [`Error::MalformedResponse`] if the device does not keep to the protocol.
    pub fn infer<I, S>(&mut self, steps: I) -> Result<InferenceResult>
    where
        I: IntoIterator<Item: AsRef<[S]>>,
        S: Copy + Into<Spike>,
    {
        let job = self.inferences.of_spikes(steps)?;
        self.run(&job, &mut Lead::default(), &mut ())
    }

    /// Runs one inference of an image that the board encodes, by the table of [`Device::set_encoder_table`].
    ///
    /// # Errors
    /// [`Error::Missing`] if the board has no encoder, [`Error::ImageSize`] and [`Error::ZeroSeed`] before anything is
    /// sent; otherwise as [`Device::infer`].
    pub fn infer_image(&mut self, image: &Image) -> Result<InferenceResult> {
        let job = self.inferences.of_image(image)?;
        self.run(&job, &mut Lead::default(), &mut ())
    }

    /// Runs one inference after the other, of images that the board encodes. As [`Device::infer_many`], it may have begun
    /// the next when it is dropped.
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

    /// Runs one inference after the other; encodes the next while the device computes, and sends what finds room of it.
    ///
    /// An iterator that is dropped early may have begun the next inference: the counters are that one's then, and the next
    /// inference starts afresh.
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

    fn read(&mut self, opcode: Opcode, timeout: Duration) -> Result<Response> {
        self.reconnect()?;
        match self.session.read(opcode, timeout, self.options.retries) {
            // It may have broken long ago, and nobody noticed before.
            Err(Error::Disconnected { .. }) => {
                self.reconnect()?;
                self.session.read(opcode, timeout, self.options.retries)
            }
            other => other,
        }
    }

    /// Connects a broken transport again. What comes back may be another device, or one that was reset.
    fn reconnect(&mut self) -> Result<()> {
        if !self.session.connected {
            self.synchronized = false;
            self.session
                .reopen(Instant::now() + self.options.timeouts.replug)?;
        }
        Ok(())
    }

    /// Starts a sequence with numbers to spare for `writes` writes.
    fn sync(&mut self, writes: usize) -> Result<()> {
        if !self.has_numbers_for(writes + 1) {
            self.next_seq = FIRST_SEQ;
        }
        let seq = self.next_seq;
        self.next_seq += 1;
        self.synchronized = false;
        self.session
            .sync(seq, self.options.timeouts.sync, self.options.retries)?;
        self.synchronized = true;
        Ok(())
    }

    fn has_numbers_for(&self, writes: usize) -> bool {
        usize::from(u16::MAX - self.next_seq) >= writes
    }

    /// Finds the device again after it or the line failed, and makes sure that it is still the same. Returns the number
    /// of the write that it expected.
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

/// Asks for the identity, and refuses one that is not wanted or makes no sense. Also returns what the device
/// expects.
fn identify<T: Transport>(session: &mut Session<T>, options: &ConnectOptions) -> Result<(Identity, u16)> {
    let response = session.read(Opcode::Identify, options.timeouts.identify, options.retries)?;
    let identity = identity_of(&response)?;
    if identity.protocol != VERSION {
        return Err(Error::ProtocolVersion {
            found: identity.protocol,
            wanted: VERSION,
        });
    }
    if let Some(wanted) = options.expect_design.filter(|&wanted| wanted != identity.design) {
        return Err(Error::DesignMismatch {
            found: identity.design,
            wanted,
        });
    }
    let loads = options.load.is_some() && identity.loadable;
    let wanted = options
        .load
        .as_ref()
        .map(|model| model.hash)
        .or(options.expect_model);
    if let Some(wanted) = wanted.filter(|&wanted| wanted != identity.model && !loads) {
        return Err(Error::ModelMismatch {
            found: identity.model,
            wanted,
        });
    }
    let least = [
        ("layers", u32::from(identity.layers)),
        ("classes", u32::from(identity.classes)),
        ("inputs", identity.inputs),
        ("slots", u32::from(identity.slots)),
    ];
    match least.into_iter().find(|&(_, value)| value == 0) {
        Some((field, found)) => Err(Error::BadIdentity {
            field,
            found,
            wanted: 1,
        }),
        None => Ok((identity, response.expected)),
    }
}

/// What a device says of itself.
fn identity_of(response: &Response) -> Result<Identity> {
    Identity::decode(&response.payload).ok_or(Error::MalformedResponse {
        command: Opcode::Identify,
        found: response.payload.len(),
        wanted: crate::protocol::payload::IDENTITY_BYTES,
    })
}

/// Refuses a device that is not the one before; another model is no harm where it can be loaded again.
fn same(found: &Identity, wanted: &Identity, loads: bool) -> Result<()> {
    if found.design != wanted.design {
        return Err(Error::DesignMismatch {
            found: found.design,
            wanted: wanted.design,
        });
    }
    if found.model != wanted.model && !loads {
        return Err(Error::ModelMismatch {
            found: found.model,
            wanted: wanted.model,
        });
    }
    Ok(())
}
