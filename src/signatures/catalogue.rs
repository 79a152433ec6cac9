//! The catalogue: every known error text and code, by number, id and code.

use super::entry::{AadstsCode, Role, Scan, Signature, Text, Texts};
use super::{Anchor, Severity, aadsts};
use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// Id of a code: `entra.aadsts50011`.
const CODE_PREFIX: &str = "entra.aadsts";

/// All known error texts. Signatures have numbers from 0; the last number of the catalogue stands for all AADSTS codes together.
pub struct Catalogue {
    added: Vec<Signature>,
    added_codes: Vec<AadstsCode>,
    patterns: Box<[OnceLock<Option<Regex>>]>,
    pub(super) lines: OnceLock<LineFilter>,
}

/// The anchors of all signatures, for texts that the log engine doesn't filter.
pub(super) struct LineFilter {
    pub automaton: AhoCorasick,
    /// Owner of each of the automaton's patterns.
    pub owners: Vec<u32>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::builtin()
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue")
            .field("signatures", &self.signatures().count())
            .finish_non_exhaustive()
    }
}

impl Catalogue {
    /// The built-in catalogue. Costs next to nothing: the texts are constants, patterns are compiled when they are first needed.
    pub fn builtin() -> Self {
        Self::with_signatures(Vec::new(), Vec::new())
    }

    /// The built-in catalogue and `added`, whose anchors are filled in, and codes that replace or extend the listed ones.
    pub(super) fn with_signatures(added: Vec<Signature>, mut added_codes: Vec<AadstsCode>) -> Self {
        let count = SIGNATURES.len() + added.len();
        added_codes.sort_by_key(|code| code.code);
        added_codes.dedup_by_key(|code| code.code);
        Self {
            added,
            added_codes,
            patterns: (0..count).map(|_| OnceLock::new()).collect(),
            lines: OnceLock::new(),
        }
    }

    /// Signatures with a text of their own, in the order of their numbers. The AADSTS codes are [`Catalogue::codes`].
    pub fn signatures(&self) -> impl Iterator<Item = &Signature> {
        SIGNATURES.iter().chain(&self.added)
    }

    /// The listed AADSTS codes: the built-in ones ascending, then those of packs.
    pub fn codes(&self) -> impl Iterator<Item = &AadstsCode> {
        CODES
            .iter()
            .filter(|code| find(&self.added_codes, code.code).is_none())
            .chain(&self.added_codes)
    }

    /// How many numbers the catalogue uses: the first number free for markers of the log engine.
    pub fn numbers(&self) -> u32 {
        self.aadsts_number() + 1
    }

    /// The number that stands for all AADSTS codes.
    pub fn aadsts_number(&self) -> u32 {
        u32::try_from(self.patterns.len()).unwrap_or(u32::MAX - 1)
    }

    /// The signature with this number; `None` for the number of the AADSTS codes and for those outside the catalogue.
    pub fn signature(&self, number: u32) -> Option<&Signature> {
        let index = usize::try_from(number).ok()?;
        SIGNATURES.get(index).or_else(|| self.added.get(index.checked_sub(SIGNATURES.len())?))
    }

    /// What the catalogue says about an id: `smtp.535_5_7_139_tenant`, `entra.aadsts50011`. A code that isn't listed is described as
    /// unlisted; another unknown id is `None`.
    pub fn describe(&self, id: &str) -> Option<Described<'_>> {
        if let Some(code) = id.strip_prefix(CODE_PREFIX) {
            return code.parse().ok().map(|code| self.describe_code(code));
        }
        self.signatures().find(|signature| signature.id == id).map(Described::Text)
    }

    /// What the catalogue says about an AADSTS code.
    pub fn describe_code(&self, code: u32) -> Described<'_> {
        match find(&self.added_codes, code).or_else(|| find(CODES, code)) {
            Some(known) => Described::Code(known),
            None => Described::Unlisted(code),
        }
    }

    /// What the log engine's filter has to look for. Signatures of role context have none: they are never reported.
    pub fn anchors(&self) -> Vec<Anchor> {
        let texts = self
            .signatures()
            .zip(0..)
            .filter(|(signature, _)| signature.role != Role::Context)
            .flat_map(|(signature, owner)| {
                signature.anchors.iter().map(move |anchor| Anchor {
                    bytes: anchor.as_bytes().into(),
                    ignore_case: signature.ignore_case,
                    owner,
                })
            });
        let codes = aadsts::anchors().map(|anchor| Anchor {
            bytes: anchor.into_bytes().into(),
            ignore_case: true,
            owner: self.aadsts_number(),
        });
        texts.chain(codes).collect()
    }

    /// The compiled pattern of a signature.
    pub(super) fn pattern(&self, number: u32) -> Option<&Regex> {
        let signature = self.signature(number)?;
        let slot = self.patterns.get(usize::try_from(number).ok()?)?;
        slot.get_or_init(|| compile(signature).ok()).as_ref()
    }
}

fn find(codes: &[AadstsCode], code: u32) -> Option<&AadstsCode> {
    codes.get(codes.binary_search_by_key(&code, |known| known.code).ok()?)
}

/// Compiles a signature's pattern, or its literals where it has none, under limits that keep a pack's thousand patterns together below
/// two seconds and a few megabytes.
pub(super) fn compile(signature: &Signature) -> Result<Regex, regex::Error> {
    let pattern = if signature.pattern.is_empty() {
        let literals: Vec<String> = std::iter::once(&signature.literal)
            .chain(signature.literal_alternatives.iter())
            .map(|literal| literal.split_whitespace().map(regex::escape).collect::<Vec<_>>().join(r"\s+"))
            .collect();
        let case = if signature.ignore_case { "(?i)" } else { "" };
        format!("{case}(?:{})", literals.join("|"))
    } else {
        signature.pattern.to_string()
    };
    RegexBuilder::new(&pattern)
        .unicode(false)
        .size_limit(256 * 1024)
        .dfa_size_limit(2 * 1024 * 1024)
        .nest_limit(100)
        .build()
}

/// What the catalogue says about a signature or a code.
#[derive(Clone, Copy, Debug)]
pub enum Described<'a> {
    /// A known text.
    Text(&'a Signature),
    /// A listed AADSTS code.
    Code(&'a AadstsCode),
    /// An AADSTS code that isn't listed.
    Unlisted(u32),
}

impl<'a> Described<'a> {
    /// Id, as reports name it.
    pub fn id(&self) -> Text {
        match self {
            Self::Text(signature) => signature.id.clone(),
            Self::Code(AadstsCode { code, .. }) | Self::Unlisted(code) => Text::Owned(format!("{CODE_PREFIX}{code}")),
        }
    }

    /// The code as Microsoft writes it, `AADSTS50011`; `None` for a text.
    pub fn code(&self) -> Option<String> {
        match self {
            Self::Text(_) => None,
            Self::Code(AadstsCode { code, .. }) | Self::Unlisted(code) => Some(format!("AADSTS{code}")),
        }
    }

    /// Who writes it.
    pub fn component(&self) -> &'a str {
        match self {
            Self::Text(signature) => &signature.component,
            _ => "entra",
        }
    }

    /// What a hit proves.
    pub fn role(&self) -> Role {
        match self {
            Self::Text(signature) => signature.role,
            Self::Code(code) => code.role,
            Self::Unlisted(_) => Role::Cause,
        }
    }

    /// How bad it is where it is the reason.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Text(signature) => signature.severity,
            Self::Code(code) => code.severity,
            Self::Unlisted(_) => Severity::Medium,
        }
    }

    /// What it says, in plain words.
    pub fn meaning(&self) -> &'a str {
        match self {
            Self::Text(signature) => &signature.meaning,
            Self::Code(code) => &code.meaning,
            Self::Unlisted(_) => "An error code of Microsoft Entra ID that this catalogue does not list; the text beside it says what is meant.",
        }
    }

    /// Probable causes, likeliest first.
    pub fn causes(&self) -> &'a [Text] {
        match self {
            Self::Text(signature) => &signature.causes,
            _ => &[],
        }
    }

    /// What to do; empty if the catalogue gives no advice.
    pub fn remedy(&self) -> &'a str {
        match self {
            Self::Text(signature) => &signature.remedy,
            Self::Code(code) => &code.remedy,
            Self::Unlisted(_) => "Look the number up at https://login.microsoftonline.com/error and compare the time with the sign-in log.",
        }
    }

    /// Ids of the checks that it bears on, most direct first.
    pub fn checks(&self) -> &'a [Text] {
        match self {
            Self::Text(signature) => &signature.checks,
            Self::Code(code) => &code.checks,
            Self::Unlisted(_) => UNLISTED_CHECKS,
        }
    }

    /// Sources.
    pub fn references(&self) -> &'a [Text] {
        match self {
            Self::Text(signature) => &signature.references,
            Self::Code(code) => &code.references,
            Self::Unlisted(_) => &[],
        }
    }

    /// A remark; empty if there is none.
    pub fn note(&self) -> &'a str {
        match self {
            Self::Text(signature) => &signature.note,
            Self::Code(code) => &code.note,
            Self::Unlisted(_) => "",
        }
    }
}

const UNLISTED_CHECKS: &[Text] = &[Text::Borrowed("token.refresh")];
