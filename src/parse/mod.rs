//! From sections to facts: one file per kind of evidence. A parser recognises its evidence by content, takes what it knows, and
//! leaves the rest to the others.

mod culture_date;
mod ece_accounts;
mod ece_alias_dump;
mod ece_aliases;
mod ece_columns;
mod ece_labels;
mod ece_scope;
mod ece_servers;
mod ece_settings;
mod ece_versions;
mod entra_application;
mod entra_audit;
mod entra_conditional_access;
mod entra_consent;
mod entra_policies;
mod entra_records;
mod entra_service_principal;
mod entra_sign_in;
mod entra_terraform;
#[cfg(test)]
mod entra_tests;
mod entra_token;
pub mod exchange;
mod har;

mod network;
mod secrets;

use crate::model::{Fact, Facts, Origin, Text};
use crate::syntax::{Loss, Section, Source};

/// What a member was taken for, and why: shown by `inventory`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recognised {
    /// Kind of evidence, `entra-application`, `ece-settings` …
    pub kind: &'static str,
    /// What it was recognised by, in words.
    pub why: Text,
}

/// Where a parser puts what it finds.
#[derive(Debug, Default)]
pub struct Findings {
    /// Facts.
    pub facts: Facts,
    /// What the section was recognised as; several parsers may use one section.
    pub recognised: Vec<Recognised>,
    /// What could not be read.
    pub losses: Vec<Loss>,
}

impl Findings {
    /// Notes that the section is evidence of `kind`.
    pub fn recognise(&mut self, kind: &'static str, why: Text) {
        let recognised = Recognised { kind, why };
        if !self.recognised.contains(&recognised) {
            self.recognised.push(recognised);
        }
    }

    /// Notes that something at `line` (1-based, 0 for the whole member) could not be read.
    pub fn lose(&mut self, line: u64, reason: Text) {
        self.note(line, reason, false);
    }

    /// Notes that what would follow `line` is missing.
    pub fn cut(&mut self, line: u64, reason: Text) {
        self.note(line, reason, true);
    }

    fn note(&mut self, line: u64, reason: Text, cut: bool) {
        self.losses.push(Loss { line, reason, cut });
    }
}

/// A parser of one kind of evidence.
pub type Parser = fn(&Source<'_>, &Section, &mut Findings);

/// All parsers, in the order in which their kinds win where a member holds several.
pub const PARSERS: &[Parser] = &[
    ece_settings::parse,
    ece_aliases::parse,
    ece_accounts::parse,
    entra_records::parse,
    exchange::parse,
    network::bags,
    ece_versions::parse,
    ece_servers::parse,
];

/// A parser of evidence that runs over the lines of a whole member: the output of native tools, which no format delimits. The
/// sections, without their nodes, tell it where commands and hosts change.
pub type MemberParser = fn(&Source<'_>, &[Section], &mut Findings);

/// All parsers of whole members.
pub const MEMBER_PARSERS: &[MemberParser] = &[
    network::console,
    network::remote_analyzer::parse,
    secrets::parse,
    ece_versions::parse_name,
];

/// Lets every parser read `section`.
pub fn read(source: &Source<'_>, section: &Section, found: &mut Findings) {
    note_session(source, section, found);
    for parser in PARSERS {
        parser(source, section, found);
    }
}

/// Lets the parsers of whole members read one, whose text holds `sections`.
pub fn read_whole(source: &Source<'_>, sections: &[Section], found: &mut Findings) {
    for parser in MEMBER_PARSERS {
        parser(source, sections, found);
    }
}

/// The start of a console session dates the evidence printed in it.
fn note_session(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    if let Some(stamp) = section.printed
        && findings.facts.dated.last().is_none_or(|last| last.value != stamp)
    {
        let line = section.first_line;
        let origin = Origin::line(source.path, line, source.text.line(line));
        findings.facts.dated.push(Fact::new(stamp, origin));
    }
}
