//! The device's side of SPIKES: from a payload to events.

/// What an accelerator sees of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The input with this address spikes.
    Spike(u32),
    /// The time step ends.
    StepEnd,
}

/// Takes a payload apart. `None` if it breaks a rule of the specification.
#[must_use]
pub fn parse(payload: &[u8], inputs: u32) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    let mut rest = payload;
    while let Some((&tag, data)) = rest.split_first() {
        rest = match tag & 0x7F {
            0 => bitmap(data, inputs, &mut events)?,
            1 => delta(data, inputs, &mut events)?,
            _ => return None,
        };
        if tag & 0x80 != 0 {
            events.push(Event::StepEnd);
        }
    }
    Some(events)
}

fn bitmap<'a>(data: &'a [u8], inputs: u32, events: &mut Vec<Event>) -> Option<&'a [u8]> {
    let (bitmap, rest) = data.split_at_checked(inputs.div_ceil(8) as usize)?;
    for (base, byte) in (0u32..).step_by(8).zip(bitmap) {
        for address in (0..8).filter(|bit| byte >> bit & 1 == 1).map(|bit| base + bit) {
            events.push((address < inputs).then_some(Event::Spike(address))?);
        }
    }
    Some(rest)
}

fn delta<'a>(data: &'a [u8], inputs: u32, events: &mut Vec<Event>) -> Option<&'a [u8]> {
    // One more than the running address, which starts at −1.
    let mut next = 0u32;
    for (index, &byte) in data.iter().enumerate() {
        match byte {
            0 => return Some(&data[index + 1..]),
            255 => next = next.checked_add(254)?,
            _ => {
                next = next.checked_add(byte.into())?;
                events.push((next <= inputs).then_some(Event::Spike(next - 1))?);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Event::*, parse};

    #[test]
    fn bitmaps_count_from_the_lowest_bit() {
        assert_eq!(
            parse(&[0x80, 0b11, 0b100], 11),
            Some(vec![Spike(0), Spike(1), Spike(10), StepEnd])
        );
        assert_eq!(parse(&[0x00, 0, 0], 11), Some(vec![]), "the step goes on");
        assert_eq!(parse(&[0x80, 0, 0b1000], 11), None, "a bit beyond the inputs");
        assert_eq!(parse(&[0x80, 0], 11), None, "cut short");
    }

    #[test]
    fn deltas_start_before_the_first_input() {
        assert_eq!(
            parse(&[0x81, 1, 1, 9, 0], 11),
            Some(vec![Spike(0), Spike(1), Spike(10), StepEnd])
        );
        assert_eq!(
            parse(&[0x01, 255, 1, 0, 0x81, 2, 0], 300),
            Some(vec![Spike(254), Spike(1), StepEnd])
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
