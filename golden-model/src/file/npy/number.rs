//! Formats of numbers, and the conversion of their bytes.

use std::fmt;

/// Kind of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Unsigned,
    Signed,
    Float,
}

/// Format of a number: kind, size and order of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberFormat {
    pub(crate) kind: Kind,
    /// Size in bytes: 1, 2, 4 or 8.
    pub(crate) bytes: usize,
    /// True if the most significant byte comes first.
    pub(crate) big_endian: bool,
}

impl NumberFormat {
    /// Parses NumPy's description of a type, such as `<f4`; `None` if it is not a number of this module.
    pub(crate) fn parse(descr: &str) -> Option<Self> {
        let (order, kind, bytes) = match *descr.as_bytes() {
            [order @ (b'<' | b'>' | b'|' | b'='), kind, bytes] => (order, kind, bytes),
            [kind, bytes] => (b'=', kind, bytes),
            _ => return None,
        };
        let bytes = usize::from(bytes.checked_sub(b'0')?);
        let kind = match (kind, bytes) {
            (b'b', 1) => Kind::Bool,
            (b'u', 1 | 2 | 4 | 8) => Kind::Unsigned,
            (b'i', 1 | 2 | 4 | 8) => Kind::Signed,
            (b'f', 4 | 8) => Kind::Float,
            _ => return None,
        };
        Some(Self {
            kind,
            bytes,
            big_endian: order == b'>',
        })
    }

    /// Converts the bytes of an integer; `None` if it is 2^63 or more, or not an integer.
    pub(crate) fn integer(self, bytes: &[u8]) -> Option<i64> {
        let raw = self.raw(bytes);
        match self.kind {
            Kind::Bool | Kind::Unsigned => i64::try_from(raw).ok(),
            Kind::Signed => {
                let unused = 64 - 8 * self.bytes;
                Some((raw << unused).cast_signed() >> unused)
            }
            Kind::Float => None,
        }
    }

    /// Converts the bytes of a float; NaN if it is not one.
    pub(crate) fn float(self, bytes: &[u8]) -> f64 {
        let raw = self.raw(bytes);
        match (self.kind, self.bytes) {
            (Kind::Float, 8) => f64::from_bits(raw),
            (Kind::Float, 4) => f32::from_bits(u32::try_from(raw).expect("four bytes")).into(),
            _ => f64::NAN,
        }
    }

    /// The bits of a number, from its first `self.bytes` bytes.
    fn raw(self, bytes: &[u8]) -> u64 {
        let append = |sum: u64, &byte: &u8| sum << 8 | u64::from(byte);
        let bytes = &bytes[..self.bytes];
        match self.big_endian {
            true => bytes.iter().fold(0, append),
            false => bytes.iter().rev().fold(0, append),
        }
    }
}

/// NumPy's name of the type.
impl fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = 8 * self.bytes;
        match self.kind {
            Kind::Bool => f.write_str("bool"),
            Kind::Unsigned => write!(f, "uint{bits}"),
            Kind::Signed => write!(f, "int{bits}"),
            Kind::Float => write!(f, "float{bits}"),
        }
    }
}

/// A Rust type of numbers that an array can hold.
pub(crate) trait Number: Copy {
    /// Kind of the numbers.
    const KIND: Kind;

    /// Converts the bytes of a number of this type.
    fn of(format: NumberFormat, bytes: &[u8]) -> Self;

    /// Whether arrays of this format hold numbers of this type.
    fn fits(format: NumberFormat) -> bool {
        format.kind == Self::KIND && format.bytes == size_of::<Self>()
    }
}

macro_rules! numbers {
    ($($number:ty: $kind:ident from $bits:ty),*) => {$(
        impl Number for $number {
            const KIND: Kind = Kind::$kind;

            fn of(format: NumberFormat, bytes: &[u8]) -> Self {
                let bits = <$bits>::try_from(format.raw(bytes)).expect("as many bytes as the type has");
                Self::from_ne_bytes(bits.to_ne_bytes())
            }
        }
    )*};
}

numbers!(u8: Unsigned from u8, i8: Signed from u8, i32: Signed from u32, i64: Signed from u64);
numbers!(f32: Float from u32, f64: Float from u64);
