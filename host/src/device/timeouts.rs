//! How long to wait for each kind of response.
//!
//! The constants leave room for the 16 ms latency timer of common USB adapters and for a busy host. The time
//! that the bytes themselves take on the line comes on top; see
//! [`Transport::byte_time`](crate::Transport::byte_time).

use crate::protocol::Opcode;
use std::time::Duration;

/// PING answers at once.
pub const PING: Duration = Duration::from_millis(200);
/// IDENTIFY answers at once.
pub const IDENTIFY: Duration = Duration::from_millis(200);
/// SYNC clears the accelerator: one write per membrane word.
pub const SYNC: Duration = Duration::from_millis(300);
/// CLEAR takes as long as SYNC.
pub const CLEAR: Duration = Duration::from_millis(300);
/// SPIKES waits until the accelerator has taken the events, so for the steps queued before.
pub const SPIKES: Duration = Duration::from_millis(500);
/// LOAD waits until the encoder is done.
pub const LOAD: Duration = Duration::from_millis(1000);
/// IMAGE answers once the accelerator has taken a clear.
pub const IMAGE: Duration = Duration::from_millis(500);
/// An image that the board encodes takes as long as its inference.
pub const ENCODING: Duration = Duration::from_secs(20);
/// RESULT waits until all queued steps are computed.
pub const RESULT: Duration = Duration::from_millis(1000);
/// COUNTERS answers at once.
pub const COUNTERS: Duration = Duration::from_millis(200);
/// A replugged adapter comes back after its driver has found it again.
pub const REPLUG: Duration = Duration::from_secs(5);

/// How long to wait for each kind of response, and for a transport to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For PING.
    pub ping: Duration,
    /// For IDENTIFY.
    pub identify: Duration,
    /// For SYNC.
    pub sync: Duration,
    /// For CLEAR.
    pub clear: Duration,
    /// For SPIKES.
    pub spikes: Duration,
    /// For LOAD.
    pub load: Duration,
    /// For IMAGE.
    pub image: Duration,
    /// For all steps of an image that the board encodes: so long a RESULT that is not ready is asked for again.
    pub encoding: Duration,
    /// For RESULT.
    pub result: Duration,
    /// For COUNTERS.
    pub counters: Duration,
    /// For a transport that broke to come back.
    pub replug: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ping: PING,
            identify: IDENTIFY,
            sync: SYNC,
            clear: CLEAR,
            spikes: SPIKES,
            load: LOAD,
            image: IMAGE,
            encoding: ENCODING,
            result: RESULT,
            counters: COUNTERS,
            replug: REPLUG,
        }
    }
}

impl Timeouts {
    /// For an opcode.
    #[must_use]
    pub const fn of(&self, opcode: Opcode) -> Duration {
        match opcode {
            Opcode::Ping => self.ping,
            Opcode::Identify => self.identify,
            Opcode::Sync => self.sync,
            Opcode::Clear => self.clear,
            Opcode::Spikes => self.spikes,
            Opcode::Load => self.load,
            Opcode::Image => self.image,
            Opcode::Result => self.result,
            Opcode::Counters => self.counters,
        }
    }

    /// All response timeouts `factor` times as long, for a simulated board that is slower than a real one.
    #[must_use]
    pub fn scaled(self, factor: u32) -> Self {
        Self {
            ping: self.ping * factor,
            identify: self.identify * factor,
            sync: self.sync * factor,
            clear: self.clear * factor,
            spikes: self.spikes * factor,
            load: self.load * factor,
            image: self.image * factor,
            encoding: self.encoding * factor,
            result: self.result * factor,
            counters: self.counters * factor,
            replug: self.replug,
        }
    }
}
