//! Facts about every built-in board, from the documents of its vendor.
//!
//! The facts are typed in from the documents that are named beside them, not taken from the board files. A snapshot of a top
//! module shows only that a pin has not changed, not that it is right. `rx` is the pin on which the FPGA receives, even if the
//! document calls it otherwise.

use synfire_hw::board::{Board, Family};

/// FPGA, as its maker describes it.
struct Device {
    document: &'static str,
    family: Family,
    /// Flag of nextpnr, or part number of Gowin.
    part: &'static str,
    /// Package, as nextpnr names it; part numbers of Gowin include it.
    package: Option<&'static str>,
    /// Speed grade of ECP5, with which the part number ends.
    speed: Option<u8>,
    luts: usize,
    block_rams: usize,
    sprams: usize,
    multipliers: usize,
}

/// Board, as its vendor describes it.
struct Facts {
    board: &'static str,
    /// Document that names the pins.
    documents: &'static [&'static str],
    device: Device,
    clock: (&'static str, u32),
    rx: &'static str,
    tx: &'static str,
    /// Pin of the LED, and whether the LED lights when the pin is low.
    led: (&'static str, bool),
    held_high: &'static [&'static str],
}

const ICE40_HX8K: &str = "Lattice FPGA-DS-02029, iCE40 LP/HX Family Data Sheet, Product Family: HX8K has 7,680 logic cells, 32 EBR";
const ICE40_UP5K: &str = "Lattice FPGA-DS-02008, iCE40 UltraPlus Family Data Sheet, Product Family: UP5K has 5,280 LUT, 30 EBR, 4 SPRAM, 8 DSP";
const ECP5: &str = "Lattice FPGA-DS-02012, ECP5 and ECP5-5G Family Data Sheet, Product Family: sysMEM blocks and 18×18 multipliers are \
                    56 and 28 (25), 108 and 72 (45), 208 and 156 (85); the LUTs to the last one are those of Project \
                    Trellis's devices: 24,288, 43,848, 83,640";

const fn ecp5(part: &'static str, package: &'static str, speed: u8, sizes: (usize, usize, usize)) -> Device {
    Device {
        document: ECP5,
        family: Family::Ecp5,
        part,
        package: Some(package),
        speed: Some(speed),
        luts: sizes.0,
        block_rams: sizes.1,
        sprams: 0,
        multipliers: sizes.2,
    }
}

const F25: (usize, usize, usize) = (24_288, 56, 28);
const F45: (usize, usize, usize) = (43_848, 108, 72);
const F85: (usize, usize, usize) = (83_640, 208, 156);

const fn hx8k(package: &'static str) -> Device {
    Device {
        document: ICE40_HX8K,
        family: Family::Ice40,
        part: "hx8k",
        package: Some(package),
        speed: None,
        luts: 7680,
        block_rams: 32,
        sprams: 0,
        multipliers: 0,
    }
}

const fn gowin(
    document: &'static str,
    part: &'static str,
    (luts, block_rams, multipliers): (usize, usize, usize),
) -> Device {
    Device {
        document,
        family: Family::Gowin,
        part,
        package: None,
        speed: None,
        luts,
        block_rams,
        sprams: 0,
        multipliers,
    }
}

/// ULX3S: an LFE5U-xxF-6BG381C. The FPGA receives on ftdi_txd and sends on ftdi_rxd; `wifi_gpio0` high keeps the ESP32 from
/// taking over.
const fn ulx3s(board: &'static str, part: &'static str, sizes: (usize, usize, usize)) -> Facts {
    Facts {
        board,
        documents: &["github.com/emard/ulx3s: doc/constraints/ulx3s_v20.lpf"],
        device: ecp5(part, "CABGA381", 6, sizes),
        clock: ("G2", 25_000_000),
        rx: "M1",
        tx: "L4",
        led: ("B2", false),
        held_high: &["L2"],
    }
}

/// OrangeCrab: an LFE5U-xxF-8MG285C. Pins 0 and 1 of the Feather are N17 and M18; V17 low restarts the device.
const fn orangecrab(board: &'static str, part: &'static str, sizes: (usize, usize, usize)) -> Facts {
    Facts {
        board,
        documents: &[
            "github.com/orangecrab-fpga/orangecrab-examples: verilog/blink_reset/orangecrab_r0.2.pcf",
            "github.com/litex-hub/litex-boards: platforms/gsd_orangecrab.py, Feather serial of r0.2: rx GPIO:0, tx GPIO:1",
        ],
        device: ecp5(part, "CSFBGA285", 8, sizes),
        clock: ("A9", 48_000_000),
        rx: "N17",
        tx: "M18",
        led: ("K4", true),
        held_high: &["V17"],
    }
}

const FACTS: &[Facts] = &[
    Facts {
        board: "alchitry-cu",
        documents: &[
            "github.com/alchitry/Alchitry-Labs-V2: hardware/pinout/CuPin.kt: CLOCK, USB_RX, USB_TX, LED0",
            "github.com/litex-hub/litex-boards: platforms/alchitry_cu.py (100 MHz, cb132)",
        ],
        device: hx8k("cb132"),
        clock: ("P7", 100_000_000),
        rx: "P14",
        tx: "M9",
        led: ("J11", false),
        held_high: &[],
    },
    Facts {
        board: "colorlight-i5",
        documents: &[
            "github.com/wuxx/Colorlight-FPGA-Projects: README.md (LFE5U-25F-6BG381C, 25 MHz at P3, LED U16)",
            "github.com/wuxx/Colorlight-FPGA-Projects: src/i5/picosoc/top.lpf: UART_RX, UART_TX",
        ],
        device: ecp5("25k", "CABGA381", 6, F25),
        clock: ("P3", 25_000_000),
        rx: "H18",
        tx: "J17",
        led: ("U16", true),
        held_high: &[],
    },
    Facts {
        board: "colorlight-i9",
        documents: &[
            "github.com/wuxx/Colorlight-FPGA-Projects: colorlight_i9_v7.2.md (LFE5U-45F-6BG381C; as the i5 but for one pin)",
            "github.com/wuxx/Colorlight-FPGA-Projects: src/i9/blink/blink.lpf",
        ],
        device: ecp5("45k", "CABGA381", 6, F45),
        clock: ("P3", 25_000_000),
        rx: "H18",
        tx: "J17",
        led: ("L2", true),
        held_high: &[],
    },
    Facts {
        board: "ice40-hx8k",
        documents: &[
            "github.com/YosysHQ/icestorm: examples/hx8kboard/hx8kboard.pcf",
            "github.com/amaranth-lang/amaranth-boards: ice40_hx8k_b_evn.py (12 MHz, CT256, UART)",
        ],
        device: hx8k("ct256"),
        clock: ("J3", 12_000_000),
        rx: "B10",
        tx: "B12",
        led: ("B5", false),
        held_high: &[],
    },
    Facts {
        board: "icebreaker",
        documents: &["github.com/icebreaker-fpga/icebreaker-verilog-examples: icebreaker/icebreaker.pcf"],
        device: Device {
            document: ICE40_UP5K,
            family: Family::Ice40,
            part: "up5k",
            package: Some("sg48"),
            speed: None,
            luts: 5280,
            block_rams: 30,
            sprams: 4,
            multipliers: 8,
        },
        clock: ("35", 12_000_000),
        rx: "6",
        tx: "9",
        led: ("37", true),
        held_high: &[],
    },
    orangecrab("orangecrab-25f", "25k", F25),
    orangecrab("orangecrab-85f", "85k", F85),
    Facts {
        board: "tang-nano-20k",
        documents: &[
            "github.com/sipeed/TangNano-20K-example: uart/src/top.cst",
            "github.com/sipeed/TangNano-20K-example: led/flow_led/src/flow_led.cst: leds[0]",
        ],
        device: gowin(
            "Gowin DS226, GW2AR series of FPGA Products Data Sheet: GW2AR-18",
            "GW2AR-LV18QN88C8/I7",
            (20_736, 46, 48),
        ),
        clock: ("4", 27_000_000),
        rx: "70",
        tx: "69",
        led: ("15", true),
        held_high: &[],
    },
    Facts {
        board: "tang-nano-9k",
        documents: &[
            "github.com/sipeed/TangNano-9K-example: uart/src/top.cst",
            "github.com/sipeed/TangNano-9K-example: led/src/9K_LED_project.cst: led[0]",
        ],
        device: gowin(
            "Gowin DS117, GW1NR series of FPGA Products Data Sheet: GW1NR-9",
            "GW1NR-LV9QN88PC6/I5",
            (8640, 26, 20),
        ),
        clock: ("52", 27_000_000),
        rx: "18",
        tx: "17",
        led: ("10", true),
        held_high: &[],
    },
    // The 12F's data sheet says 12,000 LUTs and 32 EBR, but its die, and nextpnr's, is the 25F's.
    ulx3s("ulx3s-12f", "12k", F25),
    ulx3s("ulx3s-25f", "25k", F25),
    ulx3s("ulx3s-45f", "45k", F45),
    ulx3s("ulx3s-85f", "85k", F85),
];

/// Differences between a board file and the facts.
fn differences(facts: &Facts, board: &Board) -> Vec<String> {
    let device = &board.device;
    let wanted = &facts.device;
    let led = board.led.as_ref().expect("every built-in board has a LED");
    let high: Vec<&str> = board.held_high.iter().map(|high| high.pin.as_str()).collect();
    // The slowest is assumed where the file names none.
    let speed = (device.family == Family::Ecp5).then(|| device.speed.unwrap_or(6));
    let compared = [
        (
            "family",
            format!("{:?}", device.family),
            format!("{:?}", wanted.family),
        ),
        ("part", device.part.clone(), wanted.part.into()),
        (
            "package",
            format!("{:?}", device.package.as_deref()),
            format!("{:?}", wanted.package),
        ),
        ("speed", format!("{speed:?}"), format!("{:?}", wanted.speed)),
        ("luts", device.luts.to_string(), wanted.luts.to_string()),
        (
            "block_rams",
            device.block_rams.to_string(),
            wanted.block_rams.to_string(),
        ),
        ("sprams", device.sprams.to_string(), wanted.sprams.to_string()),
        ("dsps", device.dsps.to_string(), wanted.multipliers.to_string()),
        ("clock", board.clock.pin.clone(), facts.clock.0.into()),
        ("clock hz", board.clock.hz.to_string(), facts.clock.1.to_string()),
        ("rx", board.uart.rx.clone(), facts.rx.into()),
        ("tx", board.uart.tx.clone(), facts.tx.into()),
        ("led", led.pin.clone(), facts.led.0.into()),
        (
            "led active_low",
            led.active_low.to_string(),
            facts.led.1.to_string(),
        ),
        ("held_high", format!("{high:?}"), format!("{:?}", facts.held_high)),
    ];
    let differs = compared.into_iter().filter(|(_, found, wanted)| found != wanted);
    differs
        .map(|(what, found, wanted)| format!("{what} is {found}, the documents say {wanted}"))
        .collect()
}

#[test]
fn every_board_file_says_what_its_vendor_says() {
    let known: Vec<&str> = FACTS.iter().map(|facts| facts.board).collect();
    assert_eq!(
        known,
        Board::names(),
        "facts of every built-in board, and of no other"
    );
    for facts in FACTS {
        let board = Board::find(facts.board).expect("a built-in board");
        let differences = differences(facts, &board);
        assert!(
            differences.is_empty(),
            "{}: {differences:?}; pins: {:?}; device: {}",
            facts.board,
            facts.documents,
            facts.device.document
        );
    }
}

#[test]
fn swapped_pins_and_another_device_are_found() {
    let facts = &FACTS[0];
    let mut board = Board::find(facts.board).expect("a built-in board");
    std::mem::swap(&mut board.uart.rx, &mut board.uart.tx);
    board.device.block_rams += 1;
    assert_eq!(
        differences(facts, &board),
        [
            "block_rams is 33, the documents say 32",
            "rx is M9, the documents say P14",
            "tx is P14, the documents say M9"
        ]
    );
}
