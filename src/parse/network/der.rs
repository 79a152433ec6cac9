//! Just enough of X.509 to know whose certificate it is: names, dates, subject alternative names. Nothing is verified.

use crate::model::Stamp;

/// What a certificate says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Subject, as `CN=…, O=…, C=…` in the certificate's order.
    pub subject: String,
    /// Issuer, likewise.
    pub issuer: String,
    /// Common name of the subject.
    pub common_name: Option<String>,
    /// DNS names of the subject alternative name extension.
    pub dns_names: Vec<String>,
    /// Begins.
    pub start: Option<Stamp>,
    /// Ends.
    pub end: Option<Stamp>,
}

/// Reads a certificate; `None` if the bytes are none.
pub fn certificate(der: &[u8]) -> Option<Decoded> {
    let mut outer = Reader(der);
    let mut tbs = Reader(Reader(outer.expect(SEQUENCE)?).expect(SEQUENCE)?);
    let mut next = tbs.next()?;
    if next.0 == 0xA0 {
        next = tbs.next()?;
    }
    if next.0 != INTEGER {
        return None;
    }
    tbs.expect(SEQUENCE)?;
    let issuer = names(tbs.expect(SEQUENCE)?);
    let mut validity = Reader(tbs.expect(SEQUENCE)?);
    let (start, end) = (validity.next().and_then(time), validity.next().and_then(time));
    let subject = names(tbs.expect(SEQUENCE)?);
    let common_name = subject.iter().rev().find(|(label, _)| *label == "CN").map(|(_, value)| value.clone());
    let mut dns_names = Vec::new();
    while let Some((tag, content)) = tbs.next() {
        if tag == 0xA3 {
            dns_names = alternative_names(content);
        }
    }
    Some(Decoded {
        subject: written(&subject),
        issuer: written(&issuer),
        common_name,
        dns_names,
        start,
        end,
    })
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// Tag, length, value, one after the other; a length beyond the data ends the reading.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = match first {
            0..=0x7F => usize::from(first),
            0x81..=0x84 => {
                let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7F))?;
                rest = after;
                bytes.iter().fold(0usize, |n, &b| (n << 8) | usize::from(b))
            }
            _ => return None,
        };
        let (value, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, value))
    }

    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, value)| value)
    }
}

/// The attributes of a distinguished name.
fn names(name: &[u8]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut sets = Reader(name);
    while let Some(set) = sets.expect(SET) {
        let mut attributes = Reader(set);
        while let Some(attribute) = attributes.expect(SEQUENCE) {
            let mut parts = Reader(attribute);
            let label = match parts.expect(OBJECT) {
                Some([0x55, 0x04, 0x03]) => "CN",
                Some([0x55, 0x04, 0x06]) => "C",
                Some([0x55, 0x04, 0x07]) => "L",
                Some([0x55, 0x04, 0x08]) => "ST",
                Some([0x55, 0x04, 0x0A]) => "O",
                Some([0x55, 0x04, 0x0B]) => "OU",
                Some([0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19]) => "DC",
                _ => continue,
            };
            if let Some((tag, value)) = parts.next() {
                found.push((label, text(tag, value)));
            }
        }
    }
    found
}

fn text(tag: u8, value: &[u8]) -> String {
    const BMP: u8 = 0x1E;
    if tag == BMP {
        let units: Vec<u16> = value
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |n, &b| (n << 8) | u16::from(b)))
            .collect();
        String::from_utf16_lossy(&units)
    } else {
        String::from_utf8_lossy(value).into_owned()
    }
}

fn written(names: &[(&'static str, String)]) -> String {
    let parts: Vec<String> = names
        .iter()
        .map(|(label, value)| format!("{label}={}", if value.contains(',') { format!("\"{value}\"") } else { value.clone() }))
        .collect();
    parts.join(", ")
}

/// UTCTime (two-digit year, 50 and above is 19xx) or GeneralizedTime.
fn time((tag, value): (u8, &[u8])) -> Option<Stamp> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let digits = match (tag, text.len()) {
        (0x17, 12) if text.as_bytes().first()? >= &b'5' => format!("19{text}"),
        (0x17, 12) => format!("20{text}"),
        (0x18, 14) => text.to_owned(),
        _ => return None,
    };
    Stamp::parse(&digits).map(|stamp| stamp.or_offset(Some(0)))
}

/// DNS names of the subject alternative name among the extensions.
fn alternative_names(explicit: &[u8]) -> Vec<String> {
    const DNS: u8 = 0x82;
    let mut dns = Vec::new();
    let Some(list) = Reader(explicit).expect(SEQUENCE) else { return dns };
    let mut extensions = Reader(list);
    while let Some(extension) = extensions.expect(SEQUENCE) {
        let mut parts = Reader(extension);
        if parts.expect(OBJECT) != Some(&[0x55, 0x1D, 0x11]) {
            continue;
        }
        while let Some((tag, value)) = parts.next() {
            if tag != OCTETS {
                continue;
            }
            let mut names = Reader(Reader(value).expect(SEQUENCE).unwrap_or(&[]));
            while let Some((kind, name)) = names.next() {
                if kind == DNS {
                    dns.push(String::from_utf8_lossy(name).to_ascii_lowercase());
                }
            }
        }
    }
    dns
}
