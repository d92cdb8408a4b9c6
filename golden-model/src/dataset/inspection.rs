//! Signs that a data set does not mean what its arrays say. Such data are valid, but a network learns little from them.

use super::{Dataset, Images, Recordings, Samples, Split};
use crate::network::Shape;
use std::fmt;

/// Share of the events outside the window above which [`InspectionWarning::OutsideWindow`] is given. Recordings that run
/// on for a little are common: those of N-MNIST lose about one event in a hundred.
const OUTSIDE: f64 = 0.1;

/// Share of the recordings without an event in the window above which [`InspectionWarning::OutsideWindow`] is given.
const EMPTY: f64 = 0.01;

/// Share of the window within which all events lie if [`InspectionWarning::ShortTimes`] is given.
const SHORT: f64 = 0.05;

/// Smallest ratio of full scale and largest pixel for which [`InspectionWarning::DarkImages`] is given.
const DARK: u32 = 8;

/// Largest width that may be a number of channels instead.
const CHANNELS: usize = 4;

/// Warning about the contents of a data set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InspectionWarning {
    /// Many events lie outside the window, or many recordings have no event inside.
    OutsideWindow {
        /// Name of the data set.
        name: String,
        /// `training` or `test`.
        part: &'static str,
        /// Share of the events outside the window, in 0..=1.
        outside: f64,
        /// Share of the recordings without an event in the window, in 0..=1.
        empty: f64,
        /// Length of the window in microseconds.
        window_us: u32,
    },
    /// All events lie in the first bins of the window.
    ShortTimes {
        /// Name of the data set.
        name: String,
        /// Time of the last event of all recordings in microseconds.
        last_us: u32,
        /// Length of the window in microseconds.
        window_us: u32,
    },
    /// The last dimension of the samples is that of channels, although the first one should be.
    ChannelsLast {
        /// Name of the data set.
        name: String,
        /// Shape of a sample as it was read.
        shape: Shape,
    },
    /// The largest pixel is far below full scale.
    DarkImages {
        /// Name of the data set.
        name: String,
        /// Largest pixel of all images.
        largest: u8,
        /// Pixel of intensity 1.
        full_scale: u8,
    },
    /// Some classes of the test set do not occur in the training set.
    UntrainedClasses {
        /// Name of the data set.
        name: String,
        /// Numbers of the classes.
        classes: Vec<usize>,
    },
}

impl Split {
    /// Looks for signs of wrong units, scales, orders of dimensions and labels.
    #[must_use]
    pub fn inspect(&self) -> Vec<InspectionWarning> {
        let mut warnings = Vec::new();
        let name = || self.train.name.clone();
        let shape = self.train.shape;
        if shape.width <= CHANNELS && shape.channels > shape.width && shape.height > shape.width {
            warnings.push(InspectionWarning::ChannelsLast { name: name(), shape });
        }
        match (&self.train.samples, &self.test.samples) {
            (Samples::Images(train), Samples::Images(test)) => {
                warnings.extend(dark_images(&self.train.name, train, test));
            }
            (Samples::Recordings(train), Samples::Recordings(test)) => {
                let parts = [("training", train), ("test", test)];
                warnings.extend(
                    parts
                        .iter()
                        .filter_map(|(part, recordings)| outside_window(&self.train.name, part, recordings)),
                );
                warnings.extend(short_times(&self.train.name, train, test));
            }
            _ => {}
        }
        let (train, test) = (self.train.class_counts(), self.test.class_counts());
        let untrained = |&class: &usize| test[class] > 0 && train.get(class).is_none_or(|&count| count == 0);
        let classes: Vec<usize> = (0..test.len()).filter(untrained).collect();
        if !classes.is_empty() {
            warnings.push(InspectionWarning::UntrainedClasses {
                name: name(),
                classes,
            });
        }
        warnings
    }

    /// The data set with times of recordings that count from each recording's own first event; images stay as they are.
    #[must_use]
    pub fn from_first_event(mut self) -> Self {
        for part in [&mut self.train, &mut self.test] {
            part.start_at_first_event();
        }
        self
    }
}

impl Dataset {
    fn start_at_first_event(&mut self) {
        if let Samples::Recordings(recordings) = &mut self.samples {
            *recordings = recordings.from_first_event();
        }
    }
}

fn dark_images(name: &str, train: &Images, test: &Images) -> Option<InspectionWarning> {
    let largest = train.pixels.iter().chain(&test.pixels).max().copied()?;
    let full_scale = train.full_scale;
    let is_dark = DARK * u32::from(largest) <= u32::from(full_scale);
    is_dark.then(|| InspectionWarning::DarkImages {
        name: name.into(),
        largest,
        full_scale,
    })
}

fn outside_window(name: &str, part: &'static str, recordings: &Recordings) -> Option<InspectionWarning> {
    let window_us = recordings.window_us();
    let is_inside = |time_us: u32| time_us < window_us;
    let (mut outside, mut empty) = (0_usize, 0_usize);
    for index in 0..recordings.len() {
        let events = recordings.get(index);
        let inside = events.iter().filter(|event| is_inside(event.time_us)).count();
        outside += events.len() - inside;
        empty += usize::from(inside == 0);
    }
    let share = |count: usize, all: usize| count as f64 / all.max(1) as f64;
    let outside = share(outside, recordings.events().len());
    let empty = share(empty, recordings.len());
    (outside > OUTSIDE || empty > EMPTY).then(|| InspectionWarning::OutsideWindow {
        name: name.into(),
        part,
        outside,
        empty,
        window_us,
    })
}

fn short_times(name: &str, train: &Recordings, test: &Recordings) -> Option<InspectionWarning> {
    let events = train.events().iter().chain(test.events());
    let last_us = events.map(|event| event.time_us).max()?;
    let window_us = train.window_us();
    (f64::from(last_us) < SHORT * f64::from(window_us)).then(|| InspectionWarning::ShortTimes {
        name: name.into(),
        last_us,
        window_us,
    })
}

impl fmt::Display for InspectionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideWindow {
                name,
                part,
                outside,
                empty,
                window_us,
            } => write!(
                f,
                "data set `{name}`: {:.1} % of the {part} events lie outside the window of {window_us} µs, and {:.1} % of \
                 the {part} recordings have no event inside; use --from-first-event if the clock of a recording does not \
                 start at 0, or correct window_us or the unit of the times, which is µs",
                100.0 * outside,
                100.0 * empty
            ),
            Self::ShortTimes {
                name,
                last_us,
                window_us,
            } => write!(
                f,
                "data set `{name}`: the last event of all recordings is at {last_us} µs of a window of {window_us} µs; \
                 convert the times to µs, or correct window_us"
            ),
            Self::ChannelsLast { name, shape } => write!(
                f,
                "data set `{name}`: the samples have the shape {shape} of channels, rows and columns, but seem to have \
                 their channels last; save them as [N, C, H, W], for example with numpy.moveaxis(images, -1, 1)"
            ),
            Self::DarkImages {
                name,
                largest,
                full_scale,
            } => write!(
                f,
                "data set `{name}`: the largest pixel is {largest}, far below the full scale of {full_scale}, so that \
                 inputs hardly ever spike; save the number full_scale = {} with the images, or scale the pixels",
                largest.max(&1)
            ),
            Self::UntrainedClasses { name, classes } => {
                const SHOWN: usize = 8;
                let shown: Vec<String> = classes.iter().take(SHOWN).map(usize::to_string).collect();
                let more = if classes.len() > SHOWN { ", …" } else { "" };
                write!(
                    f,
                    "data set `{name}`: {} test {} no training sample ({}{more}); add training samples of them, or \
                     correct the labels",
                    classes.len(),
                    if classes.len() == 1 {
                        "class has"
                    } else {
                        "classes have"
                    },
                    shown.join(", ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Event, digits};

    fn images(shape: [usize; 3], full_scale: u8, largest: u8, [train, test]: [&[u8]; 2]) -> Split {
        let part = |labels: &[u8]| {
            let mut pixels = vec![0; labels.len() * shape.iter().product::<usize>()];
            pixels[0] = largest;
            Dataset::new("own", shape.into(), 3, full_scale, pixels, labels.to_vec()).unwrap()
        };
        Split {
            train: part(train),
            test: part(test),
            warnings: Vec::new(),
        }
    }

    fn recordings(window_us: u32, times: [&[&[u32]]; 2]) -> Split {
        let part = |times: &[&[u32]]| {
            let mut recordings = Recordings::new(window_us);
            for times in times {
                recordings.push(times.iter().map(|&time_us| Event { time_us, address: 0 }));
            }
            let (samples, labels) = (Samples::Recordings(recordings), vec![0; times.len()]);
            Dataset::of_samples("own", [1, 1, 1].into(), 1, samples, labels).unwrap()
        };
        Split {
            train: part(times[0]),
            test: part(times[1]),
            warnings: Vec::new(),
        }
    }

    fn texts(split: &Split) -> Vec<String> {
        split.inspect().iter().map(ToString::to_string).collect()
    }

    const ALL: [&[u8]; 2] = [&[0, 1, 2], &[0, 1, 2]];

    #[test]
    fn sound_data_are_not_warned_of() {
        assert_eq!(texts(&digits::load().unwrap()), [""; 0]);
        for shape in [[1, 8, 8], [3, 32, 32], [16, 1, 1], [12, 1, 2], [1, 28, 3]] {
            assert_eq!(texts(&images(shape, 255, 40, ALL)), [""; 0], "{shape:?}");
        }
        let some: &[&[u32]] = &[&[0, 900], &[999, 1001, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]];
        assert_eq!(texts(&recordings(1000, [some, some])), [""; 0]);
    }

    #[test]
    fn channels_last_are_named() {
        for shape in [[32, 32, 3], [8, 8, 1]] {
            let [text] = &texts(&images(shape, 255, 255, ALL))[..] else {
                panic!("one warning of {shape:?}");
            };
            assert!(
                text.contains("seem to have their channels last; save them as [N, C, H, W]"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_forgotten_full_scale_and_pixels_of_0_and_1_are_named() {
        for largest in [0, 1, 16, 31] {
            let [text] = &texts(&images([1, 8, 8], 255, largest, ALL))[..] else {
                panic!("one warning of {largest}");
            };
            let wanted = format!(
                "data set `own`: the largest pixel is {largest}, far below the full scale of 255, so that inputs hardly \
                 ever spike; save the number full_scale = {} with the images, or scale the pixels",
                largest.max(1)
            );
            assert_eq!(*text, wanted);
        }
        assert_eq!(texts(&images([1, 8, 8], 255, 32, ALL)), [""; 0]);
        assert_eq!(texts(&images([1, 8, 8], 1, 1, ALL)), [""; 0]);
    }

    #[test]
    fn classes_that_are_tested_but_not_trained_are_named() {
        assert_eq!(
            texts(&images([1, 8, 8], 255, 255, [&[0, 0], &[0, 2, 1]])),
            [
                "data set `own`: 2 test classes have no training sample (1, 2); add training samples of them, or correct \
                 the labels"
            ]
        );
        assert_eq!(texts(&images([1, 8, 8], 255, 255, [&[0, 1, 2], &[0]])), [""; 0]);
    }

    #[test]
    fn events_outside_the_window_are_counted_and_a_common_start_mends_them() {
        let late: &[&[u32]] = &[&[0, 1, 500], &[5000, 5500]];
        let on_time: &[&[u32]] = &[&[0, 700]];
        let split = recordings(1000, [late, on_time]);
        assert_eq!(
            texts(&split),
            [
                "data set `own`: 40.0 % of the training events lie outside the window of 1000 µs, and 50.0 % of the \
                 training recordings have no event inside; use --from-first-event if the clock of a recording does not \
                 start at 0, or correct window_us or the unit of the times, which is µs"
            ]
        );
        assert_eq!(texts(&split.from_first_event()), [""; 0]);
    }

    #[test]
    fn milliseconds_in_place_of_microseconds_are_named() {
        let milliseconds: &[&[u32]] = &[&[0, 100, 299], &[4, 290]];
        let [text] = &texts(&recordings(300_000, [milliseconds, milliseconds]))[..] else {
            panic!("one warning");
        };
        assert!(
            text.contains("the last event of all recordings is at 299 µs of a window of 300000 µs; convert the times to µs"),
            "{text}"
        );
    }
}
