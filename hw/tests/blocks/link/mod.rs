//! The link's circuits.

mod command;
mod command_bench;
mod crc32;
mod frame_receiver;
mod frame_transmitter;
mod spike_coding;
mod uart_receiver;
mod uart_transmitter;
