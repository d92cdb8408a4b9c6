//! Arrays of a trace: names, types and shapes.

use crate::file::npy::{Header, NumberFormat};

/// Type of an array's numbers, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    /// Unsigned bytes, for spikes of layers and for text.
    U8,
    /// Signed bytes, for input spikes.
    I8,
    /// 16-bit integers, for graded input.
    I16,
    /// 32-bit integers, for membranes of a quantized model.
    I32,
    /// 64-bit integers, for labels and predictions.
    I64,
    /// 32-bit floats, for membranes of a float model.
    F32,
}

impl NumberType {
    const ALL: [Self; 6] = [Self::U8, Self::I8, Self::I16, Self::I32, Self::I64, Self::F32];

    /// NumPy's name of the type.
    #[must_use]
    pub const fn descr(self) -> &'static str {
        match self {
            Self::U8 => "|u1",
            Self::I8 => "|i1",
            Self::I16 => "<i2",
            Self::I32 => "<i4",
            Self::I64 => "<i8",
            Self::F32 => "<f4",
        }
    }

    /// Size of a number in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 => 8,
        }
    }

    fn of(format: NumberFormat) -> Option<Self> {
        let all = Self::ALL.into_iter();
        // Bytes have no order.
        let same = |own: NumberFormat| {
            (own.kind, own.bytes) == (format.kind, format.bytes) && (own.bytes == 1 || !format.big_endian)
        };
        all.into_iter()
            .find(|number| NumberFormat::parse(number.descr()).is_some_and(same))
    }
}

/// Name, type and shape of an array in C order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) name: String,
    pub(super) number: NumberType,
    pub(super) shape: Vec<u64>,
}

impl Layout {
    /// Interprets the header of the array `name`; the error describes a type or order that a trace cannot have.
    pub(super) fn of(name: &str, header: &Header) -> Result<Self, String> {
        match header.format.and_then(NumberType::of) {
            None => Err(format!("of type {}", header.type_name)),
            Some(_) if header.fortran_order && header.sizes.len() > 1 => {
                Err(format!("{:?} in Fortran order", header.sizes))
            }
            Some(number) => Ok(Self {
                name: name.to_owned(),
                number,
                shape: header.sizes.clone(),
            }),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        let numbers = self
            .shape
            .iter()
            .fold(1, |product: u64, &size| product.saturating_mul(size));
        numbers.saturating_mul(self.number.bytes() as u64)
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.number.descr(), self.shape)
    }
}
