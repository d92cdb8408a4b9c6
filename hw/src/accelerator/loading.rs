//! Loading: the memories of a core, their numbers for the LOAD command, and their contents.

use crate::circuit::core::CoreParams;
use crate::circuit::engine::{EngineParams, MEMORIES};
use crate::circuit::link::identity::{IMAGE_MEMORY, LoadableMemory, MARGIN_MEMORY};
use crate::circuit::parameter_memory::ParameterMemoryParams;
use crate::circuit::word_memory::Style;

/// Contents of one memory, in the format of the LOAD command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterLoad {
    /// Number of the memory.
    pub memory: u8,
    /// Bytes per word.
    pub word_bytes: usize,
    /// Bytes of all words, starting with word 0.
    pub bytes: Vec<u8>,
}

impl ParameterMemoryParams {
    /// Contents in the format of the LOAD command, for the memory of this number.
    fn as_loaded(&self, memory: u8) -> ParameterLoad {
        ParameterLoad {
            memory,
            word_bytes: self.shape.word_bits().div_ceil(8),
            bytes: self.contents.rows.iter().flat_map(|row| self.word(row)).collect(),
        }
    }
}

impl CoreParams {
    /// Engines of all layers, from input to output.
    pub fn engines(&self) -> impl Iterator<Item = &EngineParams> {
        self.hidden
            .iter()
            .map(|layer| &layer.engine)
            .chain([&self.output])
    }

    /// All memories that can be loaded, including the margins of the early exit.
    #[must_use]
    pub fn memories(&self) -> Vec<LoadableMemory> {
        let margins = self.exit_steps.map(|steps| LoadableMemory {
            number: MARGIN_MEMORY,
            depth: steps,
            word_bytes: 4,
        });
        self.parameters()
            .filter(|(_, memory)| memory.loadable)
            .map(|(number, memory)| LoadableMemory {
                number,
                depth: memory.shape.depth,
                word_bytes: memory.shape.word_bits().div_ceil(8),
            })
            .chain(margins)
            .collect()
    }

    /// All parameter memories, each with the number under which it is loaded.
    pub fn parameters(&self) -> impl Iterator<Item = (u8, &ParameterMemoryParams)> {
        self.engines().flat_map(|engine| {
            // Numbers from IMAGE_MEMORY on are taken by other memories; plans have no layer that would need them.
            let number = |kind: usize| {
                u8::try_from(MEMORIES * engine.layer + kind)
                    .ok()
                    .filter(|&number| number < IMAGE_MEMORY)
            };
            let identities = engine.has_identity().then_some((2, &engine.identities));
            [
                Some((0, &engine.weights)),
                engine.settle.fires.then_some((1, &engine.thresholds)),
                identities,
                engine.settle.biased.then_some((3, &engine.biases)),
            ]
            .into_iter()
            .flatten()
            .filter_map(move |(kind, memory)| Some((number(kind)?, memory)))
        })
    }

    /// Contents of all parameter memories that can be loaded.
    pub fn parameter_loads(&self) -> impl Iterator<Item = ParameterLoad> {
        let loadable = self.parameters().filter(|(_, memory)| memory.loadable);
        loadable.map(|(memory, params)| params.as_loaded(memory))
    }

    /// Contents of the parameter memories that are empty at power-up, which must be loaded before the first inference.
    pub fn initial_loads(&self) -> impl Iterator<Item = ParameterLoad> {
        let is_empty = |params: &ParameterMemoryParams| params.shape.style == Style::Spram;
        let empty = self.parameters().filter(move |(_, params)| is_empty(params));
        empty.map(|(memory, params)| params.as_loaded(memory))
    }

    /// Hex images of all parameter memories, which the Verilog reads or the host loads: file name and text.
    #[must_use]
    pub fn memory_images(&self) -> Vec<(String, String)> {
        self.engines()
            .flat_map(EngineParams::memories)
            .map(ParameterMemoryParams::hex_image)
            .collect()
    }
}
