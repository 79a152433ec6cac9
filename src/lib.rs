//! ecelens reads a support bundle of Cisco Enterprise Chat and Email (ECE) and says, with proof, why its mail over OAuth2 with
//! Office 365 does not work, or that it does.
//!
//! ```text
//! paths ─▶ bundle ─▶ syntax ─▶ parse ─▶ case ─▶ checks ─▶ diagnosis ─▶ report
//!          members,  sections, facts,   one     verdicts   causes and    text json …
//!          bytes,    nodes     origins  typed   + located  what they
//!          limits                       view    evidence   explain
//!             └────▶ log ◀── signatures ─┘
//!                    records, hits, operations
//! ```
//!
//! One direction, no back and forth. Only `bundle` touches the file system, only `cli` touches the terminal, the environment and
//! the arguments, only `worker` starts a program: this one again, for readers that believe what a file claims. Nothing reads a
//! clock. Content never returns an error: a parser gives facts and losses, and goes on.

pub mod analysis;
pub mod bundle;
pub mod case;
pub mod checks;
pub mod cli;
pub mod collect;
pub mod config;
pub mod diagnosis;
pub mod diagnostic;
pub mod finding;
pub mod intake;
pub mod log;
pub mod model;
pub mod parse;
pub mod redact;
pub mod report;
pub mod signatures;
pub mod syntax;
pub mod timeline;
pub mod worker;
