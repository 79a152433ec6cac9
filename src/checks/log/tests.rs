//! The fixtures of the checks that judge by logs, through the library: engine, interpretation, assembly, parsers, checks.

use crate::bundle::decode;
use crate::case::Case;
use crate::checks::by_id;
use crate::finding::Verdict;
use crate::log::assemble::{Elsewhere, Known, MemberLog, assemble, elsewhere};
use crate::log::interpret::{Interpreter, anchors};
use crate::log::{Clock, Clocks, Filter, LogReader, trace};
use crate::parse::{self, Findings};
use crate::signatures::Catalogue;
use crate::syntax::{self, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CHECKS: [&str; 6] = [
    "log.retriever-polling",
    "log.dispatcher",
    "log.coverage",
    "token.refresh",
    "token.observed-lifetime",
    "token.clock",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checks")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the files of a folder say.
#[allow(clippy::disallowed_methods)]
fn case_of(folder: &Path) -> Case {
    let catalogue = Catalogue::builtin();
    let filter = Filter::new(&anchors(&catalogue));
    let mut members = Vec::new();
    let mut others: Vec<Elsewhere> = Vec::new();
    let mut case = Case::default();
    for file in entries(folder).into_iter().filter(|f| name(f) != "subject.txt") {
        let bytes = std::fs::read(&file).unwrap();
        let path: Arc<str> = name(&file).into();
        let mut interpreter = Interpreter::new(&catalogue, &path);
        let mut reader = LogReader::new(&filter, &mut interpreter);
        reader.feed(&bytes);
        let counted = reader.finish();
        if counted.records > 0 {
            members.push(MemberLog {
                path,
                identity: None,
                counted,
                meaning: interpreter.finish(),
            });
            continue;
        }
        let (text, _) = decode(&bytes);
        if trace::recognise(text.lines().map(|(_, line)| line)).is_some_and(|(kind, _)| kind.is_evidence()) {
            others.push(elsewhere(&path, None, text.lines(), Clock::default(), &catalogue));
            continue;
        }
        let source = Source { path: &path, text: &text };
        let mut found = Findings::default();
        let mut outline = Vec::new();
        syntax::read(&text, &mut |section| {
            parse::read(&source, &section, &mut found);
            outline.push(section);
        });
        parse::read_whole(&source, &outline, &mut found);
        case.facts.append(found.facts);
    }
    let known = Known {
        addresses: case.mail_users(),
        ..Known::default()
    };
    case.logs = assemble(members, others, &known, &Clocks::default(), &filter, &catalogue).facts;
    case
}

#[test]
#[allow(clippy::disallowed_methods)]
fn fixtures_of_log_checks_give_their_verdicts() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for id in CHECKS {
        let check = by_id(id).unwrap();
        for folder in entries(&fixtures().join(id)).into_iter().filter(|p| p.is_dir()) {
            seen += 1;
            let case = case_of(&folder);
            let findings = (check.run)(&case, check);
            let subject = std::fs::read_to_string(folder.join("subject.txt"))
                .unwrap_or_default()
                .trim()
                .to_lowercase();
            let (got, messages) = match &findings {
                Err(gap) => ("unknown", gap.message.english()),
                Ok(findings) => {
                    let meant = || findings.iter().filter(|f| f.subject.name.to_lowercase().contains(&subject));
                    let order = [Verdict::Fail, Verdict::Warn, Verdict::Pass, Verdict::Unknown];
                    let worst = order.into_iter().find(|v| meant().any(|f| f.verdict == *v)).map_or("none", Verdict::word);
                    let messages: Vec<_> = meant().map(|f| format!("{}: {}", f.subject.name, f.message.english())).collect();
                    (worst, messages.join("\n    "))
                }
            };
            if !name(&folder).starts_with(got) {
                wrong.push(format!("{id}/{}: {got}\n    {messages}", name(&folder)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen >= 35, "only {seen} fixtures were found");
}
