//! Payloads of responses: what IDENTIFY, RESULT and COUNTERS return.

use super::fields::Fields;

/// Bytes of an IDENTIFY payload.
pub const IDENTITY_BYTES: usize = 48;

/// Description of the design and model on the board; IDENTIFY returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Protocol version of the device.
    pub protocol: u8,
    /// Number of layers, hidden layers and output layer.
    pub layers: u8,
    /// Number of classes, which is the number of potentials in a result.
    pub classes: u16,
    /// Number of inputs. The address of a spike is smaller than this number.
    pub inputs: u32,
    /// Frequency of the core clock in Hz. `cycles / clock_hz` of a result is the time in seconds.
    pub clock_hz: u32,
    /// Size of a receive slot: the largest number of bytes of a request's body and CRC together.
    pub slot_bytes: u16,
    /// Number of receive slots: the largest number of requests without a response.
    pub slots: u8,
    /// Whether input spikes may be negative.
    pub signed_inputs: bool,
    /// Whether the board encodes images.
    pub encoder: bool,
    /// Whether inferences can exit early.
    pub early_exit: bool,
    /// Whether the weights of another model can be loaded over the link.
    pub loadable: bool,
    /// Whether the input is graded: its events have values.
    pub graded_inputs: bool,
    /// First 16 bytes of the design's SHA-256.
    pub design: [u8; 16],
    /// First 16 bytes of the model's hash.
    pub model: [u8; 16],
}

impl Identity {
    /// Reads a payload. Returns `None` if its length is wrong.
    #[must_use]
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields(payload);
        let mut identity = Self {
            protocol: fields.u8()?,
            layers: fields.u8()?,
            classes: fields.u16()?,
            inputs: fields.u32()?,
            clock_hz: fields.u32()?,
            slot_bytes: fields.u16()?,
            slots: fields.u8()?,
            signed_inputs: false,
            encoder: false,
            early_exit: false,
            loadable: false,
            graded_inputs: false,
            design: [0; 16],
            model: [0; 16],
        };
        let flags = fields.u8()?;
        identity.signed_inputs = flags & 1 != 0;
        identity.encoder = flags & 2 != 0;
        identity.early_exit = flags & 4 != 0;
        identity.loadable = flags & 8 != 0;
        identity.graded_inputs = flags & 16 != 0;
        identity.design = fields.array()?;
        identity.model = fields.array()?;
        fields.finish(identity)
    }

    /// Returns the names and values of all numbers and flags; a flag is 0 or 1.
    #[must_use]
    pub fn numbers(&self) -> [(&'static str, u32); 12] {
        [
            ("protocol", self.protocol.into()),
            ("layers", self.layers.into()),
            ("classes", self.classes.into()),
            ("inputs", self.inputs),
            ("clock", self.clock_hz),
            ("slot_bytes", self.slot_bytes.into()),
            ("slots", self.slots.into()),
            ("signed inputs", self.signed_inputs.into()),
            ("encoder", self.encoder.into()),
            ("early exit", self.early_exit.into()),
            ("loadable", self.loadable.into()),
            ("graded inputs", self.graded_inputs.into()),
        ]
    }

    /// Returns the payload, as a device sends it. Models of devices and tests use it.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = vec![self.protocol, self.layers];
        payload.extend(self.classes.to_le_bytes());
        payload.extend(self.inputs.to_le_bytes());
        payload.extend(self.clock_hz.to_le_bytes());
        payload.extend(self.slot_bytes.to_le_bytes());
        let flags = [
            self.signed_inputs,
            self.encoder,
            self.early_exit,
            self.loadable,
            self.graded_inputs,
        ];
        let flags = flags
            .iter()
            .rev()
            .fold(0, |flags, &flag| flags << 1 | u8::from(flag));
        payload.extend([self.slots, flags]);
        payload.extend(self.design);
        payload.extend(self.model);
        payload
    }
}

/// Result of an inference; RESULT returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferenceResult {
    /// Time steps completed since CLEAR; after an early exit, fewer than were sent.
    pub steps: u32,
    /// Clock cycles since CLEAR in which at least one engine was active.
    pub cycles: u32,
    /// Potential of each class, in units of 2^−G weight LSB.
    pub potentials: Vec<i32>,
}

impl InferenceResult {
    /// Reads a payload of `classes` potentials. Returns `None` if its length is wrong.
    #[must_use]
    pub fn decode(payload: &[u8], classes: u16) -> Option<Self> {
        let mut fields = Fields(payload);
        let result = Self {
            steps: fields.u32()?,
            cycles: fields.u32()?,
            potentials: (0..classes).map(|_| fields.i32()).collect::<Option<_>>()?,
        };
        fields.finish(result)
    }

    /// Returns the number of bytes of a payload of `classes` potentials.
    #[must_use]
    pub const fn bytes(classes: u16) -> usize {
        8 + 4 * classes as usize
    }

    /// Returns the payload, as a device sends it. Models of devices and tests use it.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(8 + 4 * self.potentials.len());
        payload.extend(self.steps.to_le_bytes());
        payload.extend(self.cycles.to_le_bytes());
        payload.extend(
            self.potentials
                .iter()
                .flat_map(|potential| potential.to_le_bytes()),
        );
        payload
    }

    /// Returns the class with the largest potential; on a tie, the lowest class number.
    ///
    /// ```
    /// let result = synfire::protocol::InferenceResult { steps: 1, cycles: 9, potentials: vec![-3, 8, 8] };
    /// assert_eq!(result.class(), 1);
    /// ```
    #[must_use]
    pub fn class(&self) -> usize {
        let largest = self.potentials.iter().max();
        self.potentials
            .iter()
            .position(|potential| Some(potential) == largest)
            .unwrap_or(0)
    }
}

/// Activity of one layer since CLEAR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerCounters {
    /// Spikes that entered the layer.
    pub spikes_in: u32,
    /// Spikes that left the layer; 0 for the output layer, which never fires.
    pub spikes_out: u32,
    /// Clock cycles in which the layer's engine was active.
    pub busy_cycles: u32,
}

/// Error counters of the link and activity of the layers; COUNTERS returns them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames dropped since power-up because of a bad CRC, a COBS error or their length.
    pub bad_frames: u32,
    /// Frames dropped since power-up because no receive slot was free.
    pub dropped_frames: u32,
    /// Activity of each layer, the output layer last.
    pub layers: Vec<LayerCounters>,
}

impl Counters {
    /// Reads a payload for `layers` layers. Returns `None` if its length is wrong.
    #[must_use]
    pub fn decode(payload: &[u8], layers: u8) -> Option<Self> {
        let mut fields = Fields(payload);
        let bad_frames = fields.u32()?;
        let dropped_frames = fields.u32()?;
        let mut layer = || {
            Some(LayerCounters {
                spikes_in: fields.u32()?,
                spikes_out: fields.u32()?,
                busy_cycles: fields.u32()?,
            })
        };
        let layers = (0..layers).map(|_| layer()).collect::<Option<_>>()?;
        fields.finish(Self {
            bad_frames,
            dropped_frames,
            layers,
        })
    }

    /// Returns the number of bytes of a payload for `layers` layers.
    #[must_use]
    pub const fn bytes(layers: u8) -> usize {
        8 + 12 * layers as usize
    }

    /// Returns the payload, as a device sends it. Models of devices and tests use it.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(8 + 12 * self.layers.len());
        payload.extend(self.bad_frames.to_le_bytes());
        payload.extend(self.dropped_frames.to_le_bytes());
        for layer in &self.layers {
            payload.extend(layer.spikes_in.to_le_bytes());
            payload.extend(layer.spikes_out.to_le_bytes());
            payload.extend(layer.busy_cycles.to_le_bytes());
        }
        payload
    }
}

#[cfg(test)]
mod tests;
