//! The report under pseudonyms: what names the customer is replaced in the value, before any format sees it.

use super::{Cause, EvidenceRow, Report, SampleRow, WantRow};
use crate::finding::SubjectKind;
use crate::model::{Excerpt, Origin};
use crate::redact::{Learner, Map, Redactor};
use regex::Regex;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// What a cut left of a word.
static REST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\w.@%+-]+…|…[\w.@%+-]+").expect("a constant pattern"));

/// A text of the bundle.
enum Part<'a> {
    /// Words, excerpts, values.
    Text(&'a mut String),
    /// The path of a member.
    Path(&'a mut String),
}

impl Report {
    /// The report with pseudonyms in the place of names; `facts` are the texts of the evidence, from which names are learned that
    /// the report shows without their domains. The same evidence gives the same pseudonyms: the key comes from the evidence itself,
    /// so that nobody without it can prove a guess. Hashes of files are left out: they would prove which file it is.
    pub fn redacted(mut self, facts: &str) -> Self {
        let mut learner = learner(facts);
        self.deployment.servers.iter().for_each(|server| learner.host(&server.host));
        let servers = self.findings.iter().filter(|finding| finding.subject.kind == SubjectKind::Server);
        for server in servers {
            learner.host(server.subject.name.split(' ').next().unwrap_or_default());
        }
        self.each(&mut |part| match part {
            Part::Text(text) => learner.text(text),
            Part::Path(path) => learner.path(path),
        });
        let mut redactor = learner.finish();
        self.each(&mut |part| match part {
            Part::Text(text) => *text = REST.replace_all(&redactor.text(text), "…").into_owned(),
            Part::Path(path) => *path = redactor.path(path),
        });
        for row in &mut self.inventory {
            row.sha256 = None;
        }
        for event in &mut self.timeline {
            event.origin = origin(&event.origin, &mut redactor);
        }
        self
    }

    /// Calls `each` for every text that may come from the bundle. Texts of the program that are the same for every bundle are not
    /// among them; the places of events are immutable, and change in [`Report::redacted`].
    fn each(&mut self, each: &mut dyn FnMut(Part<'_>)) {
        self.arguments.iter_mut().for_each(|text| each(Part::Path(text)));
        let deployment = &mut self.deployment;
        let application = &mut deployment.application;
        let single = [
            &mut deployment.external_url,
            &mut application.app_id,
            &mut application.name,
            &mut application.tenant,
        ];
        single.into_iter().flatten().for_each(|text| each(Part::Text(text)));
        deployment.external_urls.iter_mut().for_each(|text| each(Part::Text(text)));
        for server in &mut deployment.servers {
            each(Part::Text(&mut server.host));
            server.ips.iter_mut().for_each(|text| each(Part::Text(text)));
        }
        for alias in &mut deployment.aliases {
            let texts = [Some(&mut alias.address), alias.name.as_mut(), alias.account.as_mut()];
            texts.into_iter().flatten().for_each(|text| each(Part::Text(text)));
        }
        self.diagnosis.iter_mut().for_each(|cause| of_cause(cause, each));
        for suppression in self.suppressions.iter_mut().flatten() {
            each(Part::Text(&mut suppression.subject));
            each(Part::Text(&mut suppression.reason));
        }
        for finding in &mut self.findings {
            each(Part::Text(&mut finding.subject.name));
            finding.subject.label.iter_mut().for_each(|text| each(Part::Text(text)));
            each(Part::Text(&mut finding.message));
            finding.remedy.iter_mut().for_each(|text| each(Part::Text(text)));
            finding.suppressed.iter_mut().for_each(|by| each(Part::Text(&mut by.reason)));
            of_evidence(&mut finding.evidence, each);
            of_wants(&mut finding.wants, each);
        }
        for signature in &mut self.signatures {
            signature.fields.values_mut().flatten().for_each(|text| each(Part::Text(text)));
            of_samples(&mut signature.samples, each);
        }
        for group in &mut self.unexplained_errors {
            each(Part::Text(&mut group.template));
            each(Part::Text(&mut group.class));
            of_samples(&mut group.samples, each);
        }
        for row in &mut self.inventory {
            each(Part::Path(&mut row.path));
            each(Part::Text(&mut row.why));
            row.lost.iter_mut().chain(&mut row.problem).for_each(|text| each(Part::Text(text)));
            row.copy_of.iter_mut().for_each(|path| each(Part::Path(path)));
        }
        for row in &mut self.names {
            each(Part::Text(&mut row.text));
            row.host.iter_mut().for_each(|text| each(Part::Text(text)));
            of_evidence(std::slice::from_mut(&mut row.at), each);
        }
        for event in &mut self.timeline {
            [&mut event.lane, &mut event.row, &mut event.text]
                .into_iter()
                .for_each(|text| each(Part::Text(text)));
        }
    }
}

/// The facts as JSON under the pseudonyms that a report over them has; `hosts` are the servers among them.
pub fn redacted_facts(facts: &str, hosts: &[String]) -> String {
    let mut learner = learner(facts);
    hosts.iter().for_each(|host| learner.host(host));
    learner.finish().text(facts)
}

/// A learner of what the evidence names.
fn learner(facts: &str) -> Learner {
    let mut learner = Learner::new(Map::new(Sha256::digest(facts).into()));
    learner.text(facts);
    learner
}

fn of_cause(cause: &mut Cause, each: &mut dyn FnMut(Part<'_>)) {
    [&mut cause.subject, &mut cause.summary, &mut cause.reach]
        .into_iter()
        .for_each(|text| each(Part::Text(text)));
    cause.remedy.iter_mut().for_each(|text| each(Part::Text(text)));
    cause.suppressed.iter_mut().for_each(|by| each(Part::Text(&mut by.reason)));
    of_evidence(&mut cause.evidence, each);
    if let Some(onset) = &mut cause.onset {
        for change in &mut onset.changes {
            each(Part::Text(&mut change.text));
            of_evidence(std::slice::from_mut(&mut change.at), each);
        }
        for part in &mut onset.parts {
            part.subject.iter_mut().chain(&mut part.host).for_each(|text| each(Part::Text(text)));
        }
    }
    cause.candidates.iter_mut().for_each(|candidate| of_wants(&mut candidate.wants, each));
}

fn of_evidence(rows: &mut [EvidenceRow], each: &mut dyn FnMut(Part<'_>)) {
    for row in rows {
        each(Part::Path(&mut row.path));
        each(Part::Text(&mut row.excerpt));
        // It counts the characters of the excerpt as it was.
        row.meant = None;
        row.pointer.iter_mut().chain(&mut row.cell).for_each(|text| each(Part::Text(text)));
    }
}

fn of_samples(rows: &mut [SampleRow], each: &mut dyn FnMut(Part<'_>)) {
    for row in rows {
        each(Part::Path(&mut row.path));
        each(Part::Text(&mut row.excerpt));
    }
}

fn of_wants(rows: &mut [WantRow], each: &mut dyn FnMut(Part<'_>)) {
    for row in rows {
        each(Part::Text(&mut row.evidence));
        each(Part::Text(&mut row.how));
    }
}

fn origin(origin: &Origin, redactor: &mut Redactor) -> Origin {
    let mut boxed = |text: &Option<Box<str>>| text.as_deref().map(|text| redactor.text(text).into_boxed_str());
    let (pointer, cell) = (boxed(&origin.pointer), boxed(&origin.cell));
    Origin {
        path: redactor.path(&origin.path).into(),
        pointer,
        cell,
        excerpt: Excerpt::of_masked(&REST.replace_all(&redactor.text(origin.excerpt.as_str()), "…"), None),
        ..origin.clone()
    }
}
