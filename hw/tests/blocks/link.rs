//! The link's circuits.

mod command;
mod command_bench;
mod crc32;
mod early_exit;
mod encoder;
mod frame_receiver;
mod frame_transmitter;
mod loader;
mod spike_coding;
mod splitter;
mod uart_receiver;
mod uart_transmitter;
mod whole;
