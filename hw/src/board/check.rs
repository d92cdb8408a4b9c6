//! Whether a board's values can work together.

use super::{Board, Device, Family};
use crate::pll::Pll;

/// Largest error of the baud rate that a UART receiver bears.
const BAUD_TOLERANCE: f64 = 0.02;
/// Most clocks of a bit: the width of the UART's divider.
const MOST_CLOCKS_PER_BIT: u64 = 0xFFFF;
/// What nextpnr-ice40 calls the devices, of those that have the memories that plans count on.
const ICE40_PARTS: &[&str] = &[
    "lp384", "lp1k", "lp4k", "lp8k", "hx1k", "hx4k", "hx8k", "up3k", "up5k",
];
/// What nextpnr-ecp5 calls the devices.
const ECP5_PARTS: &[&str] = &[
    "12k", "25k", "45k", "85k", "um-25k", "um-45k", "um-85k", "um5g-25k", "um5g-45k", "um5g-85k",
];
/// What Project Apicula calls the devices.
const GOWIN_DATABASES: &[&str] = &[
    "GW1N-1",
    "GW1N-4",
    "GW1N-9",
    "GW1N-9C",
    "GW1NS-4",
    "GW1NZ-1",
    "GW2A-18",
    "GW2A-18C",
    "GW5A-25A",
    "GW5AST-138C",
];
/// What stands for the bitstream's file in a programmer's command line.
pub(crate) const BITSTREAM: &str = "{bitstream}";

/// Checks a board, whatever file it comes from.
///
/// # Errors
/// What is wrong, for a message that names the file.
pub(super) fn check(board: &Board) -> Result<(), String> {
    names(board)?;
    device(board)?;
    let slot = board.link.slot_bytes;
    if !slot.is_power_of_two() || !(64..=16384).contains(&slot) {
        return Err(format!("slot_bytes = {slot} is not a power of two of 64..=16384"));
    }
    Pll::of(board).map_err(|error| error.to_string())?;
    line(board)?;
    programmer(board)
}

/// Names end up in Verilog, constraints and command lines.
fn names(board: &Board) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if board.name.is_empty() || !board.name.chars().all(plain) {
        return Err(format!(
            "name = {:?} is not made of letters, digits, - and _",
            board.name
        ));
    }
    pins(board)?;
    let device = &board.device;
    let others = device.package.iter().chain(&device.database);
    let others = others.chain(board.led.iter().filter_map(|led| led.standard.as_ref()));
    let is_name = |name: &str| !name.is_empty() && name.chars().all(plain);
    if let Some(name) = others.into_iter().find(|name| !is_name(name)) {
        return Err(format!("{name:?} is no package, database or standard"));
    }
    // Gowin's part numbers end in a grade like C6/I5.
    if !device.part.chars().all(|c| plain(c) || c == '/') {
        return Err(format!("{:?} is no part", device.part));
    }
    if board.title.chars().any(char::is_control) {
        return Err("title holds control characters".into());
    }
    Ok(())
}

/// Each pin has one use: two signals on one would drive or read each other.
fn pins(board: &Board) -> Result<(), String> {
    let mut uses = vec![
        ("[clock] pin".to_owned(), &board.clock.pin),
        ("[uart] rx".to_owned(), &board.uart.rx),
        ("[uart] tx".to_owned(), &board.uart.tx),
    ];
    uses.extend(board.led.iter().map(|led| ("[led] pin".to_owned(), &led.pin)));
    let held = board.held_high.iter().enumerate();
    uses.extend(held.map(|(index, high)| (format!("[[held_high]] pin {}", index + 1), &high.pin)));
    for (at, (what, pin)) in uses.iter().enumerate() {
        if pin.is_empty() {
            return Err(format!(
                "{what} is empty: name the pin, as the constraints of the board's vendor do"
            ));
        }
        if !pin
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            return Err(format!("{what} = {pin:?} is no pin"));
        }
        // Lattice's tools take either case.
        if let Some((other, _)) = uses[..at]
            .iter()
            .find(|(_, other)| other.eq_ignore_ascii_case(pin))
        {
            return Err(format!(
                "{other} and {what} are the same pin, {pin}: every signal wants one of its own"
            ));
        }
    }
    Ok(())
}

fn device(board: &Board) -> Result<(), String> {
    let device = &board.device;
    let wanted = |what: &str, is_there: bool, families: &[Family]| {
        let of = families.contains(&device.family);
        match (is_there, of) {
            (false, true) => Err(format!("a device of this family wants a {what}")),
            (true, false) => Err(format!("a device of this family has no {what}")),
            _ => Ok(()),
        }
    };
    wanted(
        "package",
        device.package.is_some(),
        &[Family::Ice40, Family::Ecp5],
    )?;
    wanted("database", device.database.is_some(), &[Family::Gowin])?;
    if let Some(speed) = device.speed
        && (device.family != Family::Ecp5 || !(6..=8).contains(&speed))
    {
        return Err(format!("speed = {speed}: only ECP5 has speed grades, 6 to 8"));
    }
    if device.distributed_ram && device.family != Family::Ecp5 {
        return Err(
            "distributed_ram is for ECP5 only: iCE40 has none, and Gowin's is reported to lose writes (docs/boards.md); \
             leave it out"
                .into(),
        );
    }
    part(device)?;
    if device.family != Family::Ice40 && board.clock.pll_pad {
        return Err("pll_pad is for iCE40 only".into());
    }
    if device.family == Family::Ice40 && board.led.as_ref().is_some_and(|led| led.standard.is_some()) {
        return Err("standard is not for iCE40, whose banks decide it".into());
    }
    Ok(())
}

/// The part must be one that the tools know.
fn part(device: &Device) -> Result<(), String> {
    let part = device.part.as_str();
    let known = match device.family {
        Family::Ice40 => ICE40_PARTS,
        Family::Ecp5 => ECP5_PARTS,
        Family::Gowin => GOWIN_DATABASES,
    };
    let Some(database) = &device.database else {
        return if known.contains(&part) {
            Ok(())
        } else {
            Err(format!(
                "part = {part:?} is unknown; known are {}",
                known.join(", ")
            ))
        };
    };
    if !known.contains(&database.as_str()) {
        return Err(format!(
            "database = {database:?} is unknown; known are {}",
            known.join(", ")
        ));
    }
    // The part number of a GW1N-9C starts with GW1NR or GW1N, that of a GW2A-18C with GW2AR or GW2A.
    let series = &database[..4];
    if !part.starts_with(series) {
        return Err(format!(
            "part = {part:?} is no part number of database = {database:?}: those start with {series}"
        ));
    }
    Ok(())
}

fn line(board: &Board) -> Result<(), String> {
    let (hz, baud) = (board.core_hz(), board.uart.baud);
    if baud == 0 || hz / baud < 4 {
        return Err(format!(
            "baud = {baud} wants a clock of at least 4 times as much, but the core's is {hz} Hz"
        ));
    }
    let clocks = board.clocks_per_bit();
    if clocks > MOST_CLOCKS_PER_BIT {
        return Err(format!(
            "baud = {baud} wants {clocks} clocks a bit of the core's {hz} Hz, but the divider has 16 bits, for at most \
             {MOST_CLOCKS_PER_BIT}: the slowest rate is {} baud, or take a slower clock",
            u64::from(hz).div_ceil(MOST_CLOCKS_PER_BIT)
        ));
    }
    let error = board.baud_error();
    if error > BAUD_TOLERANCE {
        return Err(format!(
            "the core's clock of {hz} Hz does not divide into baud = {baud}: the rate would be {:.1} % off",
            100.0 * error
        ));
    }
    Ok(())
}

fn programmer(board: &Board) -> Result<(), String> {
    let Some(programmer) = &board.programmer else {
        return Ok(());
    };
    for (name, command) in [
        ("flash", Some(&programmer.flash)),
        ("load", programmer.load.as_ref()),
    ] {
        let Some(command) = command else { continue };
        let is_program = command
            .first()
            .is_some_and(|program| !program.is_empty() && program != BITSTREAM);
        if !is_program || !command.iter().any(|argument| argument.contains(BITSTREAM)) {
            return Err(format!(
                "{name} = {command:?} is no command line: it wants a program first, and {BITSTREAM} among its \
                 arguments"
            ));
        }
    }
    Ok(())
}
