//! Arrays of a trace: names, types and shapes.

use npyz::{DType, NpyHeader, Order, TypeStr};

/// Type of an array's numbers, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    /// Unsigned bytes, for spikes of layers and for text.
    U8,
    /// Signed bytes, for input spikes.
    I8,
    /// 32-bit integers, for membranes of a quantized model.
    I32,
    /// 64-bit integers, for labels and predictions.
    I64,
    /// 32-bit floats, for membranes of a float model.
    F32,
}

impl NumberType {
    const ALL: [Self; 5] = [Self::U8, Self::I8, Self::I32, Self::I64, Self::F32];

    /// NumPy's name of the type.
    #[must_use]
    pub const fn descr(self) -> &'static str {
        match self {
            Self::U8 => "|u1",
            Self::I8 => "|i1",
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
            Self::I32 | Self::F32 => 4,
            Self::I64 => 8,
        }
    }

    pub(super) fn dtype(self) -> DType {
        let descr: TypeStr = self.descr().parse().expect("one of NumPy's types");
        DType::Plain(descr)
    }

    fn of(dtype: &DType) -> Option<Self> {
        Self::ALL.into_iter().find(|number| number.dtype() == *dtype)
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
    /// Parses the header of the array `name`; the error describes a type or order that a trace cannot have.
    pub(super) fn of(name: &str, header: &NpyHeader) -> Result<Self, String> {
        let shape = header.shape().to_vec();
        match NumberType::of(&header.dtype()) {
            None => Err(format!("of type {}", header.dtype().descr())),
            Some(_) if header.order() != Order::C && shape.len() > 1 => {
                Err(format!("{shape:?} in Fortran order"))
            }
            Some(number) => Ok(Self {
                name: name.to_owned(),
                number,
                shape,
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
