//! Runs many inferences one after the other.

use super::Device;
use super::job::Job;
use super::overlap::{NextJob, SentAhead};
use crate::error::Result;
use crate::protocol::InferenceResult;
use crate::transport::Transport;
use std::iter::Fuse;

/// Iterator over the results of [`Device::infer_many`] and [`Device::infer_images`], in order of the images.
///
/// If an inference fails, the iterator yields its error and can continue with the next one.
#[derive(Debug)]
pub struct InferMany<'d, T, J> {
    device: &'d mut Device<T>,
    jobs: Fuse<J>,
    next: Option<Result<Job>>,
    /// Writes of `next` that were sent already.
    sent_ahead: SentAhead,
}

impl<'d, T, J: Iterator> InferMany<'d, T, J> {
    pub(super) fn new(device: &'d mut Device<T>, jobs: J) -> Self {
        Self {
            device,
            jobs: jobs.fuse(),
            next: None,
            sent_ahead: SentAhead::default(),
        }
    }
}

/// The job after the current one, taken from the iterator when it is first needed.
struct Next<'a, J> {
    jobs: &'a mut Fuse<J>,
    next: &'a mut Option<Result<Job>>,
}

impl<J: Iterator<Item = Result<Job>>> NextJob for Next<'_, J> {
    fn job(&mut self) -> Option<&Job> {
        if self.next.is_none() {
            *self.next = self.jobs.next();
        }
        self.next.as_ref()?.as_ref().ok()
    }
}

impl<T: Transport, J: Iterator<Item = Result<Job>>> Iterator for InferMany<'_, T, J> {
    type Item = Result<InferenceResult>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self {
            device,
            jobs,
            next,
            sent_ahead,
        } = self;
        let job = match next.take().or_else(|| jobs.next())? {
            Ok(job) => job,
            Err(error) => return Some(Err(error)),
        };
        Some(device.run(&job, sent_ahead, &mut Next { jobs, next }))
    }
}
