//! Where bytes come from: folders, files and archives, walked in one order, decoded, within limits.

mod text;

pub use text::{Encoding, Text};
