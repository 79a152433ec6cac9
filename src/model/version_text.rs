//! Versions of ECE in free text: `ECE 12.6(1) ES5`, `12.6.1_ES10`, `11.6(1) ES12 and ES12_ET1` – and what the text says of them.
//!
//! Contact centre notes name many products with the same release numbers (UCCE 12.6(2), Finesse 12.6(1)); a number counts as
//! ECE's only if the nearest product named before it is ECE, or if it is written as nobody else writes it.

use super::{Version, VersionRole};
use regex::Regex;
use std::sync::LazyLock;

/// A version named in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionMention {
    /// The version.
    pub version: Version,
    /// What the text says of it.
    pub role: VersionRole,
    /// Byte at which it begins.
    pub start: usize,
}

/// Releases of ECE: numbers outside this list need the product's name beside them.
const RELEASES: [(u16, u16); 9] = [(11, 0), (11, 5), (11, 6), (12, 0), (12, 5), (12, 6), (15, 0), (15, 5), (15, 6)];

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?P<major>\d{1,2})\.(?P<minor>\d{1,2})(?:\s?\((?P<paren>\d{1,2})\)|\.(?P<dotted>\d{1,2}))?"));

/// An engineering special after a release: `ES5`, `_ES10`, ` ES 6`, `, Engineering Special 5`, ` with patch level ES5`.
static SPECIAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s_,;:|/+(–-]*(?:(?:with|con|and|e|plus|patch(?:ed)?|to|at|up|level|livello|release|di)[\s:]+){0,4}(?:ES|Engineering[\s-]?Specials?|Special Release)(?:\s+(?:level|version|patch))?[\s_:#-]*(?P<es>\d{1,3})",
    )
});

/// A test patch after an engineering special: `_ET1`, ` ET 1`, ` and ES12_ET1`.
static TEST_PATCH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:[\s_,;+&-]|\band\b|\bwith\b|\bplus\b|\bcon\b|\be\b|\bES[\s_-]?\d{1,3}){0,8}ET[\s_-]?(?P<et>\d{1,2})"));

static ECE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(?:^|[^a-z0-9.])ECE(?:[^a-z0-9.-]|[.-]\s|[-_]?v?$)|Enterprise\s+Chat\s+(?:and|&|e)\s+E-?mail"));

/// Products with version numbers that stand in the same notes.
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:UCCE|PCCE|HCCE|CCE|UCCX|CCX|Finesse|CUIC|CVP|CUCM|IM&P|CallManager|ICM|IdS|VVB|eGain|Contact\s+Cent(?:er|re)\s+Enterprise|Java|JDK|JRE|OpenJDK|JVM|Windows|Exchange|SQL|PowerShell|PSVersion|CLRVersion|BuildVersion|WSMan\w*|module|TLS\w*|SSL\w*|OpenSSL|Chrome|Firefox|Edge|Safari|browser|IIS|WildFly|JBoss|Tomcat|VMware|ESXi|vSphere|Outlook|Office|\.NET|dotnet|curl|Linux|RHEL|Ubuntu|kernel|AdminDisplayVersion|Python|Node|MSAL|macOS|iOS|Android|Webex|SocialMiner|CCP|UCM|SQLServer)\b",
    )
});

static PLANNED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:requires?|required|needs?|needed|minim(?:um|al|o|a)|at least|planned|planning|plan to|(?:upgrade|update|move|migrate|go)\s+to|will|target|recommend\w*|should|must|suggest\w*|fixed in|resolved in|latest|newest|deprecated|next|future|scheduled|introduced in|since|supported|starting (?:with|from)|richied\w*|richiest\w*|pianificat\w*|previst\w*|consigliat\w*|raccomand\w*|aggiornare|almeno|necessari\w*|deve|prossim\w*|a partire da)\b",
    )
});

static PLANNED_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s,(\[–-]*(?:or|and|o|e)?\s*(?:(?:is|are|has been|was|è)\s+)?(?:later|newer|higher|above|onwards|successiv\w*|superior\w*|requires?|required|needs?|needed|planned|minimum|recommended|richied\w*|richiest\w*|pianificat\w*|previst\w*|target|will)\b",
    )
});

static RUNNING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:now|current(?:ly)?|running|runs?|installed|in use|live|today|after|present(?:ly)?|(?:upgraded|updated|migrated|moved|upgrading|updating|patched)(?:\s+\w+){0,4}?\s+to|new|we use|attual\w*|ora|adesso|corrente|in esecuzione|installat\w|in uso|oggi|dopo|aggiornat\w (?:a|alla)|nuov\w)\b",
    )
});

static FORMER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:before|previous(?:ly)?|former(?:ly)?|old|from|was|were|earlier|until|prior|original(?:ly)?|prima|precedent\w*|vecchi\w|era|dalla|da|fino a)\b",
    )
});

static TOWARDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^[\s).]*(?:->|=>|→|-->|\bto\b|\balla?\b|\ba\b)\s*[\w\s]{0,24}$"));

impl Version {
    /// The version that a text names, `12.6(1) ES5` in any of its spellings, with or without the product's name; for what a user
    /// says (`--ece-version`) rather than for evidence. `None` if it names none.
    pub fn parse(text: &str) -> Option<Self> {
        NUMBER
            .captures_iter(text)
            .find_map(|number| read_version(text, &number).map(|(version, _)| version))
    }
}

/// Every version of ECE that `line` names, in order. `heading` is a heading that the line stands under (`Before the upgrade:`),
/// or empty.
pub fn versions_in(line: &str, heading: &str) -> Vec<VersionMention> {
    let mut found: Vec<(VersionMention, usize)> = Vec::new();
    let mut from = 0;
    while let Some(number) = NUMBER.captures_at(line, from) {
        let Some(whole) = number.get(0) else { break };
        from = whole.end();
        let Some((version, end)) = read_version(line, &number) else { continue };
        let before = line.get(..whole.start()).unwrap_or("");
        let after = line.get(end..).unwrap_or("");
        let is_plain = number.name("paren").is_none() && version.es.is_none();
        if is_ece(before, after, &version, is_plain) {
            let mention = VersionMention {
                version,
                role: VersionRole::Named,
                start: whole.start(),
            };
            found.push((mention, end));
        }
        from = end.max(from);
    }
    let spans: Vec<(usize, usize)> = found.iter().map(|(mention, end)| (mention.start, *end)).collect();
    found
        .into_iter()
        .enumerate()
        .map(|(i, (mention, end))| {
            let begin = i.checked_sub(1).and_then(|p| spans.get(p)).map_or(0, |s| s.1);
            let stop = spans.get(i + 1).map_or(line.len(), |s| s.0);
            let words = Surroundings {
                before: line.get(begin..mention.start).unwrap_or(""),
                line_before: line.get(..mention.start).unwrap_or(""),
                after: line.get(end..stop).unwrap_or(""),
                has_next: i + 1 < spans.len(),
                follows_another: i > 0,
                heading,
            };
            VersionMention {
                role: words.role(),
                ..mention
            }
        })
        .collect()
}

/// The version at a match of [`NUMBER`], and the byte after it with its special and test patch.
fn read_version(line: &str, number: &regex::Captures<'_>) -> Option<(Version, usize)> {
    let whole = number.get(0)?;
    let part = |name| number.name(name).and_then(|m| m.as_str().parse::<u16>().ok());
    // `10.1.2.3` is an address, `15.20.7452.010` somebody's build, `12.6x` and `12.6%` no release.
    let before = line.get(..whole.start())?;
    let next = line.get(whole.end()..)?;
    let mut back = before.chars().rev();
    match back.next() {
        Some('v' | 'V' | 'r' | 'R') if !back.next().is_some_and(char::is_alphanumeric) => {}
        Some('e' | 'E') if before.to_ascii_lowercase().ends_with("ece") => {}
        Some(c) if c.is_alphanumeric() || matches!(c, '.' | '$' | '€') => return None,
        _ => {}
    }
    let mut ahead = next.chars();
    match ahead.next() {
        Some('.') if ahead.next().is_some_and(|c| c.is_ascii_digit()) => return None,
        Some('%') => return None,
        Some(c) if c.is_alphanumeric() && !next.to_ascii_lowercase().starts_with("es") => return None,
        _ => {}
    }
    let mut version = Version {
        major: part("major")?,
        minor: part("minor")?,
        maintenance: part("paren").or_else(|| part("dotted")),
        es: None,
        et: None,
    };
    if !(9..=19).contains(&version.major) || version.minor > 9 {
        return None;
    }
    let mut end = whole.end();
    if let Some(special) = SPECIAL.captures(next) {
        version.es = special.name("es").and_then(|m| m.as_str().parse().ok());
        end += special.get(0).map_or(0, |m| m.end());
        if let Some(patch) = line.get(end..).and_then(|rest| TEST_PATCH.captures(rest)) {
            version.et = patch.name("et").and_then(|m| m.as_str().parse().ok());
            end += patch.get(0).map_or(0, |m| m.end());
        }
    }
    Some((version, end))
}

/// Whether a version with these words around it is ECE's.
fn is_ece(before: &str, after: &str, version: &Version, is_plain: bool) -> bool {
    match (last(&ECE, before), last(&OTHER, before)) {
        (Some(ece), Some(other)) => ece > other,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => {
            let followed_by_other = OTHER
                .find(after)
                .is_some_and(|m| after.get(..m.start()).is_some_and(|gap| gap.trim().is_empty()));
            !is_plain && RELEASES.contains(&version.release()) && !followed_by_other
        }
    }
}

/// The words around a version.
struct Surroundings<'a> {
    /// Since the version before it.
    before: &'a str,
    /// Since the beginning of the line.
    line_before: &'a str,
    /// Until the next version.
    after: &'a str,
    has_next: bool,
    follows_another: bool,
    heading: &'a str,
}

impl Surroundings<'_> {
    fn role(&self) -> VersionRole {
        if PLANNED_AFTER.is_match(self.after) {
            return VersionRole::Planned;
        }
        // "requires 11.6(1) ES12, 12.0(1) ES6 …": the word holds for the whole enumeration, until another one takes over.
        let sentence = self.line_before.rfind(';').max(self.line_before.rfind(". ")).map_or(0, |at| at + 1);
        let earlier = self.line_before.len() - self.before.len();
        let planned = last(&PLANNED, self.line_before.get(sentence..).unwrap_or("")).map(|end| end + sentence);
        let running = last(&RUNNING, self.before).map(|end| end + earlier);
        let former = last(&FORMER, self.before).map(|end| end + earlier);
        if let Some(role) = nearest(planned, running, former) {
            return role;
        }
        if self.follows_another && TOWARDS.is_match(self.before) {
            return VersionRole::Running;
        }
        if self.has_next && TOWARDS.is_match(self.after) {
            return VersionRole::Former;
        }
        let remark: String = self.after.chars().take(40).collect();
        if remark.trim_start().starts_with(['(', '[', '-', '–', ',']) {
            let remark = remark.split([')', ']', ';', '.']).next().unwrap_or("");
            if let Some(role) = said_in(remark) {
                return role;
            }
        }
        said_in(self.heading).unwrap_or(VersionRole::Named)
    }
}

/// End of the last match.
fn last(regex: &Regex, text: &str) -> Option<usize> {
    regex.find_iter(text).last().map(|m| m.end())
}

/// What a text that stands by itself says.
fn said_in(text: &str) -> Option<VersionRole> {
    nearest(last(&PLANNED, text), last(&RUNNING, text), last(&FORMER, text))
}

/// The role of the word that ends last.
fn nearest(planned: Option<usize>, running: Option<usize>, former: Option<usize>) -> Option<VersionRole> {
    [
        (former, VersionRole::Former),
        (running, VersionRole::Running),
        (planned, VersionRole::Planned),
    ]
    .into_iter()
    .filter_map(|(end, role)| Some((end?, role)))
    .max_by_key(|(end, _)| *end)
    .map(|(_, role)| role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use VersionRole::*;

    fn roles(line: &str) -> Vec<(String, VersionRole)> {
        versions_in(line, "").into_iter().map(|m| (m.version.to_string(), m.role)).collect()
    }

    #[test]
    fn reads_every_spelling() {
        for (text, shown) in [
            ("ECE 12.6(1) ES5", "12.6(1) ES5"),
            ("ECE release: 12.6(1) ES4", "12.6(1) ES4"),
            ("Cisco ECE, level 12.6(1)_ES7", "12.6(1) ES7"),
            ("Software: ECE 12.6.1 ES 8 (UCCE integration)", "12.6(1) ES8"),
            ("12.6.1_ES10", "12.6(1) ES10"),
            ("Enterprise Chat and Email 12.6(1) ES6", "12.6(1) ES6"),
            ("ECE 11.6.1 ES 6 ES6_1A", "11.6(1) ES6"),
            ("12.6(1) ES12_ET1", "12.6(1) ES12_ET1"),
            ("ECE 11.6(1) ES12 and ES12_ET1", "11.6(1) ES12_ET1"),
            ("ECE 11.6(1) ES12 + ET1", "11.6(1) ES12_ET1"),
            ("v12.6(1)", "12.6(1)"),
            ("ECE v12.5", "12.5(1)"),
            ("ece_12.6.1_ES10_patch.zip", "12.6(1) ES10"),
            ("ECE12.6(1)ES5", "12.6(1) ES5"),
            ("ECE 12.6(1), Engineering Special 5", "12.6(1) ES5"),
            ("ECE 12.0(1) with ES6", "12.0(1) ES6"),
            ("ECE: 12.5(1) patch level ES3", "12.5(1) ES3"),
            ("UCCE 12.6(2) with ECE 12.6(1) ES5", "12.6(1) ES5"),
            ("ECE 15.0(1)", "15.0(1)"),
        ] {
            let found: Vec<String> = versions_in(text, "").iter().map(|m| m.version.to_string()).collect();
            assert_eq!(found, [shown], "{text}");
            assert!(Version::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn leaves_other_products_addresses_and_builds() {
        for text in [
            "UCCE 12.6(2) ES3",
            "Finesse 12.6(1) ES5",
            "Packaged CCE 12.6(1)",
            "Java 11.0(2), OpenJDK 11.0.21",
            "10.12.6.1 ece-app-a",
            "ece-app-a 10.12.6.15",
            "AdminDisplayVersion : 15.20 (Build 7452.11)",
            "ModuleVersion 12.6.1",
            "WildFly 12.0.1",
            "12.6 GB free",
            "usage 12.6%",
            "12.6(1) UCCE",
            "Version : 12.0",
            "Contact Center Enterprise 12.6(1)",
            "TLSv1.2",
        ] {
            assert_eq!(versions_in(text, ""), [], "{text}");
        }
        assert_eq!(Version::parse("none"), None);
        assert_eq!(Version::parse("99999999.6(1)"), None);
    }

    #[test]
    fn hears_what_is_said_of_them() {
        for (line, expected) in [
            ("Before: ECE 12.5(1)", vec![("12.5(1)", Former)]),
            ("Now running: ECE 12.6(1) ES5", vec![("12.6(1) ES5", Running)]),
            ("Current patch level of ECE: 12.6(1) ES6", vec![("12.6(1) ES6", Running)]),
            ("We run ECE 12.6.1 ES 6.", vec![("12.6(1) ES6", Running)]),
            (
                "ECE was upgraded from 12.5(1) ES3 to 12.6(1) ES5 in March",
                vec![("12.5(1) ES3", Former), ("12.6(1) ES5", Running)],
            ),
            ("ECE 12.5(1) -> 12.6(1) ES5", vec![("12.5(1)", Former), ("12.6(1) ES5", Running)]),
            ("OAuth requires ECE 12.6(1) ES1", vec![("12.6(1) ES1", Planned)]),
            (
                "Minimum: 11.6(1) ES12, 12.0(1) ES6, 12.5(1) ES3",
                vec![("11.6(1) ES12", Planned), ("12.0(1) ES6", Planned), ("12.5(1) ES3", Planned)],
            ),
            ("ECE 12.6(1) ES10 or later", vec![("12.6(1) ES10", Planned)]),
            ("ECE 12.6(1) ES5 (current)", vec![("12.6(1) ES5", Running)]),
            ("ECE 12.5(1) (before the upgrade)", vec![("12.5(1)", Former)]),
            ("we plan to upgrade to ECE 15.0(1) next year", vec![("15.0(1)", Planned)]),
            ("Versione attuale di ECE: 12.6(1) ES5", vec![("12.6(1) ES5", Running)]),
            (
                "ECE aggiornata da 12.5(1) a 12.6(1) ES5",
                vec![("12.5(1)", Former), ("12.6(1) ES5", Running)],
            ),
            ("ECE 12.6(1) ES5", vec![("12.6(1) ES5", Named)]),
        ] {
            let expected: Vec<(String, VersionRole)> = expected.into_iter().map(|(v, r)| (v.to_owned(), r)).collect();
            assert_eq!(roles(line), expected, "{line}");
        }
        assert_eq!(versions_in("ECE 12.5(1)", "Before the upgrade:")[0].role, Former);
    }
}
