//! A device on the other side of a transport: connecting, inferences, counters, recovery.
//!
//! Connecting sends a delimiter (to end whatever half frame an earlier program left), IDENTIFY, and SYNC.
//! From there on the device and the host agree on a sequence number. Whenever they turn out not to (a reset,
//! another program, a cable pulled), the host identifies and synchronizes again and repeats the inference.

mod inference;
mod many;
mod session;
mod statistics;
pub mod timeouts;

pub use many::InferMany;
pub use statistics::{LinkStatistics, Traffic};
pub use timeouts::Timeouts;

use crate::error::{Error, Result};
use crate::protocol::{Counters, Identity, InferenceResult, Opcode, Response, SpikeEncoder, VERSION};
use crate::transport::Transport;
use session::Session;
use std::time::{Duration, Instant};

/// How to connect, and how patient to be.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Refuse a board with another design than this.
    pub expect_design: Option<[u8; 16]>,
    /// Refuse a board with another model than this.
    pub expect_model: Option<[u8; 16]>,
    /// How long to wait for each kind of response.
    pub timeouts: Timeouts,
    /// How often a request is repeated without any progress before giving up.
    pub retries: u32,
    /// How often an inference is tried, each time from a fresh SYNC.
    pub attempts: u32,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            expect_design: None,
            expect_model: None,
            timeouts: Timeouts::default(),
            retries: 4,
            attempts: 5,
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
    encoder: SpikeEncoder,
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
        let encoder = SpikeEncoder::new(identity.inputs, identity.slot_bytes)?;
        let mut device = Self {
            session,
            options,
            identity,
            encoder,
            next_seq: expected.saturating_add(SEQ_GAP).max(FIRST_SEQ),
            synchronized: false,
        };
        device.sync(0)?;
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
    pub fn infer<I>(&mut self, steps: I) -> Result<InferenceResult>
    where
        I: IntoIterator,
        I::Item: AsRef<[u32]>,
    {
        let train = self.encoder.encode(steps)?;
        self.run(&train, &mut || ())
    }

    /// Runs one inference after the other, and encodes the next while the device computes.
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
    pub fn infer_many<I>(&mut self, images: I) -> InferMany<'_, T, I::IntoIter>
    where
        I: IntoIterator,
        I::Item: IntoIterator<Item: AsRef<[u32]>>,
    {
        InferMany::new(self, images.into_iter())
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

    /// Finds the device again after it or the line failed, and makes sure that it is still the same.
    fn recover(&mut self, writes: usize) -> Result<()> {
        self.session.statistics.resyncs += 1;
        self.reconnect()?;
        self.session.discard()?;
        let (identity, _) = identify(&mut self.session, &self.options)?;
        same(&identity, &self.identity)?;
        self.sync(writes)
    }
}

/// Asks for the identity, and refuses one that is not wanted or makes no sense. Also returns what the device
/// expects.
fn identify<T: Transport>(session: &mut Session<T>, options: &ConnectOptions) -> Result<(Identity, u16)> {
    let response = session.read(Opcode::Identify, options.timeouts.identify, options.retries)?;
    let identity = Identity::decode(&response.payload).ok_or(Error::MalformedResponse {
        command: Opcode::Identify,
        found: response.payload.len(),
        wanted: crate::protocol::payload::IDENTITY_BYTES,
    })?;
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
    if let Some(wanted) = options.expect_model.filter(|&wanted| wanted != identity.model) {
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

/// Refuses a device that is not the one before.
fn same(found: &Identity, wanted: &Identity) -> Result<()> {
    if found.design != wanted.design {
        return Err(Error::DesignMismatch {
            found: found.design,
            wanted: wanted.design,
        });
    }
    if found.model != wanted.model {
        return Err(Error::ModelMismatch {
            found: found.model,
            wanted: wanted.model,
        });
    }
    Ok(())
}
