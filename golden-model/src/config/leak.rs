//! The key `leak` of a network file: a factor, or the shifts of the hardware's leak.

use crate::integer::{MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS};
use crate::network::default_leak;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// `leak = 0.99`, or `leak = [7, 9]` for 1 − 2^−7 − 2^−9, which is exact in an f32.
#[derive(Clone, Copy)]
pub(super) struct LeakText(pub(super) f32);

impl Default for LeakText {
    fn default() -> Self {
        Self(default_leak())
    }
}

impl<'de> Deserialize<'de> for LeakText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LeakVisitor).map(Self)
    }
}

struct LeakVisitor;

impl<'de> Visitor<'de> for LeakVisitor {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a factor such as 0.99, or at most {MAX_LEAK_SHIFTS} ascending shifts of 1..={MAX_LEAK_SHIFT} such as [7, 9]"
        )
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounds, as reading an f32 does")]
    fn visit_f64<E: Error>(self, value: f64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f32, E> {
        // 0 and 1 are the whole numbers near the range; validation decides about both.
        match i8::try_from(value) {
            Ok(value) => Ok(f32::from(value)),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(value), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut shifts: A) -> Result<f32, A::Error> {
        let mut leak = 1.0;
        let mut last = 0;
        let mut count = 0;
        while let Some(shift) = shifts.next_element::<i64>()? {
            count += 1;
            match u8::try_from(shift) {
                Ok(shift) if shift > last && shift <= MAX_LEAK_SHIFT && count <= MAX_LEAK_SHIFTS => {
                    leak -= (-f32::from(shift)).exp2();
                    last = shift;
                }
                _ => return Err(A::Error::invalid_value(Unexpected::Signed(shift), &self)),
            }
        }
        Ok(leak)
    }
}
