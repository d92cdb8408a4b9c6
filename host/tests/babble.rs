//! A board that sends responses without end, none of which answers a request.

use std::time::{Duration, Instant};
use synfire::protocol::frame;
use synfire::testing::{SoftDevice, SoftLink};
use synfire::{ConnectOptions, Device, Result, Timeouts, Transport};

/// A working board that can be switched to send only one old response, again and again.
struct Babbler {
    link: SoftLink,
    since: Option<Instant>,
}

impl Transport for Babbler {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if self.since.is_some() {
            Ok(())
        } else {
            self.link.send(bytes)
        }
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let Some(since) = self.since else {
            return self.link.receive(buffer, deadline);
        };
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "the host listens without end"
        );
        // A response to PING with a sequence number that was never used; everything else is valid.
        let mut wire = Vec::new();
        frame::encode(&[1, 0x80, 0xEE, 0xEE, 0, 2, 1, 0], &mut wire);
        buffer[..wire.len()].copy_from_slice(&wire);
        Ok(wire.len())
    }
}

#[test]
fn a_board_that_babbles_is_given_up_in_time() {
    let short = Duration::from_millis(10);
    let timeouts = Timeouts {
        ping: short,
        identify: short,
        sync: short,
        clear: short,
        spikes: short,
        load: short,
        image: short,
        encoding: short,
        result: short,
        counters: short,
        least: short,
        replug: short,
    };
    let options = ConnectOptions {
        timeouts,
        retries: 2,
        attempts: 2,
        ..ConnectOptions::default()
    };
    let link = SoftLink::new(SoftDevice::new(8, 2));
    let mut device = Device::connect(Babbler { link, since: None }, options).expect("a sound device");
    device.transport_mut().since = Some(Instant::now());
    assert!(device.ping().is_err());
    assert!(device.infer([vec![1], vec![2]]).is_err());
    let strays = device.statistics().stray_responses;
    assert!(strays > 0, "it did not babble");
}
