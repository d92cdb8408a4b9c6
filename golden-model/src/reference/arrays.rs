//! Reading of the kinds of arrays that reference cases consist of.

use crate::Result;
use crate::file::arrays::Arrays;
use crate::file::npy::Number;
use crate::spikes::{Spike, SpikeRaster};
use ndarray::Array2;

impl Arrays {
    /// Reads an array of the given shape, flattened in C order.
    pub(super) fn read<T: Number>(&mut self, name: &str, shape: &[usize]) -> Result<Vec<T>> {
        let wanted = format!("{shape:?} in C order of type {}", std::any::type_name::<T>());
        let (_, found) = self.header(name, &wanted)?;
        if found != shape {
            return Err(self.wrong(name, format!("{found:?} in C order"), wanted));
        }
        self.numbers(name, &wanted)
    }

    /// Reads a text of at most `limit` bytes.
    pub(super) fn text(&mut self, name: &str, limit: usize) -> Result<Vec<u8>> {
        let wanted = format!("at most {limit} bytes");
        let (_, found) = self.header(name, &wanted)?;
        match found[..] {
            [length] if length <= limit => self.numbers(name, &wanted),
            _ => Err(self.wrong(name, format!("{found:?} in C order"), wanted)),
        }
    }

    /// Reads an array of the given shape as a matrix whose rows are the first dimension.
    pub(super) fn matrix<T: Number>(&mut self, name: &str, shape: &[usize]) -> Result<Array2<T>> {
        let numbers = self.read(name, shape)?;
        let found = format!("{} numbers", numbers.len());
        let rows = shape.first().copied().unwrap_or(1);
        let columns = shape.iter().skip(1).product();
        Array2::from_shape_vec((rows, columns), numbers)
            .map_err(|_| self.wrong(name, found, format!("{shape:?}")))
    }

    /// Reads spikes `[T, B, C, H, W]` as one raster per image.
    pub(super) fn rasters<T: Number + Into<i64>>(
        &mut self,
        name: &str,
        shape: [usize; 5],
    ) -> Result<Vec<SpikeRaster>> {
        let numbers = self.read::<T>(name, &shape)?;
        let mut signs = numbers.iter().map(|&number| number.into());
        if let Some(number) = signs.find(|number: &i64| number.abs() > 1) {
            return Err(self.wrong(name, format!("a spike of {number}"), "-1, 0 or 1".into()));
        }
        let [_, batch, channels, height, width] = shape;
        let size = channels * height * width;
        let mut rasters = vec![SpikeRaster::new(size); batch];
        for (index, one) in numbers.chunks_exact(size).enumerate() {
            let signs = (0u32..).zip(one.iter().map(|&sign| sign.into()));
            let spikes = signs.filter(|&(_, sign): &(u32, i64)| sign != 0);
            rasters[index % batch].push_step(spikes.map(|(address, sign)| Spike::signed(address, sign < 0)));
        }
        Ok(rasters)
    }

    /// Reads a dropout mask `[B, C, H, W]` of zeros and 1/(1 − `dropout`); returns, per image, the neurons that are
    /// kept.
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
