//! Arguments of IMAGE: an 8-bit image that the board encodes into spikes.

/// An image, with the seed and the number of steps for its encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Pixels in C, H, W order; their number must equal the network's number of inputs.
    pub pixels: Vec<u8>,
    /// State of the board's random generator before the first draw; must not be 0.
    pub seed: u32,
    /// Number of time steps for which spikes are drawn.
    pub steps: u16,
}

impl Image {
    /// Returns the payload of IMAGE: flags (bit 0: the inference may exit early), seed, steps.
    ///
    /// ```
    /// use synfire::protocol::Image;
    /// let image = Image { pixels: vec![0; 784], seed: 0x52CF_158A, steps: 100 };
    /// assert_eq!(image.payload(true), [1, 0x8A, 0x15, 0xCF, 0x52, 100, 0]);
    /// ```
    #[must_use]
    pub fn payload(&self, exit: bool) -> Vec<u8> {
        let mut payload = vec![u8::from(exit)];
        payload.extend(self.seed.to_le_bytes());
        payload.extend(self.steps.to_le_bytes());
        payload
    }
}
