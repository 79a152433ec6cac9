//! What is known about a check, a signature or a code: the library side of `ecelens explain`.

mod query;
mod search;
mod sides;

pub use search::closest;

use super::{AadstsCode, Catalogue, Described, Role, Text};
use crate::checks::{self, Check};
use crate::finding::Severity;
use crate::model::Language;
use query::Query;
use serde::Serialize;

/// What an explanation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A check.
    Check,
    /// A known error text.
    Signature,
    /// An AADSTS code.
    Code,
}

/// Everything known about one id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Id: `url.redirect-host`, `smtp.535_5_7_3`, `entra.aadsts50011`.
    pub id: String,
    /// What kind of thing it is.
    pub subject: Subject,
    /// The code as Microsoft writes it, and its published name: `AADSTS50011 InvalidReplyTo`. `None` for other things.
    pub code: Option<String>,
    /// What a hit proves; `None` for a check.
    pub role: Option<Role>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in plain words.
    pub what: String,
    /// Why it matters to mail over OAuth in ECE.
    pub why: String,
    /// The evidence looked at.
    pub evidence: String,
    /// Probable causes, likeliest first.
    pub causes: Vec<String>,
    /// What to do, step by step; the last step verifies it.
    pub remedy: Vec<String>,
    /// What else the change touches.
    pub touches: Vec<String>,
    /// A remark; empty if there is none.
    pub note: String,
    /// Texts that it looks like, made up.
    pub examples: Vec<String>,
    /// Sources.
    pub references: Vec<String>,
    /// Ids that belong to it: the checks that a code bears on, the signatures that a check is proven by, neighbours.
    pub related: Vec<String>,
}

impl Explanation {
    /// The same in `language`: ids, codes, examples and sources stay as they are.
    pub fn told_in(mut self, language: Language) -> Self {
        let one = [&mut self.what, &mut self.why, &mut self.evidence, &mut self.note];
        let lists = [&mut self.causes, &mut self.remedy, &mut self.touches];
        for text in one.into_iter().chain(lists.into_iter().flatten()) {
            *text = language.of(text).to_owned();
        }
        self
    }
}

/// Something that resembles a question that names nothing exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// Id to ask for.
    pub id: String,
    /// What it is, in a line.
    pub what: String,
}

impl Suggestion {
    /// The suggestion in `language`; its id stays.
    #[must_use]
    pub fn told_in(mut self, language: Language) -> Self {
        self.what = language.of(&self.what).to_owned();
        self
    }
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// What the question names, most exact first.
    Found(Vec<Explanation>),
    /// Nothing has this name; these resemble it, best first. Empty: nothing does.
    Similar(Vec<Suggestion>),
}

/// `None` for an id of a check or a signature, else the id that resembles it most, or an empty text.
pub fn nearest(catalogue: &Catalogue, id: &str) -> Option<String> {
    let exists = checks::by_id(id).is_some() || catalogue.describe(id).is_some_and(|described| described.id() == id);
    let nearest = || match explain(catalogue, id) {
        Answer::Similar(similar) => similar.into_iter().next().map(|suggestion| suggestion.id),
        Answer::Found(found) => found.into_iter().next().map(|explanation| explanation.id),
    };
    (!exists).then(|| nearest().unwrap_or_default())
}

/// Explains what `question` names: the id of a check or signature, an AADSTS code in any spelling (`AADSTS50011`, `50011`,
/// `entra.aadsts50011`), an SMTP code (`5.7.139`, `535 5.7.139`), an OAuth or Graph error word, or an error message pasted whole.
/// Anything else is searched for by its words.
pub fn explain(catalogue: &Catalogue, question: &str) -> Answer {
    explain_with(catalogue, &checks::all().collect::<Vec<_>>(), question)
}

fn explain_with(catalogue: &Catalogue, checks: &[&Check], question: &str) -> Answer {
    let library = Library { catalogue, checks };
    let named = library.answer(query::parse(question));
    let found = if named.is_empty() { library.quoted(question) } else { named };
    let found = if found.is_empty() {
        query::inside(question).map(|query| library.answer(query)).unwrap_or_default()
    } else {
        found
    };
    if found.is_empty() {
        Answer::Similar(search::similar(catalogue, checks, question))
    } else {
        Answer::Found(found)
    }
}

/// What can be explained.
struct Library<'a> {
    catalogue: &'a Catalogue,
    checks: &'a [&'a Check],
}

/// Most ids that one explanation lists as related.
const MOST_RELATED: usize = 12;

impl Library<'_> {
    fn answer(&self, query: Query) -> Vec<Explanation> {
        match query {
            Query::Code(code) => vec![self.described(&self.catalogue.describe_code(code))],
            Query::Reply(reply) => self.replies(&reply),
            Query::Name(name) => self.named(&name),
        }
    }

    /// A check or signature with this id, or the error words that end in it.
    fn named(&self, name: &str) -> Vec<Explanation> {
        if let Some(check) = self.checks.iter().find(|check| check.id.eq_ignore_ascii_case(name)) {
            return vec![self.check(check)];
        }
        if let Some(described) = self.catalogue.describe(&name.to_ascii_lowercase()) {
            return vec![self.described(&described)];
        }
        let word = |text: &str| !text.is_empty() && text.eq_ignore_ascii_case(name);
        let by_word = self.catalogue.signatures().filter(|signature| {
            signature.id.rsplit('.').next().is_some_and(word)
                || word(&signature.literal)
                || signature.literal_alternatives.iter().any(|literal| word(literal))
        });
        let mut found: Vec<Explanation> = by_word.map(|signature| self.described(&Described::Text(signature))).collect();
        let by_name = self.catalogue.codes().filter(|code| !code.name.is_empty() && word(&code.name));
        found.extend(by_name.map(|code| self.described(&Described::Code(code))));
        found
    }

    /// Signatures whose own examples show this SMTP reply, those that name a reason first.
    fn replies(&self, reply: &query::Reply) -> Vec<Explanation> {
        let mut found: Vec<&super::Signature> = self
            .catalogue
            .signatures()
            .filter(|signature| signature.id.starts_with("smtp.") && signature.examples.iter().any(|example| reply.stands_in(example)))
            .collect();
        found.sort_by_key(|signature| signature.role);
        found.into_iter().map(|signature| self.described(&Described::Text(signature))).collect()
    }

    /// What an error message, pasted whole, is known as.
    fn quoted(&self, message: &str) -> Vec<Explanation> {
        let mut hits = self.catalogue.match_line(message);
        hits.sort_by_key(|hit| hit.role);
        hits.iter()
            .filter_map(|hit| hit.describe(self.catalogue))
            .map(|described| self.described(&described))
            .collect()
    }

    fn check(&self, check: &Check) -> Explanation {
        let bears = |checks: &[Text]| checks.iter().any(|id| id == check.id);
        let texts = self
            .catalogue
            .signatures()
            .filter(|signature| signature.role != Role::Context && bears(&signature.checks));
        let texts = texts.map(|signature| (signature.checks.iter().position(|id| id == check.id), signature.id.to_string()));
        let codes = self.catalogue.codes().filter(|code| !code.remedy.is_empty() && bears(&code.checks));
        let codes = codes.map(|code| (code.checks.iter().position(|id| id == check.id), Described::Code(code).id().into_owned()));
        let mut related: Vec<(Option<usize>, String)> = texts.chain(codes).collect();
        related.sort_by_key(|(directness, _)| *directness);
        related.truncate(MOST_RELATED);
        Explanation {
            id: check.id.to_owned(),
            subject: Subject::Check,
            code: None,
            role: None,
            severity: check.severity,
            what: check.title.to_owned(),
            why: check.why.to_owned(),
            evidence: check.evidence.to_owned(),
            causes: Vec::new(),
            remedy: check.remedy.iter().map(|&step| step.to_owned()).collect(),
            touches: sides::of_checks(&[check.id]),
            note: String::new(),
            examples: Vec::new(),
            references: check.references.iter().map(|&source| source.to_owned()).collect(),
            related: related.into_iter().map(|(_, id)| id).collect(),
        }
    }

    fn described(&self, described: &Described<'_>) -> Explanation {
        let strings = |texts: &[Text]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let checks: Vec<&str> = described.checks().iter().map(AsRef::as_ref).collect();
        let mut related = strings(described.checks());
        let (subject, code, examples) = match described {
            Described::Text(signature) => {
                related.extend(strings(&signature.supersedes));
                related.extend(strings(&signature.overlaps));
                (Subject::Signature, None, strings(&signature.examples))
            }
            Described::Code(code) => {
                related.extend(self.neighbours(code));
                (
                    Subject::Code,
                    Some(format!("AADSTS{} {}", code.code, code.name).trim_end().to_owned()),
                    Vec::new(),
                )
            }
            Described::Unlisted(code) => (Subject::Code, Some(format!("AADSTS{code}")), Vec::new()),
        };
        related.truncate(MOST_RELATED);
        let mut remedy = Vec::new();
        if !described.remedy().is_empty() {
            remedy.push(described.remedy().to_owned());
        }
        remedy.extend(sides::without_a_remedy(described));
        if described.role() != Role::Context {
            remedy.extend(sides::afterwards(described));
        }
        Explanation {
            id: described.id().into_owned(),
            subject,
            code,
            role: Some(described.role()),
            severity: described.severity(),
            what: described.meaning().to_owned(),
            why: sides::why(described),
            evidence: String::from("ECE logs, JavaMail traces, output of commands, messages pasted into notes"),
            causes: strings(described.causes()),
            remedy,
            touches: sides::of_checks(&checks),
            note: described.note().to_owned(),
            examples,
            references: strings(described.references()),
            related,
        }
    }

    /// Codes of the same group that mail over OAuth meets.
    fn neighbours(&self, code: &AadstsCode) -> Vec<String> {
        let same = |other: &&AadstsCode| other.category == code.category && other.code != code.code && !other.remedy.is_empty();
        self.catalogue
            .codes()
            .filter(same)
            .take(6)
            .map(|other| Described::Code(other).id().into_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests;
