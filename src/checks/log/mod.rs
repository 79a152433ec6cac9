//! Checks of the logs: is mail fetched and sent to the end of the evidence, which known errors do they hold, what do they cover?

mod coverage;
mod dispatcher;
mod evidence;
mod known_errors;
mod retriever_polling;
mod secrets;

use super::Check;

/// The checks of this area, in the order of the report.
#[rustfmt::skip]
pub const CHECKS: &[Check] = &[
    retriever_polling::CHECK,
    dispatcher::CHECK,
    known_errors::CHECK,
    coverage::CHECK,
    secrets::CHECK,
];

#[cfg(test)]
mod tests;
