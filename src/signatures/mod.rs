//! Known error texts: the catalogue and its matcher.

/// A text that every match of a signature holds: what the engine's filter looks for. Only records in which an anchor was found
/// are matched against the signatures that own it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// At least 8 bytes without white space, rare in healthy logs.
    pub bytes: Box<[u8]>,
    /// Compare ASCII letters without case.
    pub ignore_case: bool,
    /// Number of the signature in the catalogue, or of a marker that interpretation asks for (numbers above the catalogue's).
    pub owner: u32,
}
