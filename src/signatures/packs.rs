//! Packs of signatures that users write: read, checked, and added to the built-in catalogue.

use super::catalogue::Catalogue;
use super::entry::{AadstsCode, Signature, Text};
use super::selftest::{self, Problem};
use super::{anchors, required};
use crate::diagnostic::Diagnostic;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A pack's file: the name that diagnostics print, and its text.
#[derive(Clone, Debug)]
pub struct PackText {
    /// Path or name.
    pub name: String,
    /// TOML.
    pub text: String,
}

impl PackText {
    fn diagnostic(&self, at: Range<usize>, message: String, error: bool) -> Diagnostic {
        Diagnostic::at(&self.name, &self.text, at, message, error)
    }
}

/// Limits for packs, which come from strangers as bundles do. Together with the limits on each pattern they keep reading and
/// compiling under two seconds.
pub mod limits {
    /// Bytes of all packs together.
    pub const BYTES: usize = 16 * 1024 * 1024;
    /// Signatures of all packs together.
    pub const SIGNATURES: usize = 10_000;
    /// Signatures with a pattern of their own, of all packs together.
    pub const PATTERNS: usize = 1_000;
    /// Bytes of one pattern, literal or anchor.
    pub const PATTERN_BYTES: usize = 4 * 1024;
}

impl Catalogue {
    /// The built-in catalogue with the signatures of `packs`, and what there is to say about these. What can't be used is left out;
    /// examples are not tried. `known_check` tells whether a check id exists.
    pub fn with_packs(packs: &[PackText], known_check: impl Fn(&str) -> bool) -> (Self, Vec<Diagnostic>) {
        let (catalogue, _, diagnostics) = Reader::of(packs, known_check).finish();
        (catalogue, sorted(diagnostics))
    }
}

/// Everything there is to say about packs: also whether their examples match and their near misses don't, and whether the ids that
/// they name exist. This is what `ecelens signatures check` runs.
pub fn check_packs(packs: &[PackText], known_check: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
    let (catalogue, added, mut diagnostics) = Reader::of(packs, known_check).finish();
    let first = catalogue.aadsts_number() - u32::try_from(added.len()).unwrap_or(0);
    for (number, added) in (first..).zip(&added) {
        diagnostics.extend(selftest::truthful(&catalogue, number).iter().map(|problem| added.diagnostic(problem)));
    }
    sorted(diagnostics)
}

fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|a, b| (&a.file, a.line, a.column, !a.error).cmp(&(&b.file, b.line, b.column, !b.error)));
    diagnostics
}

/// A signature of a pack, and where its parts stand.
struct Added<'p> {
    signature: Signature,
    pack: &'p PackText,
    at: Range<usize>,
    places: BTreeMap<(String, Option<usize>), Range<usize>>,
}

impl Added<'_> {
    /// Says where in the file a problem lies: at the member of the list, else at its field, else at the id.
    fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        let (field, entry) = problem.field;
        let at = [(field, entry), (field, None), ("pattern", None), ("id", None)]
            .into_iter()
            .find_map(|(field, entry)| self.places.get(&(field.to_owned(), entry)).cloned())
            .unwrap_or_else(|| self.at.clone());
        let what = match entry {
            Some(entry) => format!("`{}`, {field}[{}]", problem.id, entry + 1),
            None => format!("`{}`, {field}", problem.id),
        };
        self.pack.diagnostic(at, format!("{what}: {}", problem.message), problem.fatal)
    }
}

#[derive(Default)]
struct Reader<'p> {
    builtin: Catalogue,
    ids: BTreeSet<Text>,
    added: Vec<Added<'p>>,
    codes: Vec<AadstsCode>,
    bytes: usize,
    patterns: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'p> Reader<'p> {
    fn of(packs: &'p [PackText], known_check: impl Fn(&str) -> bool) -> Self {
        let mut reader = Self::default();
        for pack in packs {
            reader.read(pack, &known_check);
        }
        reader
    }

    fn read(&mut self, pack: &'p PackText, known_check: &impl Fn(&str) -> bool) {
        self.bytes = self.bytes.saturating_add(pack.text.len());
        if self.bytes > limits::BYTES {
            return self.error(
                pack,
                0..0,
                format!("the packs together are larger than {} bytes; this one is not read", limits::BYTES),
            );
        }
        let table = match DeTable::parse(&pack.text) {
            Ok(table) => table,
            Err(error) => return self.error(pack, error.span().unwrap_or(0..0), error.message().to_owned()),
        };
        for (key, value) in table.into_inner() {
            let name: &str = key.get_ref();
            let (at, entries) = match (name, value.get_ref()) {
                ("signature" | "aadsts", DeValue::Array(entries)) => (value.span(), entries),
                ("signature" | "aadsts", _) => {
                    self.error(pack, value.span(), format!("`{name}` must be a list of tables: write `[[{name}]]`"));
                    continue;
                }
                _ => {
                    self.error(
                        pack,
                        key.span(),
                        format!("unknown table `{name}`, expected `[[signature]]` or `[[aadsts]]`"),
                    );
                    continue;
                }
            };
            for entry in entries.iter() {
                if name == "aadsts" {
                    if let Some(code) = self.entry::<AadstsCode>(pack, entry) {
                        self.checks_exist(pack, &code.checks, &places(entry), known_check);
                        self.codes.push(code);
                    }
                } else if let Some(signature) = self.entry::<Signature>(pack, entry) {
                    let at = if entry.span().is_empty() { at.clone() } else { entry.span() };
                    let places = places(entry);
                    self.checks_exist(pack, &signature.checks, &places, known_check);
                    self.add(Added { signature, pack, at, places });
                }
            }
        }
    }

    fn entry<T: DeserializeOwned>(&mut self, pack: &PackText, entry: &Spanned<DeValue<'_>>) -> Option<T> {
        match T::deserialize(ValueDeserializer::from(entry.clone())) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(pack, error.span().unwrap_or_else(|| entry.span()), error.message().to_owned());
                None
            }
        }
    }

    fn checks_exist(&mut self, pack: &PackText, checks: &[Text], places: &Places, known_check: &impl Fn(&str) -> bool) {
        for (index, check) in checks.iter().enumerate().filter(|(_, check)| !known_check(check)) {
            let at = places.get(&(String::from("checks"), Some(index))).cloned().unwrap_or(0..0);
            self.error(pack, at, format!("there is no check `{check}`; `ecelens checks` lists them"));
        }
    }

    fn add(&mut self, mut added: Added<'p>) {
        let signature = &mut added.signature;
        let place = |field: &str| added.places.get(&(field.to_owned(), None)).cloned().unwrap_or_else(|| added.at.clone());
        if !well_formed(&signature.id) {
            let message = format!(
                "`{}` is no id: expected lower-case words joined by dots, like `ece.mail_queue_stuck`",
                signature.id
            );
            return self.error(added.pack, place("id"), message);
        }
        if self.builtin.describe(&signature.id).is_some() || !self.ids.insert(signature.id.clone()) {
            return self.error(added.pack, place("id"), format!("the id `{}` is taken", signature.id));
        }
        for (field, texts) in [
            ("pattern", std::slice::from_ref(&signature.pattern)),
            ("literal", std::slice::from_ref(&signature.literal)),
            ("literal_alternatives", &signature.literal_alternatives),
            ("anchors", &signature.anchors),
        ] {
            if texts.iter().any(|text| text.len() > limits::PATTERN_BYTES) {
                return self.error(added.pack, place(field), format!("longer than {} bytes", limits::PATTERN_BYTES));
            }
        }
        self.patterns += usize::from(!signature.pattern.is_empty());
        if self.patterns > limits::PATTERNS || self.added.len() >= limits::SIGNATURES {
            let message = format!(
                "more than {} signatures, or {} with a pattern, in the packs together",
                limits::SIGNATURES,
                limits::PATTERNS
            );
            return self.error(added.pack, added.at.clone(), message);
        }
        let mut found = anchors::of(signature);
        if found.is_empty() {
            let (pieces, ignore_case) = required::pieces(&signature.pattern);
            signature.ignore_case |= ignore_case;
            found = pieces.into_iter().map(Text::Owned).collect();
        }
        signature.anchors = found.into_iter().filter(|anchor| !anchor.is_empty()).collect();
        self.added.push(added);
    }

    /// The catalogue with what can be used, the signatures added to it in the order of their numbers, and what there is to say.
    fn finish(mut self) -> (Catalogue, Vec<Added<'p>>, Vec<Diagnostic>) {
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        self.added.retain(|added| {
            let problems = selftest::usable(&added.signature);
            diagnostics.extend(problems.iter().map(|problem| added.diagnostic(problem)));
            !problems.iter().any(|problem| problem.fatal)
        });
        let signatures = self.added.iter().map(|added| added.signature.clone()).collect();
        (Catalogue::with_signatures(signatures, self.codes), self.added, diagnostics)
    }

    fn error(&mut self, pack: &PackText, at: Range<usize>, message: String) {
        self.diagnostics.push(pack.diagnostic(at, message, true));
    }
}

/// Where the fields of an entry, and the members of its lists, stand in the file.
type Places = BTreeMap<(String, Option<usize>), Range<usize>>;

fn places(entry: &Spanned<DeValue<'_>>) -> Places {
    let mut places = Places::new();
    for (key, value) in entry.get_ref().as_table().into_iter().flat_map(|table| table.iter()) {
        let name = key.get_ref().to_string();
        for (index, member) in value.get_ref().as_array().into_iter().flat_map(|members| members.iter()).enumerate() {
            places.insert((name.clone(), Some(index)), member.span());
        }
        places.insert((name, None), value.span());
    }
    places
}

/// `ece.mail_queue_stuck`, and not in the room of the AADSTS codes.
fn well_formed(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    id.len() <= 120 && id.contains('.') && id.split('.').all(word) && !id.starts_with("entra.aadsts")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> (Catalogue, Vec<Diagnostic>) {
        let pack = PackText {
            name: String::from("own.toml"),
            text: text.to_owned(),
        };
        let packs = [pack];
        let known = |check: &str| check == "log.dispatcher";
        let (catalogue, used) = Catalogue::with_packs(&packs, known);
        let all = check_packs(&packs, known);
        assert!(
            used.iter().all(|diagnostic| all.contains(diagnostic)),
            "checking says all that using says"
        );
        (catalogue, all)
    }

    const GOOD: &str = r#"
[[signature]]
id = "ece.mail_queue_stuck"
component = "ece_egain"
role = "cause"
severity = "high"
literal = "Outbound mail queue is stuck"
ignore_case = true
meaning = "The dispatcher gave up on its queue."
checks = ["log.dispatcher"]
examples = ["ERROR outbound MAIL  queue is stuck after 3 attempts"]
near_misses = ["outbound mail queue is empty"]

[[signature]]
id = "ece.fetch_gave_up"
component = "ece_egain"
role = "cause"
severity = "medium"
pattern = 'Fetcher gave up after (?P<n>\d+) of \d+ attempts on host (?P<host>[\w.]+)'
meaning = "The fetcher gave up."
examples = ["Fetcher gave up after 3 of 3 attempts on host mail.example.com"]

[[aadsts]]
code = 50011
category = "redirect_uri"
retryable = "after_fix"
severity = "critical"
meaning = "Our own words."
"#;

    #[test]
    fn a_good_pack_is_added_without_a_word() {
        let (catalogue, diagnostics) = load(GOOD);
        assert!(
            diagnostics.is_empty(),
            "{}",
            diagnostics.iter().map(|d| format!("{d}\n")).collect::<String>()
        );
        let hits = catalogue.match_line("Outbound mail queue is stuck on mail.example.com");
        assert_eq!(hits.iter().map(|hit| hit.id.as_ref()).collect::<Vec<_>>(), ["ece.mail_queue_stuck"]);
        let hits = catalogue.match_line("Fetcher gave up after 3 of 3 attempts on host mail.example.com");
        assert_eq!(
            hits.first().and_then(|hit| hit.fields.get("host")).map(String::as_str),
            Some("mail.example.com")
        );
        assert_eq!(catalogue.describe("entra.aadsts50011").map(|d| d.meaning()), Some("Our own words."));
        assert_eq!(catalogue.codes().filter(|code| code.code == 50011).count(), 1);
    }

    /// Each broken pack, and what the first diagnostic says with its place.
    #[test]
    fn errors_name_place_and_expectation() {
        let broken = |change: &str, to: &str| GOOD.replacen(change, to, 1);
        for (text, line, words) in [
            (broken("severity = \"high\"", "severity = \"hi\""), 6, "expected one of"),
            (broken("literal = ", "literl = "), 7, "unknown field `literl`"),
            (
                broken("meaning = \"The dispatcher gave up on its queue.\"\n", ""),
                2,
                "missing field `meaning`",
            ),
            (broken("ece.mail_queue_stuck", "Mail queue"), 3, "is no id"),
            (broken("ece.mail_queue_stuck", "smtp.535_5_7_3"), 3, "is taken"),
            (broken("ece.mail_queue_stuck", "ece.fetch_gave_up"), 15, "is taken"),
            (broken("log.dispatcher", "log.dispatch"), 10, "no check `log.dispatch`"),
            (broken("Fetcher gave up after (", "(Fetcher gave up after ("), 19, "no regular expression"),
            (broken("after 3 attempts\"", "after\", \"3 attempts\""), 11, "examples[2]"),
            (broken("queue is empty", "queue is stuck"), 12, "matches, and must not"),
            (
                broken("literal = \"Outbound mail queue is stuck\"", "pattern = '\\d\\d\\d'"),
                7,
                "no fixed text",
            ),
            (broken("literal = ", "literal == "), 7, ""),
            (String::from("x = 1\n"), 1, "unknown table `x`"),
            (String::from("signature = 1\n"), 1, "list of tables"),
        ] {
            let (_, diagnostics) = load(&text);
            let first = diagnostics
                .iter()
                .find(|d| d.error)
                .unwrap_or_else(|| panic!("no error for {words}: {diagnostics:?}"));
            assert!(
                first.line == line && first.message.contains(words),
                "{words} expected in line {line}:\n{first}"
            );
        }
    }

    #[test]
    fn a_diagnostic_reads_like_a_compilers() {
        let (_, diagnostics) = load("[[signature]]\nid = \"ece.x\"\nrole = \"reason\"\n");
        let text = diagnostics.iter().map(|d| d.to_string()).collect::<String>();
        assert!(text.starts_with("error: unknown variant `reason`"), "{text}");
        assert!(text.contains("--> own.toml:3:8\n"), "{text}");
        assert!(text.ends_with("3 | role = \"reason\"\n  |        ^^^^^^^^"), "{text}");
    }

    #[test]
    fn short_and_frequent_anchors_are_warned_about_and_work() {
        let text =
            GOOD.replacen("Outbound mail queue is stuck", "RxInstance stuck", 1)
                .replacen("outbound MAIL  queue is stuck", "RxInstance  STUCK", 1);
        let (catalogue, diagnostics) = load(&text);
        assert!(
            diagnostics.iter().any(|d| !d.error && d.message.contains("healthy logs")),
            "{diagnostics:?}"
        );
        assert_eq!(catalogue.match_line("rxinstance stuck").len(), 1);
        let text = GOOD
            .replacen("Outbound mail queue is stuck", "MQ stuck", 1)
            .replacen("outbound MAIL  queue is stuck", "MQ stuck", 1);
        let (catalogue, diagnostics) = load(&text);
        assert!(
            diagnostics.iter().any(|d| !d.error && d.message.contains("fewer than 8 bytes")),
            "{diagnostics:?}"
        );
        assert_eq!(catalogue.match_line("MQ stuck").len(), 1);
    }

    #[test]
    fn hostile_packs_are_refused_in_bounded_time() {
        let nested = format!("signature = {}", "[".repeat(100_000));
        let repeated = GOOD.replacen(r"(?P<n>\d+)", r"(?:(?:\w{900}){900}){900}", 1);
        let deep = GOOD.replacen(r"(?P<n>\d+)", &format!("{}x{}", "(".repeat(2000), ")".repeat(2000)), 1);
        for text in [
            nested,
            repeated,
            deep,
            "\u{0}\u{1b}[31m = 1".to_owned(),
            "a".repeat(100_000),
            "[[signature]]\n".repeat(2000),
        ] {
            let (_, diagnostics) = load(&text);
            assert!(diagnostics.iter().any(|d| d.error));
            assert!(diagnostics.iter().all(|d| !d.to_string().contains('\u{1b}')));
        }
    }
}
