//! The accelerator's serial link: UART, frames, command processor, and the encoder that turns images into
//! spikes. `docs/protocol.md` defines the protocol.

pub mod chunk_decoder;
pub mod command;
pub mod crc32;
pub mod early_exit;
pub mod encoder;
pub mod frame_receiver;
pub mod frame_transmitter;
pub mod identity;
pub mod loader;
mod opcode;
pub mod responder;
pub mod splitter;
pub mod uart_receiver;
pub mod uart_transmitter;

/// Bits that tell `size` places apart; 0 for a single place.
pub(crate) const fn address_bits(size: usize) -> usize {
    (usize::BITS - size.saturating_sub(1).leading_zeros()) as usize
}
