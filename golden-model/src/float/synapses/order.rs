//! Sorting of spikes by source channel, so that the weights and the gradient of a channel stay in the nearest cache
//! while all spikes of the channel are processed.

use crate::events::{Place, Windows};

/// Scratch memory for sorting spikes.
#[derive(Clone, Debug)]
pub(crate) struct ChannelOrder {
    starts: Vec<u32>,
    addresses: Vec<u32>,
    /// First membranes of the sorted sources, for [`Self::sort_alike`].
    targets: Vec<u32>,
}

/// Sources that share their weights: those of one channel whose windows have one form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) addresses: &'a [u32],
    /// First membrane of every source.
    pub(super) targets: &'a [u32],
    /// First weight.
    pub(super) start: usize,
    pub(super) rows: usize,
    /// Numbers per row.
    pub(super) length: usize,
}

/// Sources sorted by channel and form, run by run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs<'a> {
    windows: &'a Windows,
    /// One past the last source of every run; runs may be empty.
    ends: &'a [u32],
    addresses: &'a [u32],
    targets: &'a [u32],
}

impl<'a> Runs<'a> {
    /// Runs that are not empty.
    #[inline(always)]
    pub(super) fn for_each(self, mut meet: impl FnMut(Run<'a>)) {
        let forms = self.windows.forms();
        let mut begin = 0;
        for (channel, ends) in self.ends.chunks_exact(forms.len()).enumerate() {
            for (form, &end) in forms.iter().zip(ends) {
                let range = begin..end as usize;
                begin = range.end;
                if !range.is_empty() {
                    meet(Run {
                        addresses: &self.addresses[range.clone()],
                        targets: &self.targets[range],
                        start: channel * self.windows.block + form.weight,
                        rows: form.rows,
                        length: form.length,
                    });
                }
            }
        }
    }
}

impl ChannelOrder {
    /// Allocates memory for [`Self::sort`], for steps of at most `sources` spikes of at most `channels` channels.
    pub(crate) fn new(sources: usize, channels: usize) -> Self {
        Self {
            starts: vec![0; channels + 1],
            addresses: vec![0; sources],
            targets: Vec::new(),
        }
    }

    /// Allocates memory for [`Self::sort_alike`], for at most `sources` sources of all steps. A layer of many channels or
    /// forms adds a little.
    pub(crate) fn of_steps(sources: usize) -> Self {
        Self {
            starts: Vec::new(),
            addresses: vec![0; sources],
            targets: vec![0; sources],
        }
    }

    /// Sorts the channels-last `addresses` by channel; the order within a channel is kept.
    pub(super) fn sort(&mut self, addresses: &[u32], channels: u32) -> &[u32] {
        let starts = &mut self.starts[..=channels as usize];
        starts.fill(0);
        for address in addresses {
            starts[(address % channels) as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut *starts {
            sum += *start;
            *start = sum;
        }
        for &address in addresses {
            let start = &mut starts[(address % channels) as usize];
            self.addresses[*start as usize] = address;
            *start += 1;
        }
        &self.addresses[..addresses.len()]
    }

    /// Sorts sources of several steps by channel, and within a channel by the form of their windows; the order of equals is
    /// kept. An address is counted on from step to step by `sources`, a membrane by `targets`.
    pub(super) fn sort_alike<'a, 'b>(
        &'a mut self,
        steps: impl Iterator<Item = &'b [u32]> + Clone,
        windows: &'a Windows,
        (sources, targets): (usize, usize),
    ) -> Runs<'a> {
        let forms = windows.forms().len();
        let keys = windows.channels as usize * forms;
        let all = steps.clone().map(<[u32]>::len).sum();
        if self.starts.len() <= keys {
            self.starts.resize(keys + 1, 0);
        }
        if self.addresses.len() < all {
            self.addresses.resize(all, 0);
        }
        self.targets.resize(self.addresses.len(), 0);
        let starts = &mut self.starts[..=keys];
        starts.fill(0);
        let key = |address: u32| {
            let (position, channel) = windows.split(address);
            let place = windows.form(position);
            (channel * forms + place.form as usize, place)
        };
        for &address in steps.clone().flatten() {
            starts[key(address).0 + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut *starts {
            sum += *start;
            *start = sum;
        }
        let narrow = |number| u32::try_from(number).expect("maps of all steps have fewer than 2^32 numbers");
        let (sources, targets) = (narrow(sources), narrow(targets));
        // Every start moves to the end of its run.
        for (t, addresses) in (0u32..).zip(steps) {
            for &address in addresses {
                let (key, Place { target, .. }) = key(address);
                let at = starts[key] as usize;
                self.addresses[at] = t * sources + address;
                self.targets[at] = t * targets + target;
                starts[key] += 1;
            }
        }
        Runs {
            windows,
            ends: &starts[..keys],
            addresses: &self.addresses[..all],
            targets: &self.targets[..all],
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.addresses[..]) + size_of_val(&self.targets[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_come_by_channel() {
        let mut order = ChannelOrder::new(12, 3);
        assert_eq!(order.sort(&[0, 2, 3, 4, 7, 11], 3), [0, 3, 4, 7, 2, 11]);
        assert_eq!(order.sort(&[5, 6], 2), [6, 5]);
        assert!(order.sort(&[], 3).is_empty());
    }
}
