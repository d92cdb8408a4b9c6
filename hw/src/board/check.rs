//! Check that the values of a board work together.

use super::{Board, Device, Family, programmer};

/// Largest relative error of the baud rate that a UART receiver tolerates.
const BAUD_TOLERANCE: f64 = 0.02;
/// Most cycles per bit that the UART's 16-bit divider counts.
const MOST_CYCLES_PER_BIT: u64 = 0xFFFF;
/// Parts of iCE40 as nextpnr-ice40 names them, limited to those with the memories that plans count on.
const ICE40_PARTS: &[&str] = &[
    "lp384", "lp1k", "lp4k", "lp8k", "hx1k", "hx4k", "hx8k", "up3k", "up5k",
];
/// Parts of ECP5 as nextpnr-ecp5 names them.
const ECP5_PARTS: &[&str] = &[
    "12k", "25k", "45k", "85k", "um-25k", "um-45k", "um-85k", "um5g-25k", "um5g-45k", "um5g-85k",
];
/// Gowin devices as Project Apicula names them.
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

/// Checks a board.
///
/// # Errors
/// The fault as text; the caller names the file.
pub(super) fn check(board: &Board) -> Result<(), String> {
    names(board)?;
    device(board)?;
    let slot = board.link.slot_bytes;
    if !slot.is_power_of_two() || !(64..=16384).contains(&slot) {
        return Err(format!(
            "slot_bytes = {slot} must be a power of two from 64 to 16384"
        ));
    }
    board.pll().map_err(|error| error.to_string())?;
    line(board)?;
    programmer::check(board.programmer.as_ref())
}

/// Checks the names, which are copied into Verilog, constraints and command lines.
fn names(board: &Board) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if board.name.is_empty() || !board.name.chars().all(plain) {
        return Err(format!(
            "name = {:?} may hold only letters, digits, - and _",
            board.name
        ));
    }
    pins(board)?;
    let device = &board.device;
    let others = device.package.iter().chain(&device.database);
    let others = others.chain(board.led.iter().filter_map(|led| led.standard.as_ref()));
    let is_name = |name: &str| !name.is_empty() && name.chars().all(plain);
    if let Some(name) = others.into_iter().find(|name| !is_name(name)) {
        return Err(format!(
            "{name:?} is not the name of a package, database or standard"
        ));
    }
    // Part numbers of Gowin end in a grade like C6/I5.
    if !device.part.chars().all(|c| plain(c) || c == '/') {
        return Err(format!(
            "part = {:?} may hold only letters, digits, -, _ and /",
            device.part
        ));
    }
    if board.title.chars().any(char::is_control) {
        return Err("title must not hold control characters".into());
    }
    Ok(())
}

/// Checks that each pin has one use: two signals on one pin would drive or read each other.
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
                "{what} is empty: give the name of the pin from the constraints of the board's vendor"
            ));
        }
        if !pin
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            return Err(format!("{what} = {pin:?} is not the name of a pin"));
        }
        // Lattice's tools accept upper and lower case.
        if let Some((other, _)) = uses[..at]
            .iter()
            .find(|(_, other)| other.eq_ignore_ascii_case(pin))
        {
            return Err(format!(
                "{other} and {what} are the same pin, {pin}: give each signal its own pin"
            ));
        }
    }
    Ok(())
}

/// Checks the fields that only some families have.
fn device(board: &Board) -> Result<(), String> {
    let device = &board.device;
    let check = |what: &str, is_there: bool, families: &[Family]| {
        let of = families.contains(&device.family);
        match (is_there, of) {
            (false, true) => Err(format!("a device of this family needs a {what}")),
            (true, false) => Err(format!("{what} is not for devices of this family: leave it out")),
            _ => Ok(()),
        }
    };
    check(
        "package",
        device.package.is_some(),
        &[Family::Ice40, Family::Ecp5],
    )?;
    check("database", device.database.is_some(), &[Family::Gowin])?;
    if let Some(speed) = device.speed
        && (device.family != Family::Ecp5 || !(6..=8).contains(&speed))
    {
        return Err(format!(
            "speed = {speed}: only ECP5 has speed grades, from 6 to 8"
        ));
    }
    if device.distributed_ram && device.family != Family::Ecp5 {
        return Err(
            "distributed_ram is for ECP5 only: iCE40 has none, and Gowin's is reported to lose writes (see docs/boards.md); \
             leave it out"
                .into(),
        );
    }
    part(device)?;
    if device.family != Family::Ice40 && board.clock.pll_pad {
        return Err("pll_pad is for iCE40 only: leave it out".into());
    }
    if device.family == Family::Ice40 && board.led.as_ref().is_some_and(|led| led.standard.is_some()) {
        return Err("standard is not for iCE40, whose I/O banks decide it: leave it out".into());
    }
    Ok(())
}

/// Checks that the tools know the part.
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
                "part = {part:?} is unknown; known parts: {}",
                known.join(", ")
            ))
        };
    };
    if !known.contains(&database.as_str()) {
        return Err(format!(
            "database = {database:?} is unknown; known databases: {}",
            known.join(", ")
        ));
    }
    // The part number of a GW1N-9C starts with GW1NR or GW1N, that of a GW2A-18C with GW2AR or GW2A.
    let series = &database[..4];
    if !part.starts_with(series) {
        return Err(format!(
            "part = {part:?} does not match database = {database:?}, whose part numbers start with {series}"
        ));
    }
    Ok(())
}

/// Checks that the UART can make its baud rate from the core's clock.
fn line(board: &Board) -> Result<(), String> {
    let (hz, baud) = (board.core_hz(), board.uart.baud);
    if baud == 0 || hz / baud < 4 {
        return Err(format!(
            "baud = {baud} needs a core clock of at least 4 times the rate, but the core runs at {hz} Hz"
        ));
    }
    let cycles = board.cycles_per_bit();
    if cycles > MOST_CYCLES_PER_BIT {
        return Err(format!(
            "baud = {baud} takes {cycles} cycles per bit at the core's {hz} Hz, but the UART counts at most \
             {MOST_CYCLES_PER_BIT}: use at least {} baud, or a slower clock",
            u64::from(hz).div_ceil(MOST_CYCLES_PER_BIT)
        ));
    }
    let error = board.baud_error();
    if error > BAUD_TOLERANCE {
        return Err(format!(
            "baud = {baud} cannot be made from the core's clock of {hz} Hz: the rate would be {:.1} % off",
            100.0 * error
        ));
    }
    Ok(())
}
