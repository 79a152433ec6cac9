//! Errors that were seen before: an incident writes the same record ten thousand times, and only the first needs a closer look.
//!
//! A record is known by its lines. Each line has a shape, in which numbers, names and addresses don't count; what a shape means is
//! found out once. A record whose lines all mean nothing to anybody only counts, in the group of its first line, its innermost
//! cause and the product's first frame. Reading an error so takes a small part of what reading its exceptions does.

use super::exception::Chain;
use super::{exception, state, template};
use std::collections::HashMap;

/// Shapes of lines that are remembered of a member.
const LINES: usize = 1_024;
/// Longest line that is remembered.
const LONGEST: usize = 2_048;
/// Groups that are remembered of a member.
const GROUPS: usize = 8_192;

/// What is known of the lines of a member's errors, and the group of unexplained errors that records of such lines belong to.
#[derive(Clone, Default)]
pub(super) struct Bursts {
    lines: HashMap<Box<[u8]>, Line>,
    /// `None`: found no room among the member's groups.
    groups: HashMap<(u32, Option<u32>, Box<str>), Option<usize>>,
    /// What the first line, and the line of the innermost cause, give to a template.
    firsts: HashMap<u32, Box<str>>,
    causes: HashMap<u32, Box<str>>,
    /// The shape of a line, while it is made.
    shape: Vec<u8>,
}

/// What lines of one shape mean.
#[derive(Clone, Copy)]
struct Line {
    number: u32,
    /// An exception is named.
    throws: bool,
    /// Nothing is said of connections, whatever stands around it.
    harmless: bool,
    /// An alias's state may be spoken of.
    alias: bool,
}

/// An error that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Skimmed<'t> {
    /// Number of its first line's shape.
    first: u32,
    /// That of the line that names the innermost cause.
    innermost: Option<u32>,
    /// The product's first frame, else the first.
    frame: &'t str,
    /// No line of it means anything: it is an error, and nothing else.
    pub means_nothing: bool,
}

impl Bursts {
    /// Looks at an error that holds no known text. `None`: its lines are too many or too long to remember.
    pub fn skim<'t>(&mut self, message: &'t str) -> Option<Skimmed<'t>> {
        let mut first = None;
        let mut innermost = None;
        let (mut frame, mut product_frame) = (None, None);
        let mut means_nothing = true;
        for line in exception::lines(message).take(exception::LINES) {
            // Most lines are frames, and most of them behind the product's first one.
            let trimmed = if line.starts_with("\tat ") { line.get(1..)? } else { line.trim_start() };
            if first.is_some() && trimmed.starts_with("... ") {
                continue;
            }
            if let Some(rest) = trimmed.strip_prefix("at ").filter(|_| first.is_some()) {
                if product_frame.is_none() {
                    let name = exception::frame_name(rest);
                    product_frame = Some(name).filter(|name| exception::is_product(name));
                    frame = frame.or(Some(name));
                }
                continue;
            }
            let known = self.line(line)?;
            means_nothing &= known.harmless && !(first.is_none() && known.alias);
            if first.is_none() {
                first = Some(known.number);
            }
            if known.throws {
                innermost = Some(known.number);
            }
        }
        Some(Skimmed {
            first: first?,
            innermost,
            frame: product_frame.or(frame).unwrap_or_default(),
            means_nothing,
        })
    }

    /// The group of errors like this one, if they were seen before; `Some(None)` if there was no room for it.
    pub fn group(&self, skimmed: &Skimmed<'_>) -> Option<Option<usize>> {
        self.groups.get(&key(skimmed)).copied()
    }

    /// Remembers the group of errors like this one.
    pub fn remember(&mut self, skimmed: &Skimmed<'_>, group: Option<usize>) {
        if self.groups.len() < GROUPS {
            self.groups.insert(key(skimmed), group);
        }
    }

    /// The template of an error: what is known of its lines isn't worked out again.
    pub fn template(&mut self, skimmed: &Skimmed<'_>, text: &str) -> String {
        let first = self.firsts.entry(skimmed.first).or_insert_with(|| template::first_line(text).into());
        let cause = skimmed.innermost.map(|number| {
            let cause = || template::cause(&Chain::read(text)).into();
            &**self.causes.entry(number).or_insert_with(cause)
        });
        template::joined(first, cause.unwrap_or_default(), skimmed.frame)
    }

    /// What lines like `line` mean; `None` if it can't be remembered.
    fn line(&mut self, line: &str) -> Option<Line> {
        if line.len() > LONGEST {
            return None;
        }
        shape(line, &mut self.shape);
        if let Some(known) = self.lines.get(self.shape.as_slice()) {
            return Some(*known);
        }
        if self.lines.len() >= LINES {
            return None;
        }
        let known = Line {
            number: self.lines.len() as u32,
            throws: exception::names_exception(line),
            harmless: !exception::may_tell_of_connection(line),
            alias: state::may_tell_of_alias(line),
        };
        self.lines.insert(self.shape.as_slice().into(), known);
        Some(known)
    }
}

/// What errors of one group have in common.
fn key(skimmed: &Skimmed<'_>) -> (u32, Option<u32>, Box<str>) {
    (skimmed.first, skimmed.innermost, skimmed.frame.into())
}

/// Writes into `shape` what two lines have in common that differ in numbers, names and addresses only: the words that hold no digit
/// and no `@` or backslash. Names of exceptions stay, whatever they hold: what a line means hangs on them.
fn shape(line: &str, shape: &mut Vec<u8>) {
    shape.clear();
    let throws = exception::holds_kind(line.as_bytes());
    for word in line.as_bytes().split(|b| matches!(b, b' ' | b'\t')) {
        let varies = word.iter().any(|b| b.is_ascii_digit() || matches!(b, b'@' | b'\\'));
        if varies && !(throws && exception::holds_kind(word)) {
            shape.push(b'#');
        } else {
            shape.extend_from_slice(word);
        }
        shape.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skim<'t>(bursts: &mut Bursts, text: &'t str) -> Skimmed<'t> {
        bursts.skim(text).expect("few lines")
    }

    #[test]
    fn numbers_and_addresses_make_no_other_shape() {
        let mut bursts = Bursts::default();
        let one = "Case 4711 of sales@example.com lost\njava.sql.SQLException: deadlock 55\n\tat java.base/a.B.c(B.java:1)\n\tat com.egain.db.Pool.get(Pool.java:12)\n\t... 3 more";
        let two = one
            .replace("4711", "12")
            .replace("sales@", "claims@")
            .replace("55", "7")
            .replace(":12", ":99");
        assert_eq!(skim(&mut bursts, one), skim(&mut bursts, &two));
        let skimmed = skim(&mut bursts, one);
        assert!(skimmed.means_nothing);
        let template = bursts.template(&skimmed, one);
        assert_eq!(template, template::template(&two, &Chain::read(&two)));
        for other in [
            one.replace("lost", "gone"),
            one.replace("SQLException", "SQL2Exception"),
            one.replace("Pool.get", "Pool.put"),
            format!("{one}\nCaused by: java.lang.NullPointerException"),
        ] {
            assert_ne!(skim(&mut bursts, one), skim(&mut bursts, &other), "{other}");
            assert_ne!(key(&skim(&mut bursts, one)), key(&skim(&mut bursts, &other)), "{other}");
        }
    }

    #[test]
    fn what_tells_something_is_never_passed_over() {
        let mut bursts = Bursts::default();
        for text in [
            "x\njava.net.ConnectException: Connection refused",
            "x\nCaused by: com.sun.mail.util.MailConnectException: y",
            "x\norg.a.V2Exception: a\nCaused by: javax.net.ssl.SSLException: b",
            "Could not connect to SMTP host: smtp.office365.com, port: 587, response: 421",
            "Alias sales@example.com was disabled",
            "alias Sales is off",
            "bad greeting from SMTP host: a.example.com, port: 25",
        ] {
            assert!(!skim(&mut bursts, text).means_nothing, "{text}");
        }
        assert!(
            skim(
                &mut bursts,
                "Unexpected error for alias sales@example.com\njava.lang.NullPointerException"
            )
            .means_nothing
        );
    }

    #[test]
    fn much_is_not_remembered() {
        let mut bursts = Bursts::default();
        let lines: String = (0..LINES as u32 + 1)
            .map(|n| format!("{}\n", char::from_u32(0x4E00 + n).unwrap()))
            .collect();
        assert_eq!(bursts.skim(&lines), None);
        assert_eq!(bursts.skim(&"x".repeat(LONGEST + 1)), None);
        assert_eq!(bursts.lines.len(), LINES);
    }
}
