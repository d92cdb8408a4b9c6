//! Netlists and bitstreams equal the golden model, and planted faults in them are detected.
//!
//! One design of each family is compared by stress trains through the core's ports. The networks have convolution, stride,
//! padding, pooling and a junction. Faults are planted in the Verilog, in the netlist, and in the pins.

use crate::mutation::network;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use synfire::protocol::Spike;
use synfire::{ConnectOptions, Device, SerialTransport, Timeouts};
use synfire_golden_model::file::sha256;
use synfire_golden_model::integer;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::board::{Board, Family, Features};
use synfire_hw::build::Build;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::{Array, Plan, common_lanes};
use synfire_hw::process::Cancel;
use synfire_hw::seal;
use synfire_hw::synth::checks::Form;
use synfire_hw::synth::containment::contained;
use synfire_hw::synth::{Placements, synthesize};
use synfire_hw::tool::Tool;
use synfire_hw::traffic;
use synfire_sim::cosim::{Cosim, Summary};
use synfire_sim::verilated::VerilatedCore;
use synfire_sim::virtual_board::VirtualBoard;
use synfire_sim::{Error, stress};

/// Number of stress trains of a comparison.
const TRAINS: usize = 8;
/// Number of inferences through the pins.
const INFERENCES: usize = 4;

/// Negative constant, as it is emitted and as rust-hdl prints it.
const MENDED: &str = "localparam signed [31:0] floor = 32'sh";
const AS_RUST_HDL_PRINTS: &str = "localparam signed floor = 32'h";

/// First of the odd networks that is small enough to be synthesized in half a minute.
fn model(signed: bool) -> QuantizedModel {
    let is_small = |model: &QuantizedModel| {
        let bits: u32 = model
            .layers
            .iter()
            .map(|layer| u32::from(layer.membrane_bits))
            .sum();
        model.layers.len() == 4 && bits <= 56 && model.layers.iter().all(|layer| layer.floor < 0)
    };
    let draw = |seed| network::odd_network(&mut Xoshiro256PlusPlus::seed_from_u64(seed), signed);
    (1..).map(draw).find(is_small).expect("there are many")
}

/// Build with two lanes per layer, on ECP5 in arrays of several positions or groups that take two spikes at once, and with as little link around
/// the core as possible.
fn build(folder: &Path, model: &QuantizedModel, board: &str) -> Build {
    let mut board = Board::find(board).expect("a built-in board");
    board.link.features = Features {
        encoder: false,
        early_exit: false,
        reloadable: false,
    };
    let traffic = traffic::from_rates(model, &vec![4.0; model.layers.len()]).expect("traffic");
    let geometry = Geometry::of(model).expect("a valid model");
    let mut lanes: Vec<usize> = (model.layers.iter())
        .map(|layer| 2.min(layer.outputs()))
        .collect();
    if let (Family::Ecp5, Some(last)) = (board.device.family, lanes.last_mut()) {
        // So that the output layer has several groups, which lie in banks.
        *last = 1;
    }
    let lanes = common_lanes(&geometry, &lanes);
    let array = |index: usize| {
        let layer = &geometry.layers[index];
        let source = layer.paths[0].stream.checked_sub(1);
        let is_ecp5 = board.device.family == Family::Ecp5;
        let merges = is_ecp5 && layer.can_merge(source.map_or(1, |source| lanes[source]));
        let groups = layer.neurons.channels.div_ceil(lanes[index]);
        let positions = match layer.useful_positions(groups).last() {
            Some(&positions) if is_ecp5 => positions,
            _ => 1,
        };
        Array {
            lanes: lanes[index],
            positions,
            merged: if merges { 2 } else { 1 },
            swept: if layer.sweeps_banks() { positions } else { 1 },
        }
    };
    let arrays: Vec<Array> = (0..lanes.len()).map(array).collect();
    assert!(
        board.device.family != Family::Ecp5
            || (arrays.iter().any(|array| array.swept > 1)
                && arrays.iter().any(|array| array.positions > array.swept)
                && arrays.iter().any(|array| array.merged > 1)),
        "{arrays:?}"
    );
    let plan = Plan::with_arrays(model, &board, &traffic, &arrays).expect("a plan");
    Build::write(folder, model, &board, &plan).expect("a build")
}

/// Compares a form by stress trains. No waveform of a difference is recorded, which would take another simulator.
fn compare(build: &Build, form: Form) -> Result<Summary, Box<Error>> {
    let model = build.model().map_err(Error::from)?;
    let mut cosim = Cosim::new(&model, &build.manifest.plan, "verilator", None)?;
    let mut core = VerilatedCore::start(build, form, None)?;
    for train in &stress::trains(&model, TRAINS, 1)? {
        cosim.infer(train.into(), &mut core)?;
    }
    Ok(cosim.finish())
}

/// Whether a comparison finds a difference from the golden model.
fn differs(build: &Build, form: Form) -> bool {
    match compare(build, form) {
        Ok(_) => false,
        Err(error) => match *error {
            Error::Mismatch(_) | Error::Hung { .. } => true,
            error => panic!("{error}"),
        },
    }
}

/// Replaces a text in a file of a build.
fn change(build: &Build, file: &str, from: &str, to: &str) {
    let path = build.folder.join(file);
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.contains(from), "{file} holds no `{from}`");
    fs::write(&path, text.replace(from, to)).expect("writes");
}

/// Writes another text into a file that Yosys made, and records its hash as if Yosys had made that.
fn write_netlist(build: &Build, file: &str, text: &str) {
    let path = build.folder.join(file);
    let before = sha256(&fs::read(&path).expect("a file"));
    fs::write(&path, text).expect("writes");
    let stamp = build.folder.join("netlist-made.json");
    let record: serde_json::Value = seal::read(&stamp).expect("a record");
    let record = record.to_string().replace(&before, &sha256(text.as_bytes()));
    let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    seal::write(&stamp, &record).expect("seals");
}

/// Checks that the netlist of the design passes, and that the check is recorded.
fn netlist_passes(build: &Build) {
    let board = &build.manifest.board.name;
    let summary = compare(build, Form::Netlist).unwrap_or_else(|error| panic!("{board}: {error}"));
    assert_eq!(summary.images, TRAINS);
    assert!(summary.spikes > 100, "{} spikes prove little", summary.spikes);
    let cells = contained(build).expect("the core that was compared");
    assert!(cells > 500, "{cells} cells");
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(
        std::io::stderr(),
        "{board}: netlist of {} layers, {cells} cells of the core, {} steps, {} spikes, {} membranes equal",
        summary.layers.len(),
        summary.steps,
        summary.spikes,
        summary.membranes
    );
}

/// Checks that the netlist does not pass with the constant as rust-hdl prints it.
fn the_old_constant_is_found(build: &Build) {
    change(build, "accelerator.v", MENDED, AS_RUST_HDL_PRINTS);
    assert!(
        differs(build, Form::Netlist),
        "the old constant goes unseen in the netlist"
    );
}

#[test]
fn netlists_of_ecp5() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = build(folder.path(), &model(true), "ulx3s-12f");
    netlist_passes(&build);
    the_old_constant_is_found(&build);
}

#[test]
fn netlists_of_gowin() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = build(folder.path(), &model(false), "tang-nano-20k");
    netlist_passes(&build);
    the_old_constant_is_found(&build);
}

/// Checks netlist and bitstream through their pins, and faults in each of them.
#[test]
fn netlists_and_bitstreams_of_ice40() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = build(folder.path(), &model(false), "ice40-hx8k");
    netlist_passes(&build);
    whole_board_passes(&build, Form::Netlist);
    let report =
        synthesize(&build, Placements::default(), &Cancel::default(), &mut |_| ()).expect("a bitstream");
    let netlist = fs::read(folder.path().join("netlist.json")).expect("a netlist");
    assert_eq!(
        report.netlist,
        sha256(&netlist),
        "nextpnr got the netlist that ran"
    );
    if can_unpack() {
        whole_board_passes(&build, Form::Bitstream);
        the_loop_is_the_planned_one(&build);
        swapped_pins_are_found(&build);
    }

    let core = fs::read_to_string(folder.path().join("core.v")).expect("the core's netlist");
    // From words of 16 bits to bytes: half of each write goes elsewhere.
    let (mode, other) = (".WRITE_MODE(2'h0)", ".WRITE_MODE(2'h1)");
    assert!(core.contains(mode), "no block RAM of words of 16 bits");
    write_netlist(&build, "core.v", &core.replace(mode, other));
    assert!(differs(&build, Form::Netlist), "a wrong write mode goes unseen");
    write_netlist(&build, "core.v", &core);

    the_old_constant_is_found(&build);
    assert!(
        differs(&build, Form::Elaborated),
        "the old constant goes unseen as Yosys reads it"
    );
    compare(&build, Form::Emitted).expect("Verilator reads the old constant as it is meant");
}

/// Runs inferences over the serial line of a virtual board; returns the expected and the actual potentials.
fn through_pins(build: &Build, form: Form) -> Result<Vec<[Vec<i32>; 2]>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let model = build.model().map_err(|error| told(&error))?;
    let mut board = VirtualBoard::start(build, form).map_err(|error| told(&error))?;
    let port = board.port().display().to_string();
    let transport =
        SerialTransport::open(port, build.manifest.board.uart.baud).map_err(|error| told(&error))?;
    let options = ConnectOptions {
        expect_design: build.short_design_hash(),
        // A netlist is slow; on a sound line the wait costs nothing.
        timeouts: Timeouts::default().scaled(40),
        retries: 1,
        ..ConnectOptions::default()
    };
    let mut device = Device::connect(transport, options).map_err(|error| told(&error))?;
    let trains = stress::trains(&model, INFERENCES, 3).map_err(|error| told(&error))?;
    let mut answers = Vec::new();
    for train in trains {
        let raster = sorted(&train.raster);
        let expected = integer::trace(&model, &raster).map_err(|error| told(&error))?;
        let result = device.infer(spikes(&raster)).map_err(|error| told(&error))?;
        answers.push([expected.inference.potentials, result.potentials]);
    }
    board.check().map_err(|error| told(&error))?;
    Ok(answers)
}

/// Sorts the spikes of each step and removes duplicates, as the link requires.
fn sorted(raster: &SpikeRaster) -> SpikeRaster {
    let mut sorted = SpikeRaster::new(raster.width());
    for step in raster.iter() {
        let mut step = step.to_vec();
        step.sort_by_key(|spike| spike.address);
        step.dedup_by_key(|spike| spike.address);
        sorted.push_step(step);
    }
    sorted
}

fn spikes(raster: &SpikeRaster) -> Vec<Vec<Spike>> {
    let spike = |spike: &synfire_golden_model::spikes::Spike| Spike {
        address: spike.address,
        value: spike.value,
    };
    raster
        .iter()
        .map(|step| step.iter().map(spike).collect())
        .collect()
}

/// Whether the tool that turns bitstreams back into Verilog is installed; CI requires it.
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

fn whole_board_passes(build: &Build, form: Form) {
    let answers = through_pins(build, form).unwrap_or_else(|error| panic!("{form}: {error}"));
    assert_eq!(answers.len(), INFERENCES);
    for [expected, found] in answers {
        assert_eq!(expected.len(), found.len());
        assert_eq!(expected, found, "{form}");
    }
}

/// Checks the PLL: 12 MHz · 64 / 16 = 48 MHz. The simulation takes the PLL's frequency as given.
fn the_loop_is_the_planned_one(build: &Build) {
    let unpacked = fs::read_to_string(build.folder.join("unpacked.v")).expect("the bitstream as Verilog");
    for dividers in [".DIVR(4'b0000)", ".DIVF(7'b0111111)", ".DIVQ(3'b100)"] {
        assert!(unpacked.contains(dividers), "{dividers} is not in the bitstream");
    }
}

/// Plants a fault in the pins: nextpnr gets other pins than those of the board file.
fn swapped_pins_are_found(build: &Build) {
    let pins = &build.manifest.board.uart;
    let line = |port: &str, pin: &str| format!("{port} {pin}\n");
    change(build, "board.pcf", &line("rx", &pins.rx), &line("rx", "swapped"));
    change(build, "board.pcf", &line("tx", &pins.tx), &line("tx", &pins.rx));
    change(build, "board.pcf", &line("rx", "swapped"), &line("rx", &pins.tx));
    synthesize(build, Placements::default(), &Cancel::default(), &mut |_| ()).expect("a bitstream");
    let found = through_pins(build, Form::Bitstream);
    assert!(found.is_err(), "swapped pins go unseen: {found:?}");
}
