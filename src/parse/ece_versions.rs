//! Versions of ECE named in notes, tables and documents.

use super::Findings;
use super::ece_labels::fold_label;
use crate::model::{Fact, Origin, VersionMention, VersionNote, VersionRole, versions_in};
use crate::syntax::{Node, Section, Source, Syntax, Value};
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

/// Longest line or cell that is searched for versions together with its neighbours.
const LINE: usize = 2000;
/// Deepest nesting that is followed.
const DEPTH: usize = 64;
/// Keys that hold an engineering special by itself.
const SPECIAL_KEYS: &[&str] = &[
    "es",
    "eslevel",
    "esnumber",
    "engineeringspecial",
    "ecees",
    "patch",
    "patchlevel",
    "hotfix",
    "eceeslevel",
];

/// A line that names an engineering special without its release: `Engineering special: ES5`, `Patch level: 5`.
static SPECIAL_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\W*(?:ECE\s+)?(?:(?:latest|current|installed)\s+)?(?:engineering special|ES(?:\s*(?:level|version|number))?|patch(?:\s+level)?|livello(?: di)? patch)\s*[:=|,;-]*\s*(?:ES[\s_-]*)?(\d{1,3})(?:[\s_-]*ET[\s_-]*(\d{1,2}))?\W*$")
        .expect("a constant pattern")
});

/// Reads the versions that a section names.
pub fn parse(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    match section.syntax {
        Syntax::Lines | Syntax::FormatList | Syntax::Properties => lines(source, section, findings),
        _ => {
            for node in &section.nodes {
                walk(source, node, "", findings, DEPTH);
            }
        }
    }
}

fn lines(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    let mut heading = String::new();
    let mut used = false;
    // A version without its special, and how many lines ago it stood.
    let mut open: Option<(usize, u64)> = None;
    for (number, line) in source.lines(section) {
        let bare = line.trim();
        if bare.is_empty() {
            if used {
                heading.clear();
            }
            continue;
        }
        if bare.len() > LINE {
            continue;
        }
        if let (Some((at, since)), Some(special)) = (open, SPECIAL_LINE.captures(bare)) {
            let number_of = |i| special.get(i).and_then(|m| m.as_str().parse().ok());
            if number.saturating_sub(since) <= 3
                && let Some(note) = findings.facts.ece.versions.get_mut(at)
            {
                note.value.version.es = number_of(1);
                note.value.version.et = number_of(2);
            }
            open = None;
            continue;
        }
        let found = versions_in(line, &heading);
        if found.is_empty() && bare.len() < 80 && (bare.ends_with(':') || bare.starts_with('#')) {
            heading = bare.to_owned();
            used = false;
            continue;
        }
        used = true;
        for mention in found {
            if mention.version.es.is_none() {
                open = Some((findings.facts.ece.versions.len(), number));
            }
            let origin = Origin {
                column: line.get(..mention.start).map_or(1, |t| t.chars().count() as u32 + 1),
                ..Origin::line(source.path, number, line)
            };
            push(findings, mention, origin);
        }
    }
}

/// Reads the version that the member's own name holds: `ECE_12.6(1)_ES6_settings.csv`. A name says it only with its special:
/// manuals and scripts are named after releases.
pub fn parse_name(source: &Source<'_>, _: &[Section], findings: &mut Findings) {
    let name = source.path.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.len() > LINE {
        return;
    }
    let words: String = name.chars().map(|c| if c == '_' { ' ' } else { c }).collect();
    for mention in versions_in(&words, "") {
        if mention.version.es.is_some() && mention.role == VersionRole::Named {
            let note = VersionNote {
                version: mention.version,
                role: VersionRole::FileName,
            };
            findings.facts.ece.versions.push(Fact::new(note, Origin::whole(source.path)));
        }
    }
}

fn push(findings: &mut Findings, mention: VersionMention, origin: Origin) {
    findings.recognise("ece-note", text!("names a version of ECE"));
    // Lines of labels are handed out twice, as a record and as lines.
    let is_same =
        |known: &Fact<VersionNote>| origin.line > 0 && known.origin.line == origin.line && known.version.release() == mention.version.release();
    if findings.facts.ece.versions.iter().rev().take(64).any(is_same) {
        return;
    }
    let note = VersionNote {
        version: mention.version,
        role: mention.role,
    };
    findings.facts.ece.versions.push(Fact::new(note, origin));
}

/// A row or object is read like a line: its short texts side by side, so that `ECE | 12.6(1) | ES5` is one version.
fn walk(source: &Source<'_>, node: &Node, heading: &str, findings: &mut Findings, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &node.value {
        Value::List(items, _) => items.iter().for_each(|item| walk(source, item, heading, findings, depth)),
        Value::Bag(entries) => {
            let is_of_cce = entries.iter().any(|(key, _)| fold_label(&key.name) == "esversion");
            let mut line = String::new();
            let mut pieces: Vec<(usize, &Node)> = Vec::new();
            for (key, inner) in entries {
                let Some(text) = inner.sole().text().map(str::trim).filter(|t| !t.is_empty() && t.len() <= LINE) else {
                    walk(source, inner, &key.name, findings, depth);
                    continue;
                };
                if line.len() > LINE {
                    break;
                }
                let folded = fold_label(&key.name);
                let is_special = SPECIAL_KEYS.contains(&folded.as_str());
                // A key may carry the product or the role: `ece_version`, `Before`, `running release`.
                if is_special && text.bytes().all(|b| b.is_ascii_digit()) {
                    line.push_str("ES");
                } else if !is_special && key.name.len() < 60 && !key.name.starts_with('#') {
                    line.push_str(&words_of(&key.name));
                    line.push(' ');
                }
                pieces.push((line.len(), inner));
                line.push_str(text);
                line.push(' ');
            }
            if is_of_cce || !line.contains('.') {
                return;
            }
            for mention in versions_in(&line, &words_of(heading)) {
                let at = pieces.partition_point(|(start, _)| *start <= mention.start);
                let Some((_, place)) = at.checked_sub(1).and_then(|i| pieces.get(i)) else {
                    continue;
                };
                push(findings, mention, source.origin_of_property("version", place.sole()));
            }
        }
        _ => {
            if let Some(text) = node.text().filter(|t| t.len() <= LINE && t.contains('.')) {
                for mention in versions_in(text, &words_of(heading)) {
                    push(findings, mention, source.origin_of(node));
                }
            }
        }
    }
}

/// `ece_version` and `eceVersion` in words.
fn words_of(key: &str) -> String {
    let mut words = String::with_capacity(key.len() + 4);
    let mut lower = false;
    for c in key.chars() {
        if c.is_uppercase() && lower {
            words.push(' ');
        }
        lower = c.is_lowercase();
        words.push(if matches!(c, '_' | '-' | '.') { ' ' } else { c });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use crate::model::VersionRole;
    use crate::syntax;
    use std::sync::Arc;

    fn read(content: &str) -> Vec<(String, VersionRole)> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let path: Arc<str> = Arc::from("x");
        let source = Source { path: &path, text: &text };
        let mut findings = Findings::default();
        for section in &syntax::sections(&text) {
            parse(&source, section, &mut findings);
        }
        findings.facts.ece.versions.iter().map(|v| (v.version.to_string(), v.role)).collect()
    }

    #[test]
    fn notes_and_their_headings() {
        use VersionRole::*;
        assert_eq!(
            read("Upgrade report\nBefore: ECE 12.5(1)\nNow running: ECE 12.6(1) ES5\n"),
            [("12.5(1)".into(), Former), ("12.6(1) ES5".into(), Running)]
        );
        assert_eq!(
            read("Before the upgrade:\n  ECE 12.5(1) ES2\n\nAfter the upgrade:\n  ECE 12.6(1) ES5\n"),
            [("12.5(1) ES2".into(), Former), ("12.6(1) ES5".into(), Running)]
        );
        assert_eq!(read("ECE version: 12.6(1)\nEngineering special: ES5\n"), [("12.6(1) ES5".into(), Named)]);
        assert_eq!(read("Java 11.0(2)\nFinesse 12.6(1) ES3\n"), []);
    }

    #[test]
    fn tables_and_documents() {
        use VersionRole::*;
        assert_eq!(
            read("Product,Version,ES\nUCCE,12.6(2),3\nECE,12.6(1),5\n"),
            [("12.6(1) ES5".into(), Named)]
        );
        assert_eq!(read(r#"{"ece_version":"12.6(1)","es":"ES10"}"#), [("12.6(1) ES10".into(), Named)]);
        assert_eq!(
            read(r#"{"ece":{"before":"12.5(1)","now":"12.6(1) ES5"}}"#),
            [("12.5(1)".into(), Former), ("12.6(1) ES5".into(), Running)]
        );
        assert_eq!(read(r#"{"application":{"name":"ECE","version":"15.0(1)"}}"#), [("15.0(1)".into(), Named)]);
        assert_eq!(read(r#"{"version":"12.6.1","esVersion":"ES10"}"#), []);
        assert_eq!(read(r#"{"signInActivity":{"ipAddress":"10.12.6.1","operatingSystem":"Windows 10"}}"#), []);
    }
}
