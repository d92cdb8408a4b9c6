//! The examples of this crate run as they are.

#[path = "../examples/cosim.rs"]
mod cosim;

#[test]
fn the_co_simulation_runs() {
    cosim::main().expect("design and golden model are equal");
}
