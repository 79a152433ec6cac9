//! Matching: which signatures a record or a line holds.

use super::catalogue::{Catalogue, LineFilter};
use super::entry::{Role, Scan, Signature, Text};
use super::fields::{self, Fields};
use super::prepare::{self, Unescaped};
use super::{Described, aadsts};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::Regex;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;

/// A signature found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Id: `smtp.535_5_7_139_tenant`, `entra.aadsts50011`.
    pub id: Text,
    /// Number in the catalogue; all AADSTS codes share one.
    pub signature: u32,
    /// The AADSTS code. Of several codes in one text the last one, which is the reason; `fields["codes"]` has all of them.
    pub code: Option<u32>,
    /// What the hit proves.
    pub role: Role,
    /// What the text says besides.
    pub fields: Fields,
    /// Where in the text.
    pub at: Range<usize>,
}

impl Catalogue {
    /// The signatures that a record holds, by number. `text` is the record's message with its continuation lines; `owners` are the
    /// numbers whose anchors stand in it (others than the catalogue's are passed over, repeated ones count once). A signature that
    /// another one of the same record supersedes isn't reported. Time is linear in the text for each owner.
    pub fn matches(&self, text: &[u8], owners: &[u32]) -> Vec<Match> {
        let owners: BTreeSet<u32> = owners.iter().copied().filter(|&owner| owner < self.numbers()).collect();
        if owners.is_empty() {
            return Vec::new();
        }
        let forms = Forms::new(text);
        let mut found: Vec<Match> = owners.into_iter().filter_map(|owner| self.matched(&forms, owner)).collect();
        let superseded: BTreeSet<&Text> = found
            .iter()
            .filter_map(|hit| self.signature(hit.signature))
            .flat_map(|signature| signature.supersedes.iter())
            .collect();
        found.retain(|hit| !superseded.contains(&hit.id));
        found
    }

    /// The signatures that a line of another program's output holds: a command's output, a trace, a message pasted into a note.
    /// A bare AADSTS number or OAuth word in prose is a mention and doesn't count.
    pub fn match_line(&self, line: &str) -> Vec<Match> {
        let owners = self.owners(line.as_bytes());
        if owners.is_empty() {
            return Vec::new();
        }
        let mut found = self.matches(line.as_bytes(), &owners);
        found.retain(|hit| match hit.code {
            Some(code) => aadsts::carries_message(line.as_bytes(), code),
            None => self
                .signature(hit.signature)
                .is_none_or(|signature| signature.component != OAUTH || !is_prose(line.as_bytes(), &hit.at)),
        });
        found
    }

    /// The numbers whose anchors stand in a text, ascending: what the log engine's filter finds for a record.
    pub fn owners(&self, text: &[u8]) -> Vec<u32> {
        let filter = self.lines.get_or_init(|| line_filter(self));
        let found = filter.automaton.find_overlapping_iter(text);
        let owners: BTreeSet<u32> = found.filter_map(|found| filter.owners.get(found.pattern().as_usize()).copied()).collect();
        owners.into_iter().collect()
    }

    fn matched(&self, forms: &Forms, owner: u32) -> Option<Match> {
        if owner == self.aadsts_number() {
            let codes = aadsts::find(forms.without_urls())?;
            let described = self.describe_code(codes.code);
            let mut fields = forms.fields().clone();
            if codes.all.len() > 1 {
                fields.insert("codes", codes.all.iter().map(u32::to_string).collect::<Vec<_>>().join(" "));
            }
            return Some(Match {
                id: described.id(),
                signature: owner,
                code: Some(codes.code),
                role: described.role(),
                fields,
                at: codes.at,
            });
        }
        let signature = self.signature(owner)?;
        let (at, own) = forms.search(signature.scan, self.pattern(owner)?)?;
        let mut fields = forms.fields().clone();
        fields.extend(own);
        Some(Match {
            id: signature.id.clone(),
            signature: owner,
            code: None,
            role: signature.role,
            fields,
            at,
        })
    }
}

impl Match {
    /// What the catalogue says about it.
    pub fn describe<'a>(&self, catalogue: &'a Catalogue) -> Option<Described<'a>> {
        match self.code {
            Some(code) => Some(catalogue.describe_code(code)),
            None => catalogue.signature(self.signature).map(Described::Text),
        }
    }
}

/// Component of the OAuth error words.
const OAUTH: &str = "oauth_token_endpoint";

/// True if the words at this place stand between blanks, as people write them; programs quote them or set them after a sign.
fn is_prose(line: &[u8], at: &Range<usize>) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let matched = line.get(at.clone()).unwrap_or_default();
    let lead = matched.iter().position(word).unwrap_or(0);
    let trail = matched.iter().rposition(word).map_or(0, |last| last + 1);
    let before = line.get(..at.start + lead).unwrap_or_default().trim_ascii_end().last();
    let after = line.get(at.start + trail..).unwrap_or_default().first();
    let sign = |byte: Option<&u8>, signs: &[u8]| byte.is_some_and(|byte| signs.contains(byte));
    !sign(before, b"\"'`([=:>&{\\") && !sign(after, b"\"'`)]:&}\\")
}

/// The forms of one text, each made when it is first needed.
struct Forms<'t> {
    text: &'t [u8],
    unescaped: OnceCell<Option<Unescaped>>,
    without_urls: OnceCell<Cow<'t, [u8]>>,
    unescaped_without_urls: OnceCell<Option<Unescaped>>,
    fields: OnceCell<Fields>,
}

impl<'t> Forms<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            unescaped: OnceCell::new(),
            without_urls: OnceCell::new(),
            unescaped_without_urls: OnceCell::new(),
            fields: OnceCell::new(),
        }
    }

    fn unescaped(&self) -> Option<&Unescaped> {
        self.unescaped.get_or_init(|| prepare::unescape(self.text)).as_ref()
    }

    fn fields(&self) -> &Fields {
        self.fields
            .get_or_init(|| fields::of_text(self.unescaped().map_or(self.text, |copy| &copy.bytes)))
    }

    fn without_urls(&self) -> &[u8] {
        self.without_urls.get_or_init(|| prepare::without_urls(self.text))
    }

    /// Searches the text as it stands, then with its escapes undone.
    fn search(&self, scan: Scan, pattern: &Regex) -> Option<(Range<usize>, Fields)> {
        let text = match scan {
            Scan::Raw => self.text,
            Scan::UrlStripped => self.without_urls(),
        };
        if let Some(found) = found(pattern, text) {
            return Some(found);
        }
        let copy = match scan {
            Scan::Raw => self.unescaped(),
            // URLs go first: undoing escapes would cut them in two at a plus or a %20.
            Scan::UrlStripped => self
                .unescaped_without_urls
                .get_or_init(|| prepare::unescape(self.without_urls()))
                .as_ref(),
        }?;
        let (at, fields) = found(pattern, &copy.bytes)?;
        Some((copy.original(at), fields))
    }
}

/// Where `pattern` matches, and the fields that it captures.
fn found(pattern: &Regex, text: &[u8]) -> Option<(Range<usize>, Fields)> {
    let at = pattern.find(text)?.range();
    // Groups take the slower way through the text: not for the many patterns that have none.
    let fields = match pattern.captures_len() {
        1 => Fields::new(),
        _ => pattern
            .captures_at(text, at.start)
            .map_or_else(Fields::new, |captures| fields::of_captures(&captures)),
    };
    Some((at, fields))
}

fn line_filter(catalogue: &Catalogue) -> LineFilter {
    let anchors = catalogue.anchors();
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::NoncontiguousNFA))
        .ascii_case_insensitive(true)
        .build(anchors.iter().map(|anchor| &anchor.bytes))
        .unwrap_or_else(|_| AhoCorasick::new([""; 0]).expect("no patterns"));
    LineFilter {
        automaton,
        owners: anchors.iter().map(|anchor| anchor.owner).collect(),
    }
}

/// True if one of the signature's anchors stands in the text: what the log engine's filter decides.
pub(super) fn holds_anchor(signature: &Signature, text: &[u8]) -> bool {
    signature.anchors.iter().any(|anchor| {
        let anchor = anchor.as_bytes();
        if signature.ignore_case {
            text.windows(anchor.len().max(1)).any(|window| window.eq_ignore_ascii_case(anchor))
        } else {
            memchr::memmem::find(text, anchor).is_some()
        }
    })
}
