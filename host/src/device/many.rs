//! A row of inferences, each encoded while the device computes the one before.

use super::Device;
use super::job::Job;
use crate::error::Result;
use crate::protocol::InferenceResult;
use crate::transport::Transport;
use std::iter::Fuse;

/// Iterator over the results of [`Device::infer_many`] and [`Device::infer_images`], in order of the images.
///
/// An image with an error yields that error; the iterator may be asked for the next.
#[derive(Debug)]
pub struct InferMany<'d, T, J> {
    device: &'d mut Device<T>,
    jobs: Fuse<J>,
    ahead: Option<Result<Job>>,
}

impl<'d, T, J: Iterator> InferMany<'d, T, J> {
    pub(super) fn new(device: &'d mut Device<T>, jobs: J) -> Self {
        Self {
            device,
            jobs: jobs.fuse(),
            ahead: None,
        }
    }
}

impl<T: Transport, J: Iterator<Item = Result<Job>>> Iterator for InferMany<'_, T, J> {
    type Item = Result<InferenceResult>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { device, jobs, ahead } = self;
        let job = match ahead.take().or_else(|| jobs.next())? {
            Ok(job) => job,
            Err(error) => return Some(Err(error)),
        };
        let mut encode_ahead = || {
            if ahead.is_none() {
                *ahead = jobs.next();
            }
        };
        Some(device.run(&job, &mut encode_ahead))
    }
}
