//! The link's circuits.

mod command;
mod crc32;
mod frame_receiver;
mod frame_transmitter;
mod uart_receiver;
mod uart_transmitter;
