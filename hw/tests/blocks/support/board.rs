//! An accelerator behind its serial pins, and a host that speaks in bits.

use super::simulate;
use std::collections::VecDeque;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::accelerator::{core_params, encoder_params};
use synfire_hw::circuit::accelerator::{Accelerator, LinkParams};
use synfire_hw::circuit::link::identity::Identity;
use synfire_hw::plan::Plan;
use synfire_hw::simulate::Simulation;

/// The fastest line there is.
const CLOCKS_PER_BIT: u64 = 4;

/// An accelerator and its line.
pub(crate) struct Board {
    accelerator: Simulation<Accelerator>,
    /// Levels to put on the line, one a bit.
    to_device: VecDeque<bool>,
    /// Levels of the device's line, cycle by cycle, that are not decoded yet.
    from_device: VecDeque<bool>,
    received: Vec<u8>,
    /// The device said that some layer was at work.
    pub(crate) was_active: bool,
}

impl Board {
    /// The board of a model under a plan, its line idle for a while.
    pub(crate) fn new(identity: &Identity, model: &QuantizedModel, plan: &Plan) -> Self {
        let core = core_params(model, plan).expect("a valid model");
        let link = LinkParams {
            identity: identity.clone(),
            cycles_per_bit: CLOCKS_PER_BIT,
            input: encoder_params(model).expect("a valid model"),
        };
        let accelerator = Accelerator::new(&link, core);
        let mut board = Self {
            accelerator: simulate(accelerator, |accelerator| &mut accelerator.clock),
            to_device: VecDeque::new(),
            from_device: VecDeque::new(),
            received: Vec::new(),
            was_active: false,
        };
        (0..4).for_each(|_| board.bit());
        board
    }

    /// Puts bytes on the line, behind those that are still to go.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.to_device.push_back(false);
            self.to_device
                .extend((0..8).map(|position| byte >> position & 1 == 1));
            self.to_device.push_back(true);
        }
    }

    /// Puts a request's frame on the line.
    pub(crate) fn send(&mut self, body: &[u8]) {
        let mut wire = cobs::encode_vec(&[body, &crc32fast::hash(body).to_le_bytes()].concat());
        wire.push(0);
        self.send_raw(&wire);
    }

    /// The next response, if one comes within `bits` bits after all that was sent.
    pub(crate) fn receive(&mut self, bits: usize) -> Option<Vec<u8>> {
        let mut quiet = 0;
        while quiet < bits {
            if let Some(end) = self.received.iter().position(|&byte| byte == 0) {
                let wire: Vec<u8> = self.received.drain(..=end).collect();
                let mut body = cobs::decode_vec(&wire[..end]).expect("COBS");
                let crc = body.split_off(body.len() - 4);
                assert_eq!(crc, crc32fast::hash(&body).to_le_bytes(), "CRC of {body:02x?}");
                return Some(body);
            }
            quiet = if self.to_device.is_empty() { quiet + 1 } else { 0 };
            self.bit();
        }
        None
    }

    /// The response to a request.
    pub(crate) fn request(&mut self, body: &[u8]) -> Vec<u8> {
        self.send(body);
        self.receive(2000)
            .unwrap_or_else(|| panic!("no response to {body:02x?}"))
    }

    fn bit(&mut self) {
        let level = self.to_device.pop_front().unwrap_or(true);
        for _ in 0..CLOCKS_PER_BIT {
            self.accelerator.circuit().rx.next = level;
            self.accelerator.tick();
            let circuit = self.accelerator.circuit();
            self.was_active |= circuit.active.val();
            let tx = circuit.tx.val();
            self.from_device.push_back(tx);
        }
        self.decode();
    }

    /// Takes a byte from the device's line if a whole one is there.
    fn decode(&mut self) {
        while self.from_device.front() == Some(&true) {
            self.from_device.pop_front();
        }
        let cycles_per_bit = usize::try_from(CLOCKS_PER_BIT).expect("small");
        if self.from_device.len() < 10 * cycles_per_bit {
            return;
        }
        let levels: Vec<bool> = self.from_device.drain(..10 * cycles_per_bit).collect();
        let middles: Vec<bool> = levels
            .chunks(cycles_per_bit)
            .map(|bit| bit[bit.len() / 2])
            .collect();
        assert!(!middles[0] && middles[9], "start and stop bit of {middles:?}");
        let byte = middles[1..9]
            .iter()
            .rev()
            .fold(0, |byte, &level| byte << 1 | u8::from(level));
        self.received.push(byte);
    }
}
