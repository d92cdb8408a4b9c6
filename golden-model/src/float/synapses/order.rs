//! Sorting of spikes by source channel, so that the weights and the gradient of a channel stay in the nearest cache
//! while all spikes of the channel are processed.

use crate::events::Windows;

/// Scratch memory for sorting the spikes of a step.
#[derive(Clone, Debug)]
pub(crate) struct ChannelOrder {
    starts: Vec<u32>,
    addresses: Vec<u32>,
}

impl ChannelOrder {
    /// Allocates memory for steps of at most `sources` spikes of at most `channels` channels.
    pub(crate) fn new(sources: usize, channels: usize) -> Self {
        Self {
            starts: vec![0; channels + 1],
            addresses: vec![0; sources],
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

    /// Sorts the channels-last `addresses` by channel, and within a channel by the form of their windows; the order of
    /// equals is kept.
    pub(super) fn sort_alike(&mut self, addresses: &[u32], windows: &Windows) -> &[u32] {
        let forms = windows.forms();
        let keys = windows.channels as usize * forms;
        if self.starts.len() <= keys {
            self.starts.resize(keys + 1, 0);
        }
        let starts = &mut self.starts[..=keys];
        starts.fill(0);
        let key = |address: u32| {
            let (position, channel) = windows.split(address);
            channel * forms + windows.form(position)
        };
        for &address in addresses {
            starts[key(address) + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut *starts {
            sum += *start;
            *start = sum;
        }
        for &address in addresses {
            let start = &mut starts[key(address)];
            self.addresses[*start as usize] = address;
            *start += 1;
        }
        &self.addresses[..addresses.len()]
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.addresses[..])
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
