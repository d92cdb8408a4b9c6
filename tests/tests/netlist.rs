//! What nextpnr gets, and what the board gets, equals the golden model; and what does not is found.
//!
//! One design of each family, odd networks with convolution, stride, padding, pooling and a junction, is compared by stress trains
//! through the core's ports. Faults are planted in the Verilog, in the netlist, and in the pins.

#[allow(dead_code, reason = "no images here, and other boards")]
#[path = "mutation/network.rs"]
mod network;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use synfire::protocol::Spike;
use synfire::{ConnectOptions, Device, SerialTransport, Timeouts};
use synfire_golden_model::integer;
use synfire_golden_model::quantized::QuantizedModel;
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::board::{Board, Features};
use synfire_hw::build::{Build, sha256};
use synfire_hw::load;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::Form;
use synfire_hw::synth::containment::contained;
use synfire_hw::synth::process::Cancel;
use synfire_hw::synth::{Placements, synthesize};
use synfire_hw::tool::Tool;
use synfire_sim::Error;
use synfire_sim::cosim::{self, Summary};
use synfire_sim::stress;
use synfire_sim::virtual_board::VirtualBoard;

/// Stress trains of a comparison.
const TRAINS: usize = 8;
/// Inferences through pins.
const INFERENCES: usize = 4;

/// A constant that is negative, as it is printed and as rust-hdl printed it.
const MENDED: &str = "localparam signed [31:0] floor = 32'sh";
const AS_RUST_HDL_PRINTS: &str = "localparam signed floor = 32'h";

fn model(signed: bool) -> QuantizedModel {
    network::odd_network(&mut Xoshiro256PlusPlus::seed_from_u64(2), signed)
}

/// A build of two lanes a layer, with the core and the least of link around it.
fn build(folder: &Path, model: &QuantizedModel, board: &str) -> Build {
    let mut board = Board::find(board).expect("a built-in board");
    board.link.features = Features {
        encoder: false,
        early_exit: false,
        load: false,
    };
    let loads = load::from_rates(model, &vec![4.0; model.layers.len()]).expect("loads");
    let lanes: Vec<usize> = (model.layers.iter())
        .map(|layer| 2.min(layer.outputs()))
        .collect();
    let plan = Plan::with_lanes(model, &board, &loads, &lanes).expect("a plan");
    Build::write(folder, model, &board, &plan).expect("a build")
}

fn compare(build: &Build, form: Form) -> Result<Summary, Error> {
    let trains = stress::trains(&build.model()?, TRAINS, 1)?;
    cosim::verilator_trains(build, form, &trains, &mut |_| ())
}

/// Replaces a text in a file of a build.
fn change(build: &Build, file: &str, from: &str, to: &str) {
    let path = build.folder.join(file);
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.contains(from), "{file} holds no `{from}`");
    fs::write(&path, text.replace(from, to)).expect("writes");
}

/// The same in a file that Yosys made, whose hash is kept.
fn change_netlist(build: &Build, file: &str, from: &str, to: &str) {
    let hash = |file: &str| sha256(&fs::read(build.folder.join(file)).expect("a file"));
    let before = hash(file);
    change(build, file, from, to);
    change(build, "netlist-made.json", &before, &hash(file));
}

/// The design's netlist passes; with the constant as rust-hdl prints it, it does not, neither as Yosys reads it nor as a
/// netlist, though Verilator finds nothing wrong with that Verilog.
fn check_family(board: &str, signed: bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = model(signed);
    let build = build(folder.path(), &model, board);
    let summary = compare(&build, Form::Netlist).unwrap_or_else(|error| panic!("{board}: {error}"));
    assert_eq!(summary.images, TRAINS);
    assert!(summary.spikes > 100, "{} spikes prove little", summary.spikes);
    let cells = contained(&build).expect("the core that was compared");
    assert!(cells > 500, "{cells} cells");
    let mut out = std::io::stderr();
    let _ = writeln!(
        out,
        "{board}: netlist of {} layers, {cells} cells of the core, {} steps, {} spikes, {} membranes",
        model.layers.len(),
        summary.steps,
        summary.spikes,
        summary.membranes
    );

    change(&build, "accelerator.v", MENDED, AS_RUST_HDL_PRINTS);
    compare(&build, Form::Emitted).expect("Verilator reads the old constant as it is meant");
    for form in [Form::Elaborated, Form::Netlist] {
        let Err(Error::Mismatch(mismatch)) = compare(&build, form) else {
            panic!("{board}: the old constant goes unseen in the {form}");
        };
        assert!(
            mismatch.simulator.contains("Yosys") || mismatch.simulator.contains("netlist"),
            "{mismatch}"
        );
    }
}

#[test]
fn netlists_of_ice40() {
    check_family("ice40-hx8k", false);
}

#[test]
fn netlists_of_ecp5() {
    check_family("ulx3s-12f", true);
}

#[test]
fn netlists_of_gowin() {
    check_family("tang-nano-20k", false);
}

#[test]
fn a_wrong_write_mode_of_a_block_ram_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = build(folder.path(), &model(false), "ice40-hx8k");
    compare(&build, Form::Netlist).expect("equal");
    // From words of 16 bits to bytes: half of each write goes elsewhere.
    change_netlist(&build, "core.v", ".WRITE_MODE(2'h0)", ".WRITE_MODE(2'h1)");
    let found = compare(&build, Form::Netlist);
    assert!(
        matches!(found, Err(Error::Mismatch(_) | Error::Hung { .. })),
        "{found:?}"
    );
}

/// Inferences over the serial line of a virtual board; what the potentials should be, and are.
fn through_pins(build: &Build, form: Form) -> Result<Vec<[Vec<i32>; 2]>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let model = build.model().map_err(|error| told(&error))?;
    let mut board = VirtualBoard::start(build, form).map_err(|error| told(&error))?;
    let port = board.port().display().to_string();
    let transport =
        SerialTransport::open(port, build.manifest.board.uart.baud).map_err(|error| told(&error))?;
    let options = ConnectOptions {
        expect_design: build.short_design_hash(),
        timeouts: Timeouts::default().scaled(4),
        retries: 1,
        ..ConnectOptions::default()
    };
    let mut device = Device::connect(transport, options).map_err(|error| told(&error))?;
    let trains = stress::trains(&model, INFERENCES, 3).map_err(|error| told(&error))?;
    let mut answers = Vec::new();
    for train in trains {
        let expected = integer::trace(&model, &train.raster).map_err(|error| told(&error))?;
        let result = device
            .infer(&spikes(&train.raster))
            .map_err(|error| told(&error))?;
        answers.push([expected.inference.potentials, result.potentials]);
    }
    board.check().map_err(|error| told(&error))?;
    Ok(answers)
}

fn spikes(raster: &SpikeRaster) -> Vec<Vec<Spike>> {
    let spike = |spike: &synfire_golden_model::spikes::Spike| Spike {
        address: spike.address,
        negative: spike.negative,
    };
    raster
        .iter()
        .map(|step| step.iter().map(spike).collect())
        .collect()
}

/// Whether the tool is there that turns bitstreams back into Verilog; in CI it must be.
fn can_unpack() -> bool {
    match Tool::IceboxVlog.find() {
        Ok(_) => true,
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{error}"),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED, no bitstream is unpacked: {error}");
            false
        }
    }
}

#[test]
fn the_whole_netlist_and_the_bitstream_run_behind_the_pins_and_swapped_pins_are_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = model(false);
    let build = build(folder.path(), &model, "ice40-hx8k");
    let check = |form: Form| {
        let answers = through_pins(&build, form).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(answers.len(), INFERENCES);
        for [expected, found] in answers {
            assert_eq!(expected.len(), found.len());
            assert_eq!(expected, found, "{form}");
        }
    };
    check(Form::Netlist);
    let report =
        synthesize(&build, Placements::default(), &Cancel::default(), &mut |_| ()).expect("a bitstream");
    assert_eq!(
        report.netlist,
        sha256(&fs::read(folder.path().join("netlist.json")).expect("a netlist")),
        "nextpnr got the netlist that ran"
    );
    if !can_unpack() {
        return;
    }
    check(Form::Bitstream);
    let unpacked = fs::read_to_string(folder.path().join("unpacked.v")).expect("the bitstream as Verilog");
    // 12 MHz by 64 / 16 is 48.
    for dividers in [".DIVR(4'b0000)", ".DIVF(7'b0111111)", ".DIVQ(3'b100)"] {
        assert!(unpacked.contains(dividers), "{dividers} is not in the bitstream");
    }

    // The pins of the board file are those of the board; those that nextpnr is told are not.
    let pins = &build.manifest.board.uart;
    let line = |port: &str, pin: &str| format!("{port} {pin}\n");
    change(&build, "board.pcf", &line("rx", &pins.rx), &line("rx", "swapped"));
    change(&build, "board.pcf", &line("tx", &pins.tx), &line("tx", &pins.rx));
    change(&build, "board.pcf", &line("rx", "swapped"), &line("rx", &pins.tx));
    synthesize(&build, Placements::default(), &Cancel::default(), &mut |_| ()).expect("a bitstream");
    let found = through_pins(&build, Form::Bitstream);
    assert!(found.is_err(), "swapped pins go unseen: {found:?}");
}
