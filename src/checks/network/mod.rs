//! Checks of the network: ports, names, proxies, trust, TLS versions (tech note "Network connectivity", "URLs", "Ports").

mod endpoints;
mod hosts;
mod ports;
mod proofs;
mod proxy;
mod roots;
mod tie;
mod tls_trust;
mod tls_version;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[ports::CHECK, hosts::CHECK, proxy::CHECK, tls_trust::CHECK, tls_version::CHECK];
