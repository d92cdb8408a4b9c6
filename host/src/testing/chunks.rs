//! The device's side of SPIKES: from payloads to events.

use crate::protocol::Spike;

/// An event that enters the accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An input spikes.
    Spike(Spike),
    /// The time step ends.
    StepEnd,
}

/// Returns the events of a payload; `signed` tells whether input spikes of the device may be negative, and `graded` whether
/// they may have values. Returns `None` if the payload violates the specification.
#[must_use]
pub fn parse(payload: &[u8], inputs: u32, signed: bool, graded: bool) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    let mut rest = payload;
    while let Some((&tag, data)) = rest.split_first() {
        let (has_signs, has_values) = (tag & 2 != 0, tag & 4 != 0);
        let is_allowed = tag & 0x78 == 0 && (signed || !has_signs) && (graded || !has_values);
        rest = match tag & 1 {
            _ if !is_allowed => return None,
            0 if has_values => return None,
            0 => bitmap(data, inputs, has_signs, &mut events)?,
            _ => delta(data, inputs, has_signs, has_values, &mut events)?,
        };
        if tag & 0x80 != 0 {
            events.push(Event::StepEnd);
        }
    }
    Some(events)
}

fn bitmap<'a>(data: &'a [u8], inputs: u32, signed: bool, events: &mut Vec<Event>) -> Option<&'a [u8]> {
    let each = if signed { 2 } else { 1 };
    let (bitmap, rest) = data.split_at_checked(each * inputs.div_ceil(8) as usize)?;
    for (base, bytes) in (0u32..).step_by(8).zip(bitmap.chunks(each)) {
        let signs = bytes.get(1).copied().unwrap_or(0);
        (signs & !bytes[0] == 0).then_some(())?;
        for bit in (0..8).filter(|bit| bytes[0] >> bit & 1 == 1) {
            let negative = signs >> bit & 1 == 1;
            let address = base + bit;
            events.push((address < inputs).then_some(Event::Spike(Spike::signed(address, negative)))?);
        }
    }
    Some(rest)
}

fn delta<'a>(
    data: &'a [u8],
    inputs: u32,
    signed: bool,
    valued: bool,
    events: &mut Vec<Event>,
) -> Option<&'a [u8]> {
    // The running address plus 1; the address starts at −1.
    let mut next = 0u32;
    let mut rest = data;
    loop {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        let (advance, negative) = if signed {
            (byte & 127, byte > 127)
        } else {
            (byte, false)
        };
        let most = if signed { 126 } else { 254 };
        match advance {
            0 => return (!negative).then_some(rest),
            skip if skip > most => {
                (!negative).then_some(())?;
                next = next.checked_add(most.into())?;
            }
            _ => {
                next = next.checked_add(advance.into())?;
                let mut magnitude = 1;
                if valued {
                    (magnitude, rest) = rest.split_first().map(|(&value, rest)| (value, rest))?;
                }
                let value = i16::from(magnitude) * if negative { -1 } else { 1 };
                let event = (next <= inputs && magnitude > 0).then(|| Spike {
                    address: next - 1,
                    value,
                });
                events.push(Event::Spike(event?));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Event::{self, StepEnd};
    use crate::protocol::Spike;

    fn parse(payload: &[u8], inputs: u32) -> Option<Vec<Event>> {
        super::parse(payload, inputs, false, false)
    }

    /// The event of a positive spike.
    fn spike(address: u32) -> Event {
        Event::Spike(address.into())
    }

    fn minus(address: u32) -> Event {
        Event::Spike(Spike::signed(address, true))
    }

    #[test]
    fn signs_follow_their_spikes() {
        let parse = |payload| super::parse(payload, 300, true, false);
        assert_eq!(
            parse(&[0x83, 0x81, 127, 2, 0xFE, 0, 0x81, 255, 1, 0]),
            Some(vec![
                minus(0),
                spike(128),
                minus(254),
                StepEnd,
                spike(254),
                StepEnd
            ])
        );
        for payload in [
            &[0x83, 0x80, 0][..],
            &[0x83, 0xFF, 1, 0],
            &[0x83, 127, 127, 49, 0],
            &[0x83, 1],
            &[0x86, 0],
        ] {
            assert_eq!(parse(payload), None, "{payload:02x?}");
        }
        let bitmap = |payload| super::parse(payload, 11, true, false);
        assert_eq!(
            bitmap(&[0x82, 0b11, 0b10, 0b100, 0b100]),
            Some(vec![spike(0), minus(1), minus(10), StepEnd])
        );
        assert_eq!(bitmap(&[0x82, 0b11, 0b100, 0, 0]), None, "a sign without a spike");
        assert_eq!(bitmap(&[0x82, 0, 0, 0b1000, 0]), None, "beyond the inputs");
        assert_eq!(bitmap(&[0x82, 0, 0, 0]), None, "cut short");
    }

    #[test]
    fn values_follow_their_deltas() {
        let parse = |payload| super::parse(payload, 300, true, true);
        let event = |address, value| Event::Spike(Spike { address, value });
        assert_eq!(
            parse(&[0x87, 0x81, 200, 127, 2, 7, 0, 0x85, 255, 1, 255, 0, 0x81, 1, 0]),
            Some(vec![
                event(0, -200),
                event(128, 7),
                StepEnd,
                event(254, 255),
                StepEnd,
                event(0, 1),
                StepEnd
            ])
        );
        for payload in [&[0x85, 1, 0, 0][..], &[0x85, 1], &[0x84, 0, 0], &[0x8D, 0]] {
            assert_eq!(parse(payload), None, "{payload:02x?}");
        }
        assert_eq!(super::parse(&[0x87, 0], 300, false, true), None, "unsigned");
        assert_eq!(super::parse(&[0x85, 0], 300, true, false), None, "not graded");
    }

    #[test]
    fn bitmaps_count_from_the_lowest_bit() {
        assert_eq!(
            parse(&[0x80, 0b11, 0b100], 11),
            Some(vec![spike(0), spike(1), spike(10), StepEnd])
        );
        assert_eq!(parse(&[0x00, 0, 0], 11), Some(vec![]), "the step continues");
        assert_eq!(parse(&[0x80, 0, 0b1000], 11), None, "a bit beyond the inputs");
        assert_eq!(parse(&[0x80, 0], 11), None, "cut short");
    }

    #[test]
    fn deltas_start_before_the_first_input() {
        assert_eq!(
            parse(&[0x81, 1, 1, 9, 0], 11),
            Some(vec![spike(0), spike(1), spike(10), StepEnd])
        );
        assert_eq!(
            parse(&[0x01, 255, 1, 0, 0x81, 2, 0], 300),
            Some(vec![spike(254), spike(1), StepEnd])
        );
        assert_eq!(parse(&[0x81, 0], 11), Some(vec![StepEnd]));
        assert_eq!(parse(&[0x81, 12, 0], 11), None, "beyond the inputs");
        assert_eq!(parse(&[0x81, 1], 11), None, "no end");
    }

    #[test]
    fn reserved_tag_bits_are_refused() {
        for bit in 1..7 {
            assert_eq!(parse(&[0x81 | 1 << bit, 0], 8), None, "bit {bit}");
        }
    }
}
