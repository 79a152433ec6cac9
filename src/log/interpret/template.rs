//! What stays the same in error records that no signature explains: the text without numbers, ids, addresses and hosts, the
//! innermost cause, the product's own frame.

use super::exception::Chain;
use crate::model::secret::mask;
use regex::Regex;
use std::sync::LazyLock;

/// Longest template, in characters.
const LONGEST: usize = 300;

struct Blank {
    pattern: Regex,
    by: &'static str,
}

static BLANKS: LazyLock<Vec<Blank>> = LazyLock::new(|| {
    let blank = |pattern: &str, by| Blank {
        pattern: Regex::new(pattern).expect("a constant pattern"),
        by,
    };
    vec![
        blank(r#"(?i)https?://[^\s"'<>]+"#, "<url>"),
        blank(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "<address>"),
        blank(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        blank(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?\b", "<ip>"),
        blank(
            r"(?i)\b(?:[a-z0-9][a-z0-9-]*\.)+(?:com|net|org|local|lan|corp|int|lab|internal|intra|edu|gov|io|eu|de|it|fr|uk|us)\b(?::[0-9]+)?",
            "<host>",
        ),
        blank(r"(?i)\b[A-Z]:\\[^\s:*?<>|]+", "<path>"),
        blank(r"(?i)\b(?:0x)?[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]{6,}\b", "<hex>"),
        blank(r"[0-9]+(?:[.,:][0-9]+)*", "<n>"),
    ]
});

/// The template of a record: its first line, then innermost cause and first frame of the product, each without what varies.
pub(super) fn template(message: &str, chain: &Chain) -> String {
    joined(&first_line(message), &cause(chain), chain.frame.as_deref().unwrap_or_default())
}

/// What the first line of `message` gives to its template.
pub(super) fn first_line(message: &str) -> String {
    let first: String = message.lines().next().unwrap_or_default().chars().take(LONGEST * 4).collect();
    blanked(&mask(&first))
}

/// What the innermost cause gives to a template; nothing if no exception is named.
pub(super) fn cause(chain: &Chain) -> String {
    let cause = |(class, text): &(String, String)| format!("{class}: {}", blanked(&mask(text)));
    let cause = chain.innermost().map(cause).unwrap_or_default();
    cause.trim_end_matches([':', ' ']).to_owned()
}

/// A template of its parts, any of which but the first may be empty.
pub(super) fn joined(first: &str, cause: &str, frame: &str) -> String {
    let mut template = first.to_owned();
    if !template.contains(cause) {
        template.push_str(" | ");
        template.push_str(cause);
    }
    if !frame.is_empty() {
        template.push_str(" | at ");
        template.push_str(frame);
    }
    template.chars().take(LONGEST).collect()
}

fn blanked(text: &str) -> String {
    let mut text = text.trim().to_owned();
    for Blank { pattern, by } in BLANKS.iter() {
        if let std::borrow::Cow::Owned(changed) = pattern.replace_all(&text, *by) {
            text = changed;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_records_of_one_kind_have_one_template() {
        let of = |text: &str| template(text, &Chain::read(text));
        let one = of(
            "Case 4711 of sales@example.com not written to 10.1.2.3:1433\njava.sql.SQLException: deadlock 55\n\tat com.egain.db.Pool.get(Pool.java:12)",
        );
        let two = of(
            "Case 12 of claims@example.org not written to 10.9.2.3:1433\njava.sql.SQLException: deadlock 7\n\tat com.egain.db.Pool.get(Pool.java:12)",
        );
        assert_eq!(one, two);
        assert_eq!(
            one,
            "Case <n> of <address> not written to <ip> | java.sql.SQLException: deadlock <n> | at com.egain.db.Pool.get"
        );
        assert_eq!(
            of("host db1.corp.local:1433 is away, id 8f14e45fceea167a"),
            "host <host> is away, id <hex>"
        );
        assert_ne!(of("java.lang.NullPointerException"), of("java.lang.IllegalStateException"));
    }
}
