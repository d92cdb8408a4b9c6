//! The way from a model to a build folder and a report, as a user of the library takes it.

mod board;
mod board_facts;
mod build;
mod diagram;
mod examples;
mod flash;
mod foreign;
#[path = "../common/network.rs"]
mod network;
mod plan;
mod process;
mod report;
mod requirements;
mod speed;
mod xml;
