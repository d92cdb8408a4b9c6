//! Reading a case from its npz file.

use super::Case;
use crate::model::FloatModel;
use crate::network::{LayerDescription, LayerKind, NetworkDescription, Shape};
use crate::spikes::{Spike, SpikeRaster};
use crate::{Error, Result};
use ndarray::Array2;
use npyz::npz::NpzArchive;
use npyz::{Deserialize as NpyElement, Order};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Error as IoError};
use std::path::{Path, PathBuf};

/// Most images of a case, and most bytes of its specification: stops for damaged files.
const MAX_BATCH: usize = 1 << 12;
const MAX_SPEC: usize = 1 << 20;

/// The JSON of the array `spec`.
#[derive(Deserialize)]
struct Spec {
    input: Shape,
    #[serde(rename = "T")]
    steps: usize,
    batch: usize,
    leak: f32,
    rate: f32,
    layers: Vec<SpecLayer>,
}

#[derive(Deserialize)]
struct SpecLayer {
    name: String,
    op: String,
    out: Option<usize>,
    from: String,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// If the file cannot be read, an array is missing or has another shape or type than the specification says,
    /// or the network has layers that this trainer does not know.
    pub fn load(path: &Path) -> Result<Self> {
        let mut arrays = Arrays::open(path)?;
        let spec: Spec =
            serde_json::from_slice(&arrays.bytes("spec", MAX_SPEC)?).map_err(|source| Error::CaseSpec {
                path: path.into(),
                source,
            })?;
        let description = describe(path, &spec)?;
        if !(1..=MAX_BATCH).contains(&spec.batch) {
            return Err(arrays.wrong(
                "spec",
                format!("a batch of {}", spec.batch),
                format!("1..={MAX_BATCH}"),
            ));
        }

        let shape = |Shape {
                         channels,
                         height,
                         width,
                     }: Shape| [spec.steps, spec.batch, channels, height, width];
        let images = arrays.rasters::<i8>("input_spikes", shape(spec.input))?;
        let labels = arrays.read::<i64>("labels", &[spec.batch])?;
        let labels: Option<Vec<usize>> = labels.iter().map(|&label| usize::try_from(label).ok()).collect();
        let labels =
            labels.ok_or_else(|| arrays.wrong("labels", "a negative label".into(), "classes".into()))?;

        let mut weights = Vec::new();
        let mut gradients = Vec::new();
        let mut spikes = vec![Vec::new(); spec.batch];
        let shapes = description.shapes();
        for (index, layer) in description.layers.iter().enumerate() {
            let dim = (shapes[index].size(), description.fan_in(index));
            weights.push(arrays.matrix::<f32>(&format!("weight/{}", layer.name), dim)?);
            gradients.push(arrays.matrix::<f64>(&format!("grad/{}", layer.name), dim)?);
            if !matches!(layer.kind, LayerKind::Out { .. }) {
                let rasters =
                    arrays.rasters::<u8>(&format!("spikes/{}", layer.name), shape(shapes[index]))?;
                spikes
                    .iter_mut()
                    .zip(rasters)
                    .for_each(|(image, raster)| image.push(raster));
            }
        }
        let outputs = arrays.matrix("output", (spec.batch, description.classes()))?;
        let loss = arrays.read::<f64>("loss", &[])?[0];
        let model = FloatModel {
            description,
            weights,
            provenance: BTreeMap::new(),
        };
        model.validate()?;
        Ok(Self {
            model,
            images,
            labels,
            spikes,
            outputs,
            loss,
            gradients,
        })
    }
}

/// The network of a specification, whose layers must follow one another.
fn describe(path: &Path, spec: &Spec) -> Result<NetworkDescription> {
    let mut before = "input";
    let mut layers = Vec::new();
    for layer in &spec.layers {
        let kind = match (layer.op.as_str(), layer.out) {
            ("fc", Some(out)) if layer.from == before => LayerKind::Fc { out },
            ("out", Some(out)) if layer.from == before => LayerKind::Out { out },
            _ => {
                return Err(Error::CaseLayer {
                    path: path.into(),
                    layer: layer.name.clone(),
                    op: layer.op.clone(),
                    from: layer.from.clone(),
                });
            }
        };
        layers.push(LayerDescription::new(&layer.name, kind));
        before = &layer.name;
    }
    let name = path
        .file_stem()
        .map_or_else(|| "case".into(), |stem| stem.to_string_lossy().into_owned());
    let Spec {
        input,
        steps,
        rate,
        leak,
        ..
    } = *spec;
    let description = NetworkDescription {
        name,
        input,
        steps,
        rate,
        leak,
        normalization: None,
        layers,
    };
    description.validate()?;
    Ok(description)
}

/// The arrays of an npz file.
struct Arrays {
    path: PathBuf,
    archive: NpzArchive<BufReader<File>>,
}

impl Arrays {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::Read {
            path: path.into(),
            source,
        })?;
        let archive = NpzArchive::new(BufReader::new(file)).map_err(|source| Error::CaseArchive {
            path: path.into(),
            source,
        })?;
        Ok(Self {
            path: path.into(),
            archive,
        })
    }

    fn wrong(&self, array: &str, found: String, wanted: String) -> Error {
        Error::CaseArray {
            path: self.path.clone(),
            array: array.into(),
            found,
            wanted,
        }
    }

    /// An array of numbers of any shape that `accept` takes, flattened in C order.
    fn read_if<T: NpyElement>(
        &mut self,
        name: &str,
        wanted: &str,
        accept: impl Fn(&[u64]) -> bool,
    ) -> Result<Vec<T>> {
        let path = self.path.clone();
        let wrong = |found| Error::CaseArray {
            path: path.clone(),
            array: name.into(),
            found,
            wanted: wanted.into(),
        };
        let read = |source: IoError| Error::CaseArchive {
            path: path.clone(),
            source,
        };
        let array = self
            .archive
            .by_name(name)
            .map_err(read)?
            .ok_or_else(|| wrong("missing".into()))?;
        if !accept(array.shape()) || (array.order() != Order::C && array.shape().len() > 1) {
            return Err(wrong(format!("{:?} in {:?} order", array.shape(), array.order())));
        }
        let found = format!("of type {}", array.dtype().descr());
        let numbers = array.data::<T>().map_err(|_| wrong(found))?;
        numbers.collect::<std::io::Result<Vec<T>>>().map_err(read)
    }

    fn read<T: NpyElement>(&mut self, name: &str, shape: &[usize]) -> Result<Vec<T>> {
        let kind = std::any::type_name::<T>();
        self.read_if(name, &format!("{shape:?} in C order of type {kind}"), |found| {
            found.len() == shape.len()
                && found
                    .iter()
                    .zip(shape)
                    .all(|(&found, &wanted)| found == wanted as u64)
        })
    }

    fn bytes(&mut self, name: &str, limit: usize) -> Result<Vec<u8>> {
        self.read_if(name, &format!("at most {limit} bytes"), |shape| {
            shape.len() == 1 && shape[0] <= limit as u64
        })
    }

    fn matrix<T: NpyElement>(&mut self, name: &str, dim: (usize, usize)) -> Result<Array2<T>> {
        let numbers = self.read(name, &[dim.0, dim.1])?;
        let found = format!("{} numbers", numbers.len());
        Array2::from_shape_vec(dim, numbers).map_err(|_| self.wrong(name, found, format!("{dim:?}")))
    }

    /// Spikes `[T, B, C, H, W]` as one raster per image.
    fn rasters<T: NpyElement + Into<i64>>(
        &mut self,
        name: &str,
        shape: [usize; 5],
    ) -> Result<Vec<SpikeRaster>> {
        let numbers: Vec<i64> = self
            .read::<T>(name, &shape)?
            .into_iter()
            .map(Into::into)
            .collect();
        if let Some(number) = numbers.iter().find(|number| number.abs() > 1) {
            return Err(self.wrong(name, format!("a spike of {number}"), "-1, 0 or 1".into()));
        }
        let [_, batch, channels, height, width] = shape;
        let size = channels * height * width;
        let mut rasters = vec![SpikeRaster::new(size); batch];
        for (index, one) in numbers.chunks_exact(size).enumerate() {
            let spikes = (0u32..).zip(one).filter(|&(_, &sign)| sign != 0);
            rasters[index % batch].push_step(spikes.map(|(address, &sign)| Spike {
                address,
                negative: sign < 0,
            }));
        }
        Ok(rasters)
    }
}
