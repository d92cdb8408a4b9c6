//! Contact sheet: samples of a data set, class by class.
//!
//! Images of one channel are grey, of three red, green and blue; of any other number, the mean of their channels is
//! drawn. Of recordings, all events of the window are added up: brighter pixels are blue, darker ones orange, and the
//! stronger the more events there are.

use super::super::diagnostic::Result;
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
    /// Numbers of the samples.
    pub(crate) samples: Vec<usize>,
}

/// Rows and columns of a sample on the sheet, about.
const CELL: usize = 64;
const GAP: usize = 6;
const LABEL: usize = 96;
const TITLE: usize = 40;

type Colour = [u8; 3];

/// Draws a sheet into an SVG file.
pub(crate) fn draw(path: &Path, title: &str, dataset: &Dataset, rows: &[Row]) -> Result<()> {
    let mut svg = String::new();
    draw_into(&mut svg, title, dataset, rows).map_err(|error| failed(path)(error.as_ref()))?;
    synfire_hw::build::write_atomically(path, &svg)?;
    Ok(())
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

/// Every pixel `scale` times, in rows and columns.
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

/// The colours of a sample, row by row.
fn pixels(dataset: &Dataset, sample: usize) -> Vec<Colour> {
    let shape = dataset.shape();
    match dataset.samples() {
        Samples::Images(images) => image(dataset.image(sample), images.full_scale, shape),
        Samples::Recordings(recordings) => {
            let seen = |event: &&Event| event.time_us < recordings.window_us();
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
    // Of the second channel, brighter, and of all others.
    let mut counts = vec![[0u32; 2]; plane];
    for event in events {
        let [channel, y, x] = event.place(shape);
        counts[y * shape.width + x][usize::from(channel != 1)] += 1;
    }
    let most = counts.iter().map(|[on, off]| on + off).max().unwrap_or(0).max(1);
    counts
        .into_iter()
        .map(|[on, off]| {
            // White turns into the mean colour of the events, as many as there are.
            let colour = |white: u8, on_part: u8, off_part: u8| {
                let (white, on_part, off_part) = (u32::from(white), u32::from(on_part), u32::from(off_part));
                let sum = (most - on - off) * white + on * on_part + off * off_part;
                u8::try_from(sum / most).unwrap_or(u8::MAX)
            };
            [
                colour(u8::MAX, BLUE.0, ORANGE.0),
                colour(u8::MAX, BLUE.1, ORANGE.1),
                colour(u8::MAX, BLUE.2, ORANGE.2),
            ]
        })
        .collect()
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
        let events = [event(1, 0), event(1, 0), event(0, 1), event(0, 1), event(1, 2)];
        let pixels = recording(events.iter(), shape);
        let solid = |RGBColor(red, green, blue): RGBColor| [red, green, blue];
        assert_eq!(pixels[..2], [solid(BLUE), solid(ORANGE)]);
        assert_eq!(pixels[2], solid(BLUE).map(|part| u8::midpoint(part, 255)));
        assert_eq!(pixels[3], [255; 3]);
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
