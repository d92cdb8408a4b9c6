//! Contact sheet: samples of a data set, class by class.
//!
//! An image with one channel is drawn in grey, an image with three channels in red, green and blue. For any other number
//! of channels, their mean is drawn. For a recording, the events of the first third of its window are added up; over the
//! whole window, edges would overlap. Pixels that became brighter are blue, darker ones orange; the colour is stronger
//! the more events there are.

use super::super::diagnostic::Result;
use super::super::paths::write_text;
use super::{BLUE, GREY, ORANGE, failed};
use plotters::prelude::*;
use std::path::Path;
use synfire_golden_model::dataset::{Dataset, Event, Samples};
use synfire_golden_model::network::Shape;

/// Samples of one class.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Name of the class.
    pub(crate) name: String,
    /// Indices of the samples.
    pub(crate) samples: Vec<usize>,
}

/// Approximate height and width of a sample on the sheet, in pixels.
const CELL: usize = 72;
const GAP: usize = 6;
const LABEL: usize = 96;
const TITLE: usize = 40;

type Colour = [u8; 3];

/// Draws a contact sheet into an SVG file.
pub(crate) fn draw(path: &Path, title: &str, dataset: &Dataset, rows: &[Row]) -> Result<()> {
    let mut svg = String::new();
    draw_into(&mut svg, title, dataset, rows).map_err(|error| failed(path)(error.as_ref()))?;
    write_text(path, &svg)
}

fn draw_into(
    svg: &mut String,
    title: &str,
    dataset: &Dataset,
    rows: &[Row],
) -> Result<(), Box<dyn std::error::Error>> {
    let Shape { height, width, .. } = dataset.shape();
    let scale = (CELL / height.max(width).max(1)).max(1);
    let (cell_height, cell_width) = (height * scale, width * scale);
    let columns = rows.iter().map(|row| row.samples.len()).max().unwrap_or(0);
    let size = (
        u32::try_from((LABEL + columns * (cell_width + GAP) + GAP).max(420))?,
        u32::try_from(TITLE + rows.len() * (cell_height + GAP) + GAP)?,
    );
    let root = SVGBackend::with_string(svg, size).into_drawing_area();
    root.fill(&WHITE)?;
    let heading = ("sans-serif", 18).into_font();
    root.draw(&Text::new(title.to_owned(), (i32::try_from(GAP)?, 10), heading))?;
    for (index, row) in rows.iter().enumerate() {
        let top = TITLE + index * (cell_height + GAP);
        let middle = i32::try_from(top + cell_height / 2)? - 7;
        let font = ("sans-serif", 14).into_font().color(&GREY);
        root.draw(&Text::new(row.name.clone(), (i32::try_from(GAP)?, middle), font))?;
        for (column, &sample) in row.samples.iter().enumerate() {
            let pixels = enlarged(&pixels(dataset, sample), width, scale);
            let left = i32::try_from(LABEL + column * (cell_width + GAP))?;
            let corner = (left, i32::try_from(top)?);
            let size = (u32::try_from(cell_width)?, u32::try_from(cell_height)?);
            let element = BitMapElement::with_owned_buffer(corner, size, pixels.concat());
            root.draw(&element.ok_or("a picture of another size")?)?;
        }
    }
    root.present()?;
    Ok(())
}

/// Enlarges an image: repeats every pixel `scale` times, in rows and columns.
fn enlarged(pixels: &[Colour], width: usize, scale: usize) -> Vec<Colour> {
    let wide = |row: &[Colour]| -> Vec<Colour> {
        row.iter()
            .flat_map(|&pixel| std::iter::repeat_n(pixel, scale))
            .collect()
    };
    pixels
        .chunks_exact(width)
        .flat_map(|row| wide(row).repeat(scale))
        .collect()
}

/// Returns the colours of a sample's pixels, row by row.
fn pixels(dataset: &Dataset, sample: usize) -> Vec<Colour> {
    let shape = dataset.shape();
    match dataset.samples() {
        Samples::Images(images) => image(dataset.image(sample), images.full_scale, shape),
        Samples::Recordings(recordings) => {
            let seen = |event: &&Event| recordings.step_of(event.time_us, 3) == Some(0);
            recording(recordings.get(sample).iter().filter(seen), shape)
        }
    }
}

fn image(levels: &[u8], full_scale: u8, shape: Shape) -> Vec<Colour> {
    let plane = shape.height * shape.width;
    let byte = |sum: u32, channels: u32| {
        let full_scale = u32::from(full_scale.max(1)) * channels;
        u8::try_from(255 * sum / full_scale).unwrap_or(u8::MAX)
    };
    let level = |channel: usize, at: usize| u32::from(levels[channel * plane + at]);
    (0..plane)
        .map(|at| match shape.channels {
            3 => [0, 1, 2].map(|channel| byte(level(channel, at), 1)),
            channels => {
                let sum = (0..channels).map(|channel| level(channel, at)).sum();
                [byte(sum, u32::try_from(channels).unwrap_or(1)); 3]
            }
        })
        .collect()
}

fn recording<'a>(events: impl Iterator<Item = &'a Event>, shape: Shape) -> Vec<Colour> {
    let plane = shape.height * shape.width;
    // Events of the second channel (brighter), and of all other channels.
    let mut counts = vec![[0u32; 2]; plane];
    for event in events {
        let [channel, y, x] = event.place(shape);
        counts[y * shape.width + x][usize::from(channel != 1)] += 1;
    }
    // Full strength is twice the mean of the pixels with events, so that a few busy pixels do not make all others pale.
    let (mut events, mut lit) = (0, 0);
    for [on, off] in counts.iter().filter(|&&count| count != [0, 0]) {
        events += on + off;
        lit += 1;
    }
    let full = (2 * events).div_ceil(lit.max(1)).max(1);
    let colour = |[on, off]: [u32; 2]| {
        let count = on + off;
        let strength = count.min(full);
        let part = |on_part: u8, off_part: u8| {
            let mean = (on * u32::from(on_part) + off * u32::from(off_part)) / count.max(1);
            let white = u32::from(u8::MAX);
            u8::try_from((strength * mean + (full - strength) * white) / full).unwrap_or(u8::MAX)
        };
        [
            part(BLUE.0, ORANGE.0),
            part(BLUE.1, ORANGE.1),
            part(BLUE.2, ORANGE.2),
        ]
    };
    counts.into_iter().map(colour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfire_golden_model::dataset;

    #[test]
    fn images_are_grey_or_coloured() {
        let shape = Shape::from([1, 1, 2]);
        assert_eq!(image(&[0, 16], 16, shape), [[0; 3], [255; 3]]);
        let shape = Shape::from([3, 1, 2]);
        assert_eq!(image(&[1, 2, 3, 4, 5, 6], 255, shape), [[1, 3, 5], [2, 4, 6]]);
        let shape = Shape::from([2, 1, 1]);
        assert_eq!(image(&[100, 50], 255, shape), [[75; 3]]);
    }

    #[test]
    fn events_are_blue_and_orange_and_stronger_the_more_there_are() {
        let shape = Shape::from([2, 1, 4]);
        let event = |channel, x| Event::at(shape, 0, [channel, 0, x]).unwrap();
        // Six events of three pixels: four are full strength.
        let events = [vec![event(1, 0); 4], vec![event(0, 1)], vec![event(0, 2)]].concat();
        let pixels = recording(events.iter(), shape);
        let RGBColor(red, green, blue) = BLUE;
        assert_eq!(pixels[0], [red, green, blue]);
        let RGBColor(red, green, blue) = ORANGE;
        let pale = [red, green, blue].map(|part| u8::try_from((u32::from(part) + 3 * 255) / 4).unwrap());
        assert_eq!(pixels[1..], [pale, pale, [255; 3]]);
    }

    #[test]
    fn enlarged_pixels_are_squares() {
        let (a, b) = ([1, 2, 3], [4, 5, 6]);
        assert_eq!(enlarged(&[a, b], 2, 2), [a, a, b, b, a, a, b, b]);
    }

    #[test]
    fn a_sheet_holds_one_picture_a_sample() {
        let data = dataset::load("digits", None).unwrap().test;
        let row = |samples: &[usize]| Row {
            name: "name of a class".into(),
            samples: samples.to_vec(),
        };
        let mut svg = String::new();
        draw_into(&mut svg, "title", &data, &[row(&[0, 1]), row(&[2])]).unwrap();
        assert_eq!(svg.matches("<image ").count(), 3);
        assert_eq!(svg.matches("name of a class").count(), 2);
    }
}
