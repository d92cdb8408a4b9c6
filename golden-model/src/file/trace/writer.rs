//! Writing of a trace, image by image.
//!
//! An npz archive holds its arrays one after another, while an inference supplies a part of each array. So every array
//! is compressed image by image into its own archive, a temporary file beside the trace. At the end these archives are
//! merged without compressing them again.

use super::array::Layout;
use super::{Metadata, TraceError};
use crate::file::arrays::member;
use crate::file::npy::Header;
use crate::file::{FileError, folder_of, replace};
use crate::integer::Trace;
use crate::spikes::SpikeRaster;
use crate::{Error, Result};
use ndarray::Array2;
use std::fs::File;
use std::io::{Error as IoError, Result as IoResult, Write as _};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Limit on the size of a trace before compression, in bytes.
pub const MAX_BYTES: u64 = 64 << 30;

/// Archive of one array that grows image by image.
struct Spool(ZipWriter<File>);

/// Trace under construction. Nothing appears under its name until [`Self::finish`].
pub struct TraceWriter {
    path: PathBuf,
    metadata: Metadata,
    /// One archive per array, in the order of [`Metadata::arrays`].
    spools: Vec<Spool>,
    images: usize,
    /// Scratch memory for the bytes of one array.
    bytes: Vec<u8>,
}

impl std::fmt::Debug for TraceWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TraceWriter")
            .field("path", &self.path)
            .field("images", &self.images)
            .finish_non_exhaustive()
    }
}

impl TraceWriter {
    /// Starts a trace of the number of images in `metadata`.
    ///
    /// # Errors
    /// If the trace would be larger than [`MAX_BYTES`], or temporary files cannot be created in the folder of `path`.
    pub fn create(path: impl Into<PathBuf>, metadata: Metadata) -> Result<Self> {
        let path = path.into();
        let found = metadata.bytes();
        if found > MAX_BYTES {
            let per_image = found / (metadata.images.max(1) as u64);
            return Err(TraceError::TooLarge {
                images: metadata.images,
                found,
                limit: MAX_BYTES,
                most: MAX_BYTES / per_image.max(1),
            }
            .into());
        }
        let spools: IoResult<Vec<Spool>> = metadata
            .arrays()
            .iter()
            .map(|layout| Spool::new(folder_of(&path), layout))
            .collect();
        Ok(Self {
            spools: spools.map_err(|source| failed(&path, source))?,
            path,
            metadata,
            images: 0,
            bytes: Vec::new(),
        })
    }

    /// Appends an inference: the label of the image, its input spikes, and the trace of the inference.
    ///
    /// # Errors
    /// If the inference does not fit the metadata, lacks membranes that the metadata announce, or cannot be written.
    pub fn push(&mut self, label: usize, input: &SpikeRaster, trace: &Trace) -> Result<()> {
        self.check(input, trace)?;
        let Self { spools, bytes, .. } = self;
        let mut spools = spools.iter_mut();
        let mut write = |fill: &dyn Fn(&mut Vec<u8>)| {
            bytes.clear();
            fill(bytes);
            let spool = spools.next().expect("the arrays of the metadata, in their order");
            spool.0.write_all(bytes)
        };
        let no_membranes = Vec::new();
        let graded = self.metadata.graded;
        let membranes = trace.membranes.as_ref().filter(|_| self.metadata.membranes);
        let mut write_all = || -> IoResult<()> {
            write(&|bytes| number(bytes, label))?;
            write(&|bytes| {
                if graded {
                    values(bytes, input);
                } else {
                    spikes(bytes, input);
                }
            })?;
            let mut membranes = membranes.unwrap_or(&no_membranes).iter();
            for raster in &trace.layers {
                write(&|bytes| spikes(bytes, raster))?;
                if let Some(membranes) = membranes.next() {
                    write(&|bytes| integers(bytes, membranes))?;
                }
            }
            write(&|bytes| integers(bytes, &trace.potentials_by_step))?;
            write(&|bytes| number(bytes, trace.inference.class))
        };
        write_all().map_err(|source| failed(&self.path, source))?;
        self.images += 1;
        Ok(())
    }

    /// Merges the arrays and moves the trace to its path.
    ///
    /// # Errors
    /// If fewer images were pushed than the metadata announce, or the file cannot be written.
    pub fn finish(self) -> Result<()> {
        self.expect("images", self.images, self.metadata.images)?;
        let Self {
            path,
            metadata,
            spools,
            ..
        } = self;
        let json = serde_json::to_vec(&metadata).map_err(|source| TraceError::Metadata {
            path: path.clone(),
            source,
        })?;
        join(&path, &json, spools).map_err(|source| failed(&path, source))
    }

    fn expect(&self, what: &'static str, found: usize, wanted: usize) -> Result<()> {
        if found == wanted {
            return Ok(());
        }
        Err(TraceError::Inference {
            image: self.images,
            what,
            found,
            wanted,
        }
        .into())
    }

    /// Checks that the inference has the shapes of the metadata.
    fn check(&self, input: &SpikeRaster, trace: &Trace) -> Result<()> {
        let Metadata {
            images,
            steps,
            layers,
            ..
        } = &self.metadata;
        self.expect("images", (self.images + 1).max(*images), *images)?;
        self.expect("layers", trace.layers.len() + 1, layers.len())?;
        self.expect("inputs", input.width(), self.metadata.input.size())?;
        let rasters = std::iter::once(input).chain(&trace.layers);
        for raster in rasters {
            self.expect("steps", raster.steps(), *steps)?;
        }
        self.expect("steps", trace.potentials_by_step.nrows(), *steps)?;
        let widths = trace.layers.iter().map(SpikeRaster::width);
        for (width, layer) in widths.chain([trace.potentials_by_step.ncols()]).zip(layers) {
            self.expect("neurons of a layer", width, layer.shape.size())?;
        }
        if self.metadata.membranes {
            let membranes = trace.membranes.as_deref().unwrap_or_default();
            self.expect("layers with membranes", membranes.len(), layers.len())?;
            for (membranes, layer) in membranes.iter().zip(layers) {
                let numbers = layer.shape.size() * steps;
                self.expect("membranes of a layer", membranes.len(), numbers)?;
            }
        }
        Ok(())
    }
}

impl Spool {
    fn new(folder: &Path, layout: &Layout) -> IoResult<Self> {
        let mut archive = ZipWriter::new(tempfile::tempfile_in(folder)?);
        start(&mut archive, layout)?;
        Ok(Self(archive))
    }
}

/// Starts an array in an archive: its entry, and the header with type and shape.
fn start(archive: &mut ZipWriter<File>, layout: &Layout) -> IoResult<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        // A fast level: most spikes are zeros, which compress well at any level.
        .compression_level(Some(4))
        // Equal traces give equal files.
        .last_modified_time(DateTime::default())
        .large_file(layout.bytes() >= u64::from(u32::MAX) / 2);
    archive.start_file(member(&layout.name), options)?;
    archive.write_all(&Header::text(layout.number.descr(), &layout.shape))
}

fn join(path: &Path, json: &[u8], spools: Vec<Spool>) -> IoResult<()> {
    replace(path, |file| {
        let mut archive = ZipWriter::new(file.reopen()?);
        let metadata = Layout {
            name: "metadata".to_owned(),
            number: super::NumberType::U8,
            shape: vec![json.len() as u64],
        };
        start(&mut archive, &metadata)?;
        archive.write_all(json)?;
        for spool in spools {
            let mut part = ZipArchive::new(spool.0.finish()?)?;
            archive.raw_copy_file(part.by_index_raw(0)?)?;
        }
        archive.finish()?.sync_all()
    })
}

fn failed(path: &Path, source: IoError) -> Error {
    Error::File(FileError::Write {
        path: path.to_owned(),
        source,
    })
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend((number as u64).to_le_bytes());
}

fn integers(bytes: &mut Vec<u8>, numbers: &Array2<i32>) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Writes one byte per step and source: 0, 1, or −1 as a signed byte.
fn spikes(bytes: &mut Vec<u8>, raster: &SpikeRaster) {
    bytes.resize(raster.steps() * raster.width(), 0);
    for (step, spikes) in raster.iter().enumerate() {
        for spike in spikes {
            let sign = if spike.is_negative() { -1_i8 } else { 1 };
            bytes[step * raster.width() + spike.address as usize] = sign.cast_unsigned();
        }
    }
}

/// Writes a 16-bit integer per step and source: the value of the event, or 0.
fn values(bytes: &mut Vec<u8>, raster: &SpikeRaster) {
    const SIZE: usize = size_of::<i16>();
    bytes.resize(raster.steps() * raster.width() * SIZE, 0);
    for (step, events) in raster.iter().enumerate() {
        for event in events {
            let start = (step * raster.width() + event.address as usize) * SIZE;
            bytes[start..][..SIZE].copy_from_slice(&event.value.to_le_bytes());
        }
    }
}
