//! The program `synfire` and its crates together, from data to the bitstream: one program, so that tests that wait for a tool and tests
//! that compute run beside each other.

mod bench;
mod boards;
mod command_line;
mod core_preparation;
mod data_files;
mod deep;
mod demo;
mod evaluation;
mod extensions;
mod flash;
mod foreign;
mod gradcheck;
mod manifests;
mod mnist;
mod mutation;
mod netlist;
mod paths;
mod planted_fault;
mod prune;
mod stress;
mod sweep;
mod trace;
mod training;
