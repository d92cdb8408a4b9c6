//! A row of inferences, each encoded while the device computes the one before.

use super::Device;
use crate::error::Result;
use crate::protocol::{InferenceResult, SpikeTrain};
use crate::transport::Transport;
use std::iter::Fuse;

/// Iterator over the results of [`Device::infer_many`], in order of the images.
///
/// An image with an error yields that error; the iterator may be asked for the next.
#[derive(Debug)]
pub struct InferMany<'d, T, I> {
    device: &'d mut Device<T>,
    images: Fuse<I>,
    ahead: Option<Result<SpikeTrain>>,
}

impl<'d, T, I: Iterator> InferMany<'d, T, I> {
    pub(super) fn new(device: &'d mut Device<T>, images: I) -> Self {
        Self {
            device,
            images: images.fuse(),
            ahead: None,
        }
    }
}

impl<T, I> Iterator for InferMany<'_, T, I>
where
    T: Transport,
    I: Iterator,
    I::Item: IntoIterator<Item: AsRef<[u32]>>,
{
    type Item = Result<InferenceResult>;

    fn next(&mut self) -> Option<Self::Item> {
        let encoder = self.device.encoder;
        let Self {
            device,
            images,
            ahead,
        } = self;
        let mut encode_next = || images.next().map(|image| encoder.encode(image));
        let train = match ahead.take().or_else(&mut encode_next)? {
            Ok(train) => train,
            Err(error) => return Some(Err(error)),
        };
        let mut encode_ahead = || {
            if ahead.is_none() {
                *ahead = encode_next();
            }
        };
        Some(device.run(&train, &mut encode_ahead))
    }
}
