//! ECE versions: `12.6(1) ES5`, `12.6.1_ES10`, `11.6(1) ES12_ET1`.

use std::fmt;

/// Release, engineering special (ES) and its test patch (ET). Orders as releases do; a missing ES sorts before ES1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Version {
    /// `12` of 12.6(1).
    pub major: u16,
    /// `6` of 12.6(1).
    pub minor: u16,
    /// `1` of 12.6(1), if named.
    pub maintenance: Option<u16>,
    /// Engineering special, `Some(5)` for ES5.
    pub es: Option<u16>,
    /// Test patch, `Some(1)` for ES12_ET1.
    pub et: Option<u16>,
}

impl Version {
    /// `12.6`, for comparing with the releases of the tech note.
    pub fn release(&self) -> (u16, u16) {
        (self.major, self.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}({})", self.major, self.minor, self.maintenance.unwrap_or(1))?;
        if let Some(es) = self.es {
            write!(f, " ES{es}")?;
        }
        if let Some(et) = self.et {
            write!(f, "_ET{et}")?;
        }
        Ok(())
    }
}
