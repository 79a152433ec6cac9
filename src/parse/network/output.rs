//! The output of one command in a console paste, a transcript or a file of its own: where tools' lines are read from.

use super::is_document;
use crate::model::{Fact, Origin, PortTest, Reach, Stamp, is_ip};
use crate::syntax::{Section, Source};

/// Consecutive lines printed by one command, or by none that is shown.
pub struct Output<'a> {
    source: &'a Source<'a>,
    /// The command as typed; empty if none is shown.
    pub command: &'a str,
    command_line: u64,
    /// Host on which it was printed, if proven.
    pub host: Option<String>,
    /// When the session began, if shown.
    pub printed: Option<Stamp>,
    first: u64,
    last: u64,
}

/// The outputs of a member. Sections of one command that the formats cut apart (a table inside a listing) are one output again.
pub fn outputs<'a>(source: &'a Source<'a>, sections: &'a [Section]) -> Vec<Output<'a>> {
    let mut outputs: Vec<Output<'a>> = Vec::new();
    let count = source.text.line_count();
    for section in sections.iter().filter(|s| !is_document(s.syntax) && s.last_line > 0) {
        let (command, command_line) = section.command.as_ref().map_or(("", 0), |c| (c.text.as_str(), c.line));
        match outputs.last_mut() {
            Some(open) if open.command_line == command_line && open.host == section.host && section.first_line > open.first => {
                open.last = open.last.max(section.last_line);
            }
            _ => outputs.push(Output {
                source,
                command,
                command_line,
                host: section.host.clone(),
                printed: section.printed,
                first: section.first_line.max(1),
                last: section.last_line.min(count),
            }),
        }
    }
    outputs
}

impl<'a> Output<'a> {
    /// The lines with their 1-based numbers.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &'a str)> + use<'a> {
        let text = self.source.text;
        (self.first..=self.last).map(move |n| (n, text.line(n)))
    }

    /// The command, then the lines: tools are told by either.
    pub fn with_command(&self) -> impl Iterator<Item = (u64, &'a str)> + use<'a> {
        let command = (!self.command.is_empty()).then_some((self.command_line, self.command));
        command.into_iter().chain(self.lines())
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        let text = self.source.text;
        let end = text.line_start(self.last.saturating_add(1));
        text.as_str().get(text.line_start(self.first)..end).unwrap_or("")
    }

    /// True if the command or the text holds any of `marks`.
    pub fn has(&self, marks: &[&str]) -> bool {
        marks
            .iter()
            .any(|mark| self.command.contains(mark) || memchr::memmem::find(self.text().as_bytes(), mark.as_bytes()).is_some())
    }

    /// The origin of a line.
    pub fn origin(&self, line: u64) -> Origin {
        Origin {
            excerpt: self.source.text.excerpt_at(line, 1),
            ..Origin::line(self.source.path, line, "")
        }
    }

    /// The fact that `tool`, run where this output was printed, found `to`:`port` to be `reach`, as `line` shows.
    pub fn port_test(&self, line: u64, to: String, port: u16, reach: Reach, tool: &'static str) -> Fact<PortTest> {
        let test = PortTest {
            from: self.host.clone(),
            source_ip: None,
            to,
            port,
            reach,
            tool,
            time: self.printed,
        };
        Fact::new(test, self.origin(line))
    }

    /// The last part of the member's path.
    pub fn file_name(&self) -> &'a str {
        self.source.path.rsplit(['/', '\\', '!']).next().unwrap_or("")
    }
}

/// True for something that can be a host name or an address: it has a dot or a colon, or is a bare label, and nothing odd.
pub fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'))
        && text.chars().any(|c| c.is_ascii_alphanumeric())
}

/// True for a host name with at least one dot that is no IP address.
pub fn is_domain(text: &str) -> bool {
    let text = text.trim_end_matches('.');
    is_host(text)
        && !text.contains(':')
        && text.contains('.')
        && !is_ip(text)
        && text.rsplit('.').next().is_some_and(|tld| tld.chars().any(|c| c.is_ascii_alphabetic()))
}

#[cfg(test)]
pub mod testing {
    //! Builds outputs for the readers' tests.

    use crate::bundle::{Encoding, Text};
    use crate::model::Facts;
    use crate::parse::Findings;
    use crate::syntax::{Command, Section, Source, Syntax};

    /// What the readers of this folder make of `text`, printed on `host` by `command`.
    pub fn read(command: &str, host: Option<&str>, text: &str) -> Facts {
        let text = Text::new(text.to_owned(), Encoding::Utf8, 0);
        let path = std::sync::Arc::from("evidence/out.txt");
        let sections = [Section {
            syntax: Syntax::Lines,
            command: (!command.is_empty()).then(|| Command {
                text: command.to_owned(),
                line: 1,
            }),
            host: host.map(str::to_owned),
            printed: None,
            name: None,
            nodes: Vec::new(),
            first_line: 1,
            last_line: text.line_count(),
        }];
        let mut findings = Findings::default();
        super::super::console(&Source { path: &path, text: &text }, &sections, &mut findings);
        findings.facts
    }
}
