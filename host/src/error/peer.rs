//! What is at the other end of a transport.

/// Folder of the pseudo-terminals, behind which virtual boards run.
pub(crate) const PSEUDO_TERMINALS: &str = "/dev/pts";

/// What is at the other end of a transport, and so what to do when it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A board at a serial port.
    Board,
    /// A program behind a pseudo-terminal, such as `synfire board`.
    VirtualBoard,
    /// Another part of the same program.
    Program,
}

impl Peer {
    /// What to do when it is gone.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Board => "plug the board in again, or check that it has power",
            Self::VirtualBoard => {
                "the virtual board behind it has ended: start it again with `synfire board`, whose output says why it ended"
            }
            Self::Program => "keep its other end open while this one is in use",
        }
    }
}
