//! The accelerator's serial link: UART, frames, command processor. The protocol is `docs/protocol.md`.

pub mod command;
pub mod crc32;
pub mod frame_receiver;
pub mod frame_transmitter;
pub mod uart_receiver;
pub mod uart_transmitter;
