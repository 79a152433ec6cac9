//! Checks of the logs: is mail fetched and sent to the end of the evidence, and what do the logs cover?

mod coverage;
mod dispatcher;
mod evidence;
mod retriever_polling;
//! Checks of the logs and of the bundle as a whole.

mod known_errors;

use super::Check;

/// The checks of this area, in the order of the report.
pub const CHECKS: &[Check] = &[retriever_polling::CHECK, dispatcher::CHECK, coverage::CHECK];

#[cfg(test)]
mod tests;
pub const CHECKS: &[Check] = &[known_errors::CHECK];
