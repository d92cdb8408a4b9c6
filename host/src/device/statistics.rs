//! Statistics of the link.

use std::fmt;

/// Bytes and frames on the line, in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes from host to device, delimiters included.
    pub bytes_out: u64,
    /// Bytes from device to host.
    pub bytes_in: u64,
    /// Requests sent.
    pub requests: u64,
    /// Responses received, strays included.
    pub responses: u64,
}

impl Traffic {
    /// Returns the traffic since `earlier`.
    pub(super) const fn since(self, earlier: Self) -> Self {
        Self {
            bytes_out: self.bytes_out - earlier.bytes_out,
            bytes_in: self.bytes_in - earlier.bytes_in,
            requests: self.requests - earlier.requests,
            responses: self.responses - earlier.responses,
        }
    }
}

/// Statistics of a connection since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// All traffic.
    pub total: Traffic,
    /// Traffic of connecting to the device, before anything was loaded.
    pub connecting: Traffic,
    /// Traffic of the last successful inference, its failed attempts included.
    pub last_inference: Traffic,
    /// Inferences that succeeded.
    pub inferences: u64,
    /// Requests that were sent more than once.
    pub retransmissions: u64,
    /// Waits that ended without a response.
    pub timeouts: u64,
    /// Frames from the device that were damaged or invalid.
    pub bad_responses: u64,
    /// Responses that answer no request in flight: duplicates, and late responses.
    pub stray_responses: u64,
    /// Times that the host had to synchronize with the device again.
    pub resyncs: u64,
}

impl fmt::Display for LinkStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} inferences, {} bytes out, {} bytes in, {} retransmissions, {} timeouts, {} bad and {} stray \
             responses, {} resyncs",
            self.inferences,
            self.total.bytes_out,
            self.total.bytes_in,
            self.retransmissions,
            self.timeouts,
            self.bad_responses,
            self.stray_responses,
            self.resyncs,
        )
    }
}
