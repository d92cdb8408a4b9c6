//! Payloads of responses: what IDENTIFY, RESULT and COUNTERS answer.

use super::fields::Fields;

/// Bytes of an IDENTIFY payload.
pub const IDENTITY_BYTES: usize = 48;

/// What is on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Protocol version.
    pub protocol: u8,
    /// Number of layers, hidden and output.
    pub layers: u8,
    /// Number of classes: potentials of one result.
    pub classes: u16,
    /// Number of inputs: a spike's address is below it.
    pub inputs: u32,
    /// Clock frequency in Hz: what `cycles` of a result divide by.
    pub clock_hz: u32,
    /// Size of a receive slot: the most bytes of a request's body and CRC together.
    pub slot_bytes: u16,
    /// Number of receive slots: the most requests that may be without a response.
    pub slots: u8,
    /// Whether input spikes may be negative.
    pub signed_inputs: bool,
    /// Whether the board encodes images.
    pub encoder: bool,
    /// Whether inferences can exit early.
    pub early_exit: bool,
    /// Whether another model's weights can be loaded.
    pub loadable: bool,
    /// First 16 bytes of the SHA-256 of the design.
    pub design: [u8; 16],
    /// 16 bytes that identify the model.
    pub model: [u8; 16],
}

impl Identity {
    /// Reads a payload. `None` if its length is wrong.
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
            design: [0; 16],
            model: [0; 16],
        };
        let flags = fields.u8()?;
        identity.signed_inputs = flags & 1 != 0;
        identity.encoder = flags & 2 != 0;
        identity.early_exit = flags & 4 != 0;
        identity.loadable = flags & 8 != 0;
        identity.design = fields.array()?;
        identity.model = fields.array()?;
        fields.finish(identity)
    }

    /// The payload. (What a device does; here for models and tests.)
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = vec![self.protocol, self.layers];
        payload.extend(self.classes.to_le_bytes());
        payload.extend(self.inputs.to_le_bytes());
        payload.extend(self.clock_hz.to_le_bytes());
        payload.extend(self.slot_bytes.to_le_bytes());
        let flags = [self.signed_inputs, self.encoder, self.early_exit, self.loadable];
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

/// What RESULT answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferenceResult {
    /// Time steps completed since CLEAR: fewer than were sent after an early exit.
    pub steps: u32,
    /// Clock cycles since CLEAR in which any engine was active.
    pub cycles: u32,
    /// Membrane potential per class, in units of 2^−G weight LSB.
    pub potentials: Vec<i32>,
}

impl InferenceResult {
    /// Reads a payload of `classes` potentials. `None` if its length is wrong.
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

    /// Bytes of a payload of `classes` potentials.
    #[must_use]
    pub const fn bytes(classes: u16) -> usize {
        8 + 4 * classes as usize
    }

    /// The payload. (What a device does; here for models and tests.)
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

    /// The answer: the class with the largest potential, the lowest class number on a tie.
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
    /// Spikes that left it; 0 for the output layer, which never fires.
    pub spikes_out: u32,
    /// Clock cycles in which its engine was active.
    pub busy_cycles: u32,
}

/// What COUNTERS answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames dropped since power-up for a bad CRC, a COBS error or their length.
    pub bad_frames: u32,
    /// Frames dropped since power-up because no receive slot was free.
    pub dropped_frames: u32,
    /// Activity per layer, the output layer last.
    pub layers: Vec<LayerCounters>,
}

impl Counters {
    /// Reads a payload for `layers` layers. `None` if its length is wrong.
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

    /// Bytes of a payload for `layers` layers.
    #[must_use]
    pub const fn bytes(layers: u8) -> usize {
        8 + 12 * layers as usize
    }

    /// The payload. (What a device does; here for models and tests.)
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
mod tests {
    use super::*;

    #[test]
    fn an_identity_has_every_field_in_its_place() {
        let payload: Vec<u8> = (1..=48).collect();
        let identity = Identity::decode(&payload).unwrap();
        assert_eq!(
            (identity.protocol, identity.layers, identity.classes),
            (1, 2, 0x0403)
        );
        assert_eq!((identity.inputs, identity.clock_hz), (0x0807_0605, 0x0C0B_0A09));
        assert_eq!(
            (identity.slot_bytes, identity.slots, identity.signed_inputs),
            (0x0E0D, 15, false)
        );
        assert!(!identity.encoder && !identity.early_exit && !identity.loadable);
        assert_eq!(identity.design.to_vec(), (17..=32).collect::<Vec<u8>>());
        assert_eq!(identity.model.to_vec(), (33..=48).collect::<Vec<u8>>());

        let mut signed = payload;
        for (bit, set) in [(1, 0), (2, 1), (4, 2), (8, 3)] {
            signed[15] = bit | 0xF0; // other flags are for later versions to define
            let identity = Identity::decode(&signed).unwrap();
            let flags = [
                identity.signed_inputs,
                identity.encoder,
                identity.early_exit,
                identity.loadable,
            ];
            assert_eq!(flags, [0, 1, 2, 3].map(|flag| flag == set));
        }
        signed[15] = 0b1101;
        let identity = Identity::decode(&signed).unwrap();
        assert_eq!(identity.payload(), signed);
        assert_eq!(signed.len(), IDENTITY_BYTES);
        assert_eq!(Identity::decode(&signed[..47]), None);
        signed.push(0);
        assert_eq!(Identity::decode(&signed), None);
    }

    #[test]
    fn a_result_has_every_field_in_its_place() {
        let payload = [1, 0, 0, 0, 0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0x80];
        let result = InferenceResult::decode(&payload, 2).unwrap();
        assert_eq!(
            result,
            InferenceResult {
                steps: 1,
                cycles: 256,
                potentials: vec![-1, i32::MIN + 5]
            }
        );
        assert_eq!(result.payload(), payload);
        assert_eq!(payload.len(), InferenceResult::bytes(2));
        assert_eq!(InferenceResult::decode(&payload, 1), None);
        assert_eq!(InferenceResult::decode(&payload, 3), None);
    }

    #[test]
    fn the_class_is_the_first_of_the_largest() {
        let class = |potentials: &[i32]| {
            InferenceResult {
                steps: 0,
                cycles: 0,
                potentials: potentials.to_vec(),
            }
            .class()
        };
        assert_eq!(class(&[-5, -2, -2, -9]), 1);
        assert_eq!(class(&[0, 0]), 0);
        assert_eq!(class(&[1, 2, 3]), 2);
        assert_eq!(class(&[]), 0);
    }

    #[test]
    fn counters_have_every_field_in_their_place() {
        let payload: Vec<u8> = (1..=8).flat_map(|n: u32| n.to_le_bytes()).collect();
        let counters = Counters::decode(&payload, 2).unwrap();
        let layers = vec![
            LayerCounters {
                spikes_in: 3,
                spikes_out: 4,
                busy_cycles: 5,
            },
            LayerCounters {
                spikes_in: 6,
                spikes_out: 7,
                busy_cycles: 8,
            },
        ];
        assert_eq!(
            counters,
            Counters {
                bad_frames: 1,
                dropped_frames: 2,
                layers
            }
        );
        assert_eq!(counters.payload(), payload);
        assert_eq!(payload.len(), Counters::bytes(2));
        assert_eq!(Counters::decode(&payload, 1), None);
        assert_eq!(Counters::decode(&payload, 3), None);
    }
}
