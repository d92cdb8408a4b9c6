//! The arrays of an npz file, each with its type and shape checked before it is read.

use crate::spikes::{Spike, SpikeRaster};
use crate::{Error, Result};
use ndarray::Array2;
use npyz::npz::NpzArchive;
use npyz::{Deserialize as NpyElement, Order};
use std::fs::File;
use std::io::{BufReader, Error as IoError};
use std::path::{Path, PathBuf};

/// Most numbers of an array: a stop for damaged files.
const MAX_NUMBERS: u64 = 1 << 28;

/// An open npz file.
pub(super) struct Arrays {
    path: PathBuf,
    archive: NpzArchive<BufReader<File>>,
}

impl Arrays {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::Read {
            path: path.into(),
            source,
        })?;
        let archive = NpzArchive::new(BufReader::new(file)).map_err(|source| Error::CaseArchive {
            path: path.into(),
            source,
        })?;
        Ok(Self {
            path: path.into(),
            archive,
        })
    }

    /// The error that an array is something else than it must be.
    pub(super) fn wrong(&self, array: &str, found: String, wanted: String) -> Error {
        Error::CaseArray {
            path: self.path.clone(),
            array: array.into(),
            found,
            wanted,
        }
    }

    /// An array of numbers of any shape that `accept` takes, flattened in C order.
    fn read_if<T: NpyElement>(
        &mut self,
        name: &str,
        wanted: &str,
        accept: impl Fn(&[u64]) -> bool,
    ) -> Result<Vec<T>> {
        let path = self.path.clone();
        let wrong = |found| Error::CaseArray {
            path: path.clone(),
            array: name.into(),
            found,
            wanted: wanted.into(),
        };
        let read = |source: IoError| Error::CaseArchive {
            path: path.clone(),
            source,
        };
        let array = self
            .archive
            .by_name(name)
            .map_err(read)?
            .ok_or_else(|| wrong("missing".into()))?;
        if !accept(array.shape()) || (array.order() != Order::C && array.shape().len() > 1) {
            return Err(wrong(format!("{:?} in {:?} order", array.shape(), array.order())));
        }
        let numbers = array
            .shape()
            .iter()
            .fold(1_u64, |product, &size| product.saturating_mul(size));
        if numbers > MAX_NUMBERS {
            return Err(wrong(format!("of {numbers} numbers, more than {MAX_NUMBERS}")));
        }
        let found = format!("of type {}", array.dtype().descr());
        let numbers = array.data::<T>().map_err(|_| wrong(found))?;
        numbers.collect::<std::io::Result<Vec<T>>>().map_err(read)
    }

    /// An array of that shape, flattened in C order.
    pub(super) fn read<T: NpyElement>(&mut self, name: &str, shape: &[usize]) -> Result<Vec<T>> {
        let kind = std::any::type_name::<T>();
        self.read_if(name, &format!("{shape:?} in C order of type {kind}"), |found| {
            found.len() == shape.len()
                && found
                    .iter()
                    .zip(shape)
                    .all(|(&found, &wanted)| found == wanted as u64)
        })
    }

    /// An array of at most `limit` bytes.
    pub(super) fn bytes(&mut self, name: &str, limit: usize) -> Result<Vec<u8>> {
        self.read_if(name, &format!("at most {limit} bytes"), |shape| {
            shape.len() == 1 && shape[0] <= limit as u64
        })
    }

    /// An array of that shape as a matrix of `rows` rows, the first dimension.
    pub(super) fn matrix<T: NpyElement>(&mut self, name: &str, shape: &[usize]) -> Result<Array2<T>> {
        let numbers = self.read(name, shape)?;
        let found = format!("{} numbers", numbers.len());
        let rows = shape.first().copied().unwrap_or(1);
        let columns = shape.iter().skip(1).product();
        Array2::from_shape_vec((rows, columns), numbers)
            .map_err(|_| self.wrong(name, found, format!("{shape:?}")))
    }

    /// Spikes `[T, B, C, H, W]` as one raster per image.
    pub(super) fn rasters<T: NpyElement + Into<i64>>(
        &mut self,
        name: &str,
        shape: [usize; 5],
    ) -> Result<Vec<SpikeRaster>> {
        let numbers: Vec<i64> = self
            .read::<T>(name, &shape)?
            .into_iter()
            .map(Into::into)
            .collect();
        if let Some(number) = numbers.iter().find(|number| number.abs() > 1) {
            return Err(self.wrong(name, format!("a spike of {number}"), "-1, 0 or 1".into()));
        }
        let [_, batch, channels, height, width] = shape;
        let size = channels * height * width;
        let mut rasters = vec![SpikeRaster::new(size); batch];
        for (index, one) in numbers.chunks_exact(size).enumerate() {
            let spikes = (0u32..).zip(one).filter(|&(_, &sign)| sign != 0);
            rasters[index % batch].push_step(spikes.map(|(address, &sign)| Spike {
                address,
                negative: sign < 0,
            }));
        }
        Ok(rasters)
    }

    /// A dropout mask `[B, C, H, W]` of zeros and 1/(1 − `dropout`) as what every image keeps.
    pub(super) fn mask(&mut self, name: &str, shape: [usize; 4], dropout: f32) -> Result<Vec<Vec<bool>>> {
        const TOLERANCE: f32 = 1e-5;
        let scale = 1.0 / (1.0 - dropout);
        let numbers = self.read::<f32>(name, &shape)?;
        let mut kept = Vec::with_capacity(numbers.len());
        for &number in &numbers {
            let keeps = (number - scale).abs() <= TOLERANCE * scale;
            if !keeps && number != 0.0 {
                let (found, wanted) = (
                    format!("a factor of {number}"),
                    format!("0 or 1/(1 - drop), {scale}"),
                );
                return Err(self.wrong(name, found, wanted));
            }
            kept.push(keeps);
        }
        let [_, channels, height, width] = shape;
        Ok(kept
            .chunks_exact(channels * height * width)
            .map(<[bool]>::to_vec)
            .collect())
    }
}
