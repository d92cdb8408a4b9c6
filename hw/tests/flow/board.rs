//! Boards: files that cannot work are rejected, and top modules and constraints equal their snapshots.

use std::path::Path;
use synfire_hw::board::Board;
use synfire_hw::emit::constraints::constraints;
use synfire_hw::emit::wrapper::{board_top, cosim_top};

const BOARD: &str = include_str!("../../boards/ice40-hx8k.toml");

fn refused(from: &str, to: &str) -> String {
    assert!(BOARD.contains(from), "{from}");
    Board::parse(&BOARD.replace(from, to), "mine.toml")
        .expect_err("refused")
        .to_string()
}

#[test]
fn slots_that_cannot_be_built_are_refused() {
    for slot_bytes in ["0", "32", "100", "32768"] {
        let message = refused("slot_bytes = 256", &format!("slot_bytes = {slot_bytes}"));
        assert_eq!(
            message,
            format!(
                "board file mine.toml: slot_bytes = {slot_bytes} must be a power of two from 64 to 16384; see \
                 hw/boards for examples"
            )
        );
    }
}

#[test]
fn a_line_faster_than_a_quarter_of_the_clock_is_refused() {
    for baud in ["0", "13_000_000"] {
        let message = refused("baud = 2_000_000", &format!("baud = {baud}"));
        assert!(
            message.contains(
                "needs a core clock of at least 4 times the rate, but the core runs at 48000000 Hz"
            ),
            "{message}"
        );
    }
}

#[test]
fn the_line_divides_the_clock_to_the_nearest() {
    let cycles = |baud: &str| {
        let text = BOARD.replace("baud = 2_000_000", &format!("baud = {baud}"));
        Board::parse(&text, "mine.toml")
            .expect("a board")
            .cycles_per_bit()
    };
    assert_eq!(
        (cycles("1_000_000"), cycles("115_200"), cycles("921_600")),
        (48, 417, 52)
    );
}

#[test]
fn every_built_in_board_is_valid_and_carries_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
    let files = std::fs::read_dir(folder).expect("the board files").count();
    assert_eq!(Board::names().len(), files);
    for name in Board::names() {
        let board = Board::find(name).expect("a board");
        assert_eq!(board.name, name);
        assert!(board.programmer.is_some(), "{name} has a programmer");
    }
}

#[test]
fn unknown_board_lists_the_known() {
    assert_eq!(
        Board::find("icebraker").expect_err("unknown").to_string(),
        format!(
            "unknown board `icebraker`: give one of {}, or the path of a board file (.toml)",
            Board::names().join(", ")
        )
    );
}

#[test]
fn values_that_cannot_work_are_refused_with_the_reason() {
    for (from, to, reason) in [
        (
            "baud = 2_000_000",
            "baud = 10_400_000",
            "baud = 10400000 cannot be made from the core's clock of 48000000 Hz: the rate would be 8.3 % off",
        ),
        (
            "core_hz = 48_000_000",
            "core_hz = 48_000_001",
            "core_hz = 48000001 cannot be made exactly from hz = 12000000; the nearest is 48000000",
        ),
        ("active_low", "inverted", "unknown field `inverted`"),
        (
            "package = \"ct256\"",
            "",
            "a device of this family needs a package",
        ),
        (
            "part = \"hx8k\"",
            "part = \"hx8k\"\nspeed = 6",
            "speed = 6: only ECP5 has speed grades, from 6 to 8",
        ),
        (
            "part = \"hx8k\"",
            "part = \"hx8k\"\ndatabase = \"GW1N-9C\"",
            "database is not for devices of this family: leave it out",
        ),
        (
            "pin = \"J3\"",
            "pin = \"J3;\"",
            "[clock] pin = \"J3;\" is not the name of a pin",
        ),
        (
            "package = \"ct256\"",
            "package = \"\"",
            "\"\" is not the name of a package, database or standard",
        ),
        (
            "tx = \"B12\"",
            "tx = \"\"",
            "[uart] tx is empty: give the name of the pin from the constraints of the board's vendor",
        ),
        (
            "tx = \"B12\"",
            "tx = \"B10\"",
            "[uart] rx and [uart] tx are the same pin, B10: give each signal its own pin",
        ),
        (
            "pin = \"B5\"",
            "pin = \"j3\"",
            "[clock] pin and [led] pin are the same pin, j3: give each signal its own pin",
        ),
        (
            "[programmer]",
            "[[held_high]]\npin = \"A1\"\n\n[[held_high]]\npin = \"B12\"\n\n[programmer]",
            "[uart] tx and [[held_high]] pin 2 are the same pin, B12: give each signal its own pin",
        ),
        (
            "part = \"hx8k\"",
            "part = \"hx8\"",
            "part = \"hx8\" is unknown; known parts: lp384, lp1k, lp4k, lp8k, hx1k, hx4k, hx8k, up3k, up5k",
        ),
        (
            "block_rams = 32",
            "block_rams = 32\ndistributed_ram = true",
            "distributed_ram is for ECP5 only: iCE40 has none, and Gowin's is reported to lose writes",
        ),
        (
            "baud = 2_000_000",
            "baud = 300",
            "baud = 300 takes 160000 cycles per bit at the core's 48000000 Hz, but the UART counts at most 65535: use at least \
             733 baud, or a slower clock",
        ),
        (
            "active_low = false",
            "active_low = false\nstandard = \"LVCMOS18\"",
            "standard is not for iCE40, whose I/O banks decide it: leave it out",
        ),
        (
            "[\"iceprog\", \"{bitstream}\"]",
            "[\"iceprog\"]",
            "flash = [\"iceprog\"] is not a command line: give {bitstream} once among its arguments, as a word of its own",
        ),
        (
            "[\"iceprog\", \"{bitstream}\"]",
            "[\"sh\", \"{bitstream}\"]",
            "flash = [\"sh\", \"{bitstream}\"] names the program \"sh\", which synfire does not run: give one of iceprog, \
             openFPGALoader, dfu-util, or leave [programmer] out",
        ),
    ] {
        let message = refused(from, to);
        assert!(message.starts_with("board file mine.toml: "), "{message}");
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn parts_of_the_other_families_are_checked_too() {
    let refused = |board: &str, from: &str, to: &str| {
        let board = Board::find(board).expect("a built-in board");
        let text = toml::to_string(&board).expect("a board file");
        assert!(text.contains(from), "{from} in {text}");
        Board::parse(&text.replace(from, to), "mine.toml")
            .expect_err("refused")
            .to_string()
    };
    for (board, from, to, reason) in [
        (
            "ulx3s-25f",
            "part = \"25k\"",
            "part = \"24k\"",
            "part = \"24k\" is unknown; known parts: 12k, 25k, 45k, 85k,",
        ),
        (
            "tang-nano-9k",
            "database = \"GW1N-9C\"",
            "database = \"GW1N-9D\"",
            "database = \"GW1N-9D\" is unknown; known databases: GW1N-1, GW1N-4,",
        ),
        (
            "tang-nano-9k",
            "GW1NR-LV9QN88PC6/I5",
            "GW2AR-LV18QN88C8/I7",
            "part = \"GW2AR-LV18QN88C8/I7\" does not match database = \"GW1N-9C\", whose part numbers start with GW1N",
        ),
    ] {
        let message = refused(board, from, to);
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn the_slowest_rate_that_is_named_is_one_that_works() {
    let at = |baud: u32| {
        Board::find("ice40-hx8k")
            .expect("a board")
            .with_rates(None, Some(baud))
    };
    assert_eq!(at(733).expect("the slowest").cycles_per_bit(), 65_484);
    assert!(
        at(732)
            .expect_err("slower")
            .to_string()
            .contains("use at least 733 baud")
    );
    // Clock and rate are checked together: neither works with the default of the other.
    let board = Board::find("ice40-hx8k").expect("a board");
    assert!(board.clone().with_core_hz(6_000_000).is_err());
    let both = board
        .with_rates(Some(24_000_000), Some(6_000_000))
        .expect("both together");
    assert_eq!((both.core_hz(), both.cycles_per_bit()), (24_000_000, 4));
}

#[test]
fn the_core_runs_at_what_its_loop_makes() {
    let board = Board::find("ice40-hx8k").expect("a board");
    assert_eq!((board.core_hz(), board.clock_mhz()), (48_000_000, 48.0));
    // On the oscillator itself there is no loop.
    let slow = board.clone().with_core_hz(12_000_000).expect("the oscillator's");
    assert_eq!((slow.core_hz(), slow.cycles_per_bit()), (12_000_000, 6));
    assert!(!board_top(&slow).expect("a clock").contains("SB_PLL40"));
    let error = board.with_core_hz(47_000_000).expect_err("not to be made");
    assert!(
        error
            .to_string()
            .contains("core_hz = 47000000 cannot be made exactly"),
        "{error}"
    );
}

#[test]
fn a_board_file_is_found_by_its_path() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, BOARD.replace("ice40-hx8k", "mine")).expect("writes");
    assert_eq!(
        Board::find(path.to_str().expect("text")).expect("a board").name,
        "mine"
    );
    let missing = folder.path().join("missing.toml");
    let error = Board::find(missing.to_str().expect("text"))
        .expect_err("missing")
        .to_string();
    assert!(
        error.starts_with(&format!("cannot read {}: ", missing.display())),
        "{error}"
    );
}

#[test]
fn top_module_and_constraints_of_every_board_are_as_pinned() {
    for name in Board::names() {
        let board = Board::find(name).expect("a built-in board");
        let (file, text) = constraints(&board);
        insta::assert_snapshot!(
            name,
            format!("{}\n=== {file}\n{text}", board_top(&board).expect("a clock"))
        );
    }
}

#[test]
fn top_module_of_the_co_simulation_is_as_pinned() {
    insta::assert_snapshot!("cosim_of_one_layer", cosim_top(&[3], false));
    insta::assert_snapshot!("cosim_of_three_layers", cosim_top(&[4, 2, 3], false));
}
