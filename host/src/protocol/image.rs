//! IMAGE: an 8-bit image that the board encodes.

/// An image, and how it is to be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its pixels in C, H, W order, as many as the network has inputs.
    pub pixels: Vec<u8>,
    /// State of the generator before the first draw, not 0.
    pub seed: u32,
    /// Steps to draw.
    pub steps: u16,
}

impl Image {
    /// The payload of IMAGE: flags (bit 0: the inference may exit early), seed, steps.
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
