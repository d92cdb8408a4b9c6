//! Boards: files that cannot work are refused, and what is written for a board is pinned.

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
                "board file mine.toml: slot_bytes = {slot_bytes} is not a power of two of 64..=16384; see \
                 hw/boards for examples"
            )
        );
    }
}

#[test]
fn a_line_faster_than_a_quarter_of_the_clock_is_refused() {
    for baud in ["0", "4_000_000"] {
        let message = refused("baud = 1_000_000", &format!("baud = {baud}"));
        assert!(
            message.contains("wants a clock of at least 4 times as much, but hz = 12000000"),
            "{message}"
        );
    }
}

#[test]
fn the_line_divides_the_clock_to_the_nearest() {
    let clocks = |baud: &str| {
        let text = BOARD.replace("baud = 1_000_000", &format!("baud = {baud}"));
        Board::parse(&text, "mine.toml")
            .expect("a board")
            .clocks_per_bit()
    };
    assert_eq!(
        (clocks("1_000_000"), clocks("115_200"), clocks("921_600")),
        (12, 104, 13)
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
        error.starts_with(&format!("reading board file {}: ", missing.display())),
        "{error}"
    );
}

#[test]
fn top_module_and_constraints_of_every_board_are_as_pinned() {
    for name in Board::names() {
        let board = Board::find(name).expect("a built-in board");
        let (file, text) = constraints(&board);
        insta::assert_snapshot!(name, format!("{}\n=== {file}\n{text}", board_top(&board)));
    }
}

#[test]
fn top_module_of_the_co_simulation_is_as_pinned() {
    insta::assert_snapshot!("cosim_of_one_layer", cosim_top(1));
    insta::assert_snapshot!("cosim_of_three_layers", cosim_top(3));
}
