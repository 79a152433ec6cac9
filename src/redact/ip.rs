//! Pseudonyms of IP addresses that keep networks together: two addresses share as many leading bits as their originals.

use crate::model::is_ip;

/// The pseudonym of `ip`; `None` if it may stay (loopback, masks, what is no address).
pub(super) fn pseudonym(ip: &str, digest: impl Fn(&[u8]) -> [u8; 32]) -> Option<String> {
    if !is_ip(ip) {
        return None;
    }
    if ip.contains(':') {
        return version6(ip, digest);
    }
    let octets: Vec<u8> = ip.split('.').filter_map(|part| part.parse::<u8>().ok()).collect();
    let &[a, b, c, d] = octets.as_slice() else { return None };
    // What kind of address it is has to stay visible: internal ones must not become public ones, nor the reverse.
    let kept = match (a, b) {
        (0 | 127 | 224..=255, _) | (169, 254) => return None,
        (10, _) => 8,
        (172 | 192 | 100 | 169 | 198 | 203, _) => 16,
        _ => 8,
    };
    let value = u32::from_be_bytes([a, b, c, d]);
    let mut made = value;
    for bit in kept..32 {
        // Each bit is flipped or not by the bits before it: a common prefix stays common.
        let prefix = value >> (32 - bit);
        let mut part = vec![4, bit as u8];
        part.extend(prefix.to_be_bytes());
        if digest(&part)[0] & 1 == 1 {
            made ^= 1 << (31 - bit);
        }
    }
    let [a, b, c, d] = made.to_be_bytes();
    Some(format!("{a}.{b}.{c}.{d}"))
}

/// IPv6: the groups behind the first are replaced one by one, each by all groups before it.
fn version6(ip: &str, digest: impl Fn(&[u8]) -> [u8; 32]) -> Option<String> {
    let lower = ip.to_lowercase();
    if lower.starts_with("::") || lower.starts_with("fe80") || !lower.contains(':') {
        return None;
    }
    let mut made: Vec<String> = Vec::new();
    for (at, group) in lower.split(':').enumerate() {
        if at == 0 || group.is_empty() {
            made.push(group.to_owned());
            continue;
        }
        let before = lower.split(':').take(at + 1).collect::<Vec<_>>().join(":");
        let [x, y, ..] = digest(before.as_bytes());
        made.push(format!("{:x}", u16::from_be_bytes([x, y])));
    }
    Some(made.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn made(ip: &str) -> String {
        pseudonym(ip, |part| Sha256::digest(part).into()).unwrap_or_else(|| ip.to_owned())
    }

    #[test]
    fn networks_stay_together_and_kinds_apart() {
        let third = |ip: &str| made(ip).rsplit_once('.').unwrap().0.to_owned();
        assert_eq!(third("10.1.2.3"), third("10.1.2.77"));
        assert_ne!(third("10.1.2.3"), third("10.1.3.3"));
        for ip in ["10.1.2.3", "172.20.1.1", "192.168.7.9", "100.70.1.1"] {
            assert!(crate::model::is_internal_ip(&made(ip)) && made(ip) != ip, "{ip} {}", made(ip));
        }
        for ip in ["52.97.183.162", "20.190.159.2", "172.40.1.1", "203.0.113.9", "11.2.3.4"] {
            assert!(!crate::model::is_internal_ip(&made(ip)), "{ip} {}", made(ip));
        }
        let many: std::collections::BTreeSet<String> = (0..=255).map(|d| made(&format!("52.97.183.{d}"))).collect();
        assert_eq!(many.len(), 256);
        assert_eq!(made("127.0.0.1"), "127.0.0.1");
        assert_eq!(made("2603:1026:206::5").split(':').next(), Some("2603"));
    }
}
