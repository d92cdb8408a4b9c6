//! Many inferences in a row.

use super::Device;
use super::job::Job;
use super::overlap::{Ahead, Lead};
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
    /// What was sent of `ahead`.
    lead: Lead,
}

impl<'d, T, J: Iterator> InferMany<'d, T, J> {
    pub(super) fn new(device: &'d mut Device<T>, jobs: J) -> Self {
        Self {
            device,
            jobs: jobs.fuse(),
            ahead: None,
            lead: Lead::default(),
        }
    }
}

/// The job after the one that runs.
struct Next<'a, J> {
    jobs: &'a mut Fuse<J>,
    ahead: &'a mut Option<Result<Job>>,
}

impl<J: Iterator<Item = Result<Job>>> Ahead for Next<'_, J> {
    fn job(&mut self) -> Option<&Job> {
        if self.ahead.is_none() {
            *self.ahead = self.jobs.next();
        }
        self.ahead.as_ref()?.as_ref().ok()
    }
}

impl<T: Transport, J: Iterator<Item = Result<Job>>> Iterator for InferMany<'_, T, J> {
    type Item = Result<InferenceResult>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self {
            device,
            jobs,
            ahead,
            lead,
        } = self;
        let job = match ahead.take().or_else(|| jobs.next())? {
            Ok(job) => job,
            Err(error) => return Some(Err(error)),
        };
        Some(device.run(&job, lead, &mut Next { jobs, ahead }))
    }
}
