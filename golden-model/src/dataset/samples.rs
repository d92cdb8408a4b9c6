//! The samples of a data set: images, or recordings of an event camera.

use super::DataError;
use crate::Result;
use crate::network::Shape;
use std::fmt;

/// The samples of a data set, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Samples {
    /// Images, each C·H·W pixels.
    Images(Images),
    /// Recordings of an event camera.
    Recordings(Recordings),
}

impl Samples {
    /// Kind of the samples, as a plural noun for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Images(_) => "images",
            Self::Recordings(_) => "recordings",
        }
    }

    /// Copies the samples with the given indices, in that order.
    pub(super) fn select(&self, size: usize, indices: &[usize]) -> Self {
        match self {
            Self::Images(images) => Self::Images(Images {
                full_scale: images.full_scale,
                pixels: indices
                    .iter()
                    .flat_map(|&index| &images.pixels[index * size..][..size])
                    .copied()
                    .collect(),
            }),
            Self::Recordings(recordings) => {
                let mut selected = Recordings::new(recordings.window_us);
                for &index in indices {
                    selected.push(recordings.get(index).iter().copied());
                }
                Self::Recordings(selected)
            }
        }
    }
}

/// Images of C·H·W bytes each, in C, H, W order.
#[derive(Clone, PartialEq, Eq)]
pub struct Images {
    /// Pixel value of intensity 1.
    pub full_scale: u8,
    /// Pixels of all images, one image after another.
    pub pixels: Vec<u8>,
}

/// Prints the number of pixels instead of the pixels.
impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Images")
            .field("full_scale", &self.full_scale)
            .field("bytes", &self.pixels.len())
            .finish()
    }
}

/// One event of an event camera: a pixel has become brighter or darker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Time in microseconds from the start of the recording.
    pub time_us: u32,
    /// Index in C, H, W order of polarity (the channel), row and column.
    pub address: u32,
}

impl Event {
    /// Creates an event of a camera of `shape`; `None` if the coordinates lie outside.
    #[must_use]
    pub fn at(shape: Shape, time_us: u32, [channel, y, x]: [usize; 3]) -> Option<Self> {
        let inside = channel < shape.channels && y < shape.height && x < shape.width;
        let address = (channel * shape.height + y) * shape.width + x;
        let address = u32::try_from(address).ok().filter(|_| inside)?;
        Some(Self { time_us, address })
    }

    /// Channel, row and column of the event.
    #[must_use]
    pub const fn place(self, shape: Shape) -> [usize; 3] {
        let address = self.address as usize;
        let (row, x) = (address / shape.width, address % shape.width);
        [row / shape.height, row % shape.height, x]
    }
}

/// Recordings of an event camera, each a list of events in any order.
///
/// A network of T steps sees the first `window_us` microseconds of a recording in T bins of equal length: an event at
/// time t falls into bin ⌊t·T / window⌋, and later events are dropped. All recordings of a data set share one window,
/// because a program that classifies events as they arrive does not know when a recording will end.
#[derive(Clone, PartialEq, Eq)]
pub struct Recordings {
    window_us: u32,
    events: Vec<Event>,
    /// `ends[i]` is one past the last event of recording `i`.
    ends: Vec<usize>,
}

/// Prints the numbers of recordings and events instead of the events.
impl fmt::Debug for Recordings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recordings")
            .field("window_us", &self.window_us)
            .field("recordings", &self.ends.len())
            .field("events", &self.events.len())
            .finish()
    }
}

impl Recordings {
    /// Creates an empty list of recordings with a window of `window_us` microseconds.
    #[must_use]
    pub const fn new(window_us: u32) -> Self {
        Self {
            window_us,
            events: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Appends a recording.
    pub fn push(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
        self.ends.push(self.events.len());
    }

    /// Appends all recordings of `other`.
    pub fn append(&mut self, other: &Self) {
        for index in 0..other.len() {
            self.push(other.get(index).iter().copied());
        }
    }

    /// Number of recordings.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there are no recordings.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Events of a recording.
    ///
    /// # Panics
    /// If there is no such recording.
    #[must_use]
    pub fn get(&self, index: usize) -> &[Event] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.events[start..self.ends[index]]
    }

    /// Events of all recordings.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Length of the window that a network sees of a recording, in microseconds.
    #[must_use]
    pub const fn window_us(&self) -> u32 {
        self.window_us
    }

    /// The recordings with times that count from each recording's own first event.
    #[must_use]
    pub fn from_first_event(&self) -> Self {
        let mut shifted = Self::new(self.window_us);
        for index in 0..self.len() {
            let events = self.get(index);
            let first = events.iter().map(|event| event.time_us).min().unwrap_or(0);
            shifted.push(events.iter().map(|event| Event {
                time_us: event.time_us - first,
                ..*event
            }));
        }
        shifted
    }

    /// Step, in 0..`steps`, of an event at `time_us`; `None` after the window.
    #[must_use]
    pub fn step_of(&self, time_us: u32, steps: usize) -> Option<usize> {
        let bin = u128::from(time_us) * steps as u128 / u128::from(self.window_us.max(1));
        usize::try_from(bin).ok().filter(|&bin| bin < steps)
    }

    /// Checks that all events lie within a camera of `shape`; `name` is the data set's name in the error.
    pub(super) fn check(&self, name: &str, shape: Shape) -> Result<()> {
        if self.window_us == 0 {
            return Err(DataError::NoWindow { name: name.into() }.into());
        }
        let outside = |event: &Event| event.address as usize >= shape.size();
        if let Some(at) = self.events.iter().position(outside) {
            return Err(DataError::EventPlace {
                name: name.into(),
                sample: self.ends.partition_point(|&end| end <= at),
                found: self.events[at].address,
                shape,
            }
            .into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        channels: 2,
        height: 3,
        width: 4,
    };

    #[test]
    fn places_and_addresses_are_two_names_of_one_thing() {
        let event = Event::at(SHAPE, 7, [1, 2, 3]).unwrap();
        assert_eq!((event.time_us, event.address), (7, 23));
        for address in 0..24 {
            let event = Event { time_us: 0, address };
            assert_eq!(Event::at(SHAPE, 0, event.place(SHAPE)), Some(event));
        }
        for outside in [[2, 0, 0], [0, 3, 0], [0, 0, 4]] {
            assert_eq!(Event::at(SHAPE, 0, outside), None);
        }
    }

    #[test]
    fn bins_are_equal_and_end_with_the_window() {
        let recordings = Recordings::new(300);
        let bins = [0, 99, 100, 199, 200, 299, 300, u32::MAX].map(|time| recordings.step_of(time, 3));
        assert_eq!(
            bins,
            [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2), None, None]
        );
        // With more steps than microseconds, every event has its own step.
        assert_eq!(Recordings::new(2).step_of(1, 10), Some(5));
        assert_eq!(recordings.step_of(0, 0), None);
    }

    #[test]
    fn each_recording_can_start_at_its_own_first_event() {
        let events = |times: &[u32]| -> Vec<Event> {
            times
                .iter()
                .map(|&time_us| Event { time_us, address: 3 })
                .collect()
        };
        let mut recordings = Recordings::new(10);
        recordings.push(events(&[1005, 1000, u32::MAX]));
        recordings.push([]);
        recordings.push(events(&[7]));
        let shifted = recordings.from_first_event();
        assert_eq!(shifted.get(0), events(&[5, 0, u32::MAX - 1000]));
        assert!(shifted.get(1).is_empty());
        assert_eq!(shifted.get(2), events(&[0]));
        assert_eq!((shifted.window_us(), shifted.len()), (10, 3));
        assert_eq!(shifted.from_first_event(), shifted);
    }

    #[test]
    fn recordings_keep_their_own_events() {
        let event = |address| Event { time_us: 0, address };
        let mut recordings = Recordings::new(1);
        recordings.push([event(1), event(2)]);
        recordings.push([]);
        recordings.push([event(3)]);
        assert_eq!(recordings.len(), 3);
        assert_eq!(recordings.get(0), [event(1), event(2)]);
        assert!(recordings.get(1).is_empty());
        assert_eq!(recordings.get(2), [event(3)]);
        let mut twice = recordings.clone();
        twice.append(&recordings);
        assert_eq!((twice.len(), twice.get(5)), (6, recordings.get(2)));
    }
}
