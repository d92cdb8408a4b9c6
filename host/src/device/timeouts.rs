//! How long to wait for each kind of response.
//!
//! The constants leave room for the 16 ms latency timer of common USB adapters and for a busy host. They do not include
//! the time of the bytes on the line, which [`Transport::byte_time`](crate::Transport::byte_time) adds. They are upper
//! limits: once the host has measured how long a board takes, it waits for a few times as long, at least [`LEAST`].

use crate::protocol::Opcode;
use std::time::Duration;

/// Timeout of PING, which a device answers at once.
pub const PING: Duration = Duration::from_millis(200);
/// Timeout of IDENTIFY, which a device answers at once.
pub const IDENTIFY: Duration = Duration::from_millis(200);
/// Timeout of SYNC, which clears the accelerator: one cycle per membrane word.
pub const SYNC: Duration = Duration::from_millis(300);
/// Timeout of CLEAR, which takes as long as SYNC.
pub const CLEAR: Duration = Duration::from_millis(300);
/// Timeout of SPIKES, which waits until the accelerator has taken the events and so has computed the steps before them.
pub const SPIKES: Duration = Duration::from_millis(500);
/// Timeout of LOAD, which waits until the encoder is done.
pub const LOAD: Duration = Duration::from_millis(1000);
/// Timeout of IMAGE, which a device answers once the accelerator has taken a clear.
pub const IMAGE: Duration = Duration::from_millis(500);
/// Time that the inference of an image may take if the board encodes it.
pub const ENCODING: Duration = Duration::from_secs(20);
/// Timeout of RESULT, which waits until all queued steps are computed.
pub const RESULT: Duration = Duration::from_millis(1000);
/// Timeout of COUNTERS, which a device answers at once.
pub const COUNTERS: Duration = Duration::from_millis(200);
/// Shortest wait for a response, however fast the board was before: a busy host may be this late.
pub const LEAST: Duration = Duration::from_millis(100);
/// Time within which an adapter that was unplugged must be plugged in again and found by its driver.
pub const REPLUG: Duration = Duration::from_secs(5);

/// How long to wait for each kind of response, and for a transport to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Timeout of PING.
    pub ping: Duration,
    /// Timeout of IDENTIFY.
    pub identify: Duration,
    /// Timeout of SYNC.
    pub sync: Duration,
    /// Timeout of CLEAR.
    pub clear: Duration,
    /// Timeout of SPIKES.
    pub spikes: Duration,
    /// Timeout of LOAD.
    pub load: Duration,
    /// Timeout of IMAGE.
    pub image: Duration,
    /// Time for the whole inference of an image that the board encodes. Until it has passed, a RESULT that is not ready
    /// is sent again, at growing intervals. Once an inference has succeeded, 16 times as long as it took is enough.
    pub encoding: Duration,
    /// Timeout of RESULT.
    pub result: Duration,
    /// Timeout of COUNTERS.
    pub counters: Duration,
    /// Shortest wait for a response: below it, waits do not follow the measured round trips.
    pub least: Duration,
    /// Time within which a broken transport must be connected again. A line that stays silent for so long while the host
    /// connects is given up.
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
            least: LEAST,
            replug: REPLUG,
        }
    }
}

impl Timeouts {
    /// Returns the timeout of an opcode.
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

    /// Multiplies all response timeouts by `factor`, for a simulated board that is slower than a real one.
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
            least: self.least * factor,
            replug: self.replug,
        }
    }
}
