//! Text that people read: a sentence of the program's own with what stands in it, in whichever language.
//!
//! Its type tells the program's words from a bundle's. Only [`text!`](crate::text) makes sentences, from a literal; whatever fills
//! their placeholders says by its type what it is ([`Part`]). So the program's own sentences are translated and need no mask, and
//! what holds words of a bundle passes the masks whenever it is rendered.

mod language;
mod part;

pub use language::Language;
pub use part::Part;

use super::secret::{is_harmless, mask_where};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;
use std::ops::Range;

/// A text in English that can be rendered in another language. It compares by its English words.
#[derive(Clone, Debug)]
pub struct Text(Piece);

#[derive(Clone, Debug)]
enum Piece {
    /// The program's own, as it stands.
    Own(Cow<'static, str>),
    /// The program's own with placeholders `{name}`, doubled braces for plain ones, and what fills them.
    Sentence {
        template: &'static str,
        parts: Vec<(&'static str, Text)>,
    },
    /// Of a bundle, or of whoever runs the program.
    Given(String),
    /// A number, a time, a version: the same in every language, and never a secret.
    Figure(String),
    /// Several with something between them.
    Joined { items: Vec<Text>, between: Box<Text> },
    /// A text in which a word like `<mailbox>` stands for a name of the bundle.
    Naming { text: Box<Text>, word: &'static str, name: String },
}

/// A sentence of the program's own: `text!("the account {name} is not active", name = account.name)`, or `text!("… {name} …", name)`
/// where a variable has the placeholder's name. A missing or an unused placeholder doesn't compile.
#[macro_export]
macro_rules! text {
    ($template:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        // Never runs: the compiler compares the placeholders with the names. A constant sees no variables to fill in by itself.
        const _: fn() = || {
            let _ = format_args!($template $(, $name = "")*);
        };
        $crate::model::Text::sentence($template, vec![$((stringify!($name), $crate::text!(@part $name $($value)?))),*])
    }};
    (@part $name:ident) => { $crate::model::Part::part(&$name) };
    (@part $name:ident $value:expr) => { $crate::model::Part::part(&$value) };
}

/// A sentence about a number, with words of its own for one: `counted!(files, "1 file", "{count} files")`. Further placeholders
/// stand in both.
#[macro_export]
macro_rules! counted {
    ($count:expr, $one:literal, $many:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        match $count {
            1 => $crate::text!($one $(, $name $(= $value)?)*),
            count => $crate::text!($many, count $(, $name $(= $value)?)*),
        }
    };
}

impl Text {
    /// A text of a catalogue (checks, signatures, a user's pack): the program's own as it stands, braces included.
    pub fn catalogued(text: impl Into<Cow<'static, str>>) -> Self {
        Self(Piece::Own(text.into()))
    }

    /// What [`text!`](crate::text) makes.
    #[doc(hidden)]
    pub fn sentence(template: &'static str, parts: Vec<(&'static str, Text)>) -> Self {
        if parts.is_empty() && !template.contains(['{', '}']) {
            return Self(Piece::Own(Cow::Borrowed(template)));
        }
        Self(Piece::Sentence { template, parts })
    }

    /// Words of a bundle alone.
    pub fn given(text: impl Into<String>) -> Self {
        Self(Piece::Given(text.into()))
    }

    /// What is the same in every language and holds nothing of a bundle: a number, a time.
    pub fn figure(figure: impl std::fmt::Display) -> Self {
        Self(Piece::Figure(figure.to_string()))
    }

    /// `items` with `between` between each two.
    pub fn joined(items: impl IntoIterator<Item = impl Part>, between: Text) -> Self {
        Self(Piece::Joined {
            items: items.into_iter().map(|item| item.part()).collect(),
            between: Box::new(between),
        })
    }

    /// `items` with commas between them.
    pub fn list(items: impl IntoIterator<Item = impl Part>) -> Self {
        Self::joined(items, Self::figure(", "))
    }

    /// `items` in a sentence: `a, b and c`.
    pub fn series(items: impl IntoIterator<Item = impl Part>) -> Self {
        let mut items: Vec<Text> = items.into_iter().map(|item| item.part()).collect();
        match items.pop() {
            Some(last) if !items.is_empty() => crate::text!("{before} and {last}", before = Self::list(items), last),
            last => last.unwrap_or_default(),
        }
    }

    /// How often: `once`, `3 times`.
    pub fn times(count: u64) -> Self {
        crate::counted!(count, "once", "{count} times")
    }

    /// The same with `name` in the place of `word`, `<mailbox>`.
    pub fn naming(self, word: &'static str, name: impl Into<String>) -> Self {
        Self(Piece::Naming {
            text: Box::new(self),
            word,
            name: name.into(),
        })
    }

    /// True if nothing would be shown.
    pub fn is_empty(&self) -> bool {
        self.written(Language::English).text.is_empty()
    }

    /// The text in `language`, safe to be shown: the words of a bundle in it pass the masks. They are looked at together with the
    /// sentence around them, since a label in front of a value may tell what it is.
    pub fn render(&self, language: Language) -> String {
        let Written { text, given } = self.written(language);
        match given.iter().all(|given| is_harmless(&text, given)) {
            true => text,
            false => mask_where(&text, |secret| given.iter().any(|g| g.start < secret.end && secret.start < g.end)).into_owned(),
        }
    }

    /// The text in English, safe to be shown.
    pub fn english(&self) -> String {
        self.render(Language::English)
    }

    fn written(&self, language: Language) -> Written {
        let mut out = Written::default();
        self.write(language, &mut out);
        out
    }

    fn write(&self, language: Language, out: &mut Written) {
        match &self.0 {
            Piece::Own(text) => out.text.push_str(language.of(text)),
            Piece::Figure(figure) => out.text.push_str(figure),
            Piece::Given(text) => out.give(text),
            Piece::Sentence { template, parts } => fill(language.of(template), |piece| match piece {
                Filling::Words(words) => out.text.push_str(words),
                Filling::Placeholder(name) => {
                    if let Some((_, part)) = parts.iter().find(|(own, _)| *own == name) {
                        part.write(language, out);
                    }
                }
            }),
            Piece::Joined { items, between } => {
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        between.write(language, out);
                    }
                    item.write(language, out);
                }
            }
            Piece::Naming { text, word, name } => {
                let text = text.render(language);
                for (n, words) in text.split(word).enumerate() {
                    if n > 0 {
                        out.give(name);
                    }
                    out.text.push_str(words);
                }
            }
        }
    }
}

/// A text that has been written, and where in it words of a bundle stand.
#[derive(Default)]
struct Written {
    text: String,
    given: Vec<Range<usize>>,
}

impl Written {
    fn give(&mut self, text: &str) {
        if !text.is_empty() {
            self.given.push(self.text.len()..self.text.len() + text.len());
            self.text.push_str(text);
        }
    }
}

/// What a template consists of.
enum Filling<'a> {
    Words(&'a str),
    Placeholder(&'a str),
}

/// Takes a template apart, in its order.
fn fill<'a>(template: &'a str, mut take: impl FnMut(Filling<'a>)) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        take(Filling::Words(&rest[..at]));
        let (brace, behind) = (&rest[at..=at], &rest[at + 1..]);
        rest = behind;
        if let Some(behind) = behind.strip_prefix(brace) {
            take(Filling::Words(brace));
            rest = behind;
        } else if let Some((name, behind)) = behind.split_once('}') {
            take(Filling::Placeholder(name));
            rest = behind;
        }
    }
    take(Filling::Words(rest));
}

/// A word of the program's own that formats for machines write as it stands, and that people read in their language
/// ([`Language::of`]): `word!("services server")`.
#[macro_export]
macro_rules! word {
    ($word:literal) => {
        $word
    };
}

/// A piece of a report's layout in its language, from parts that passed the masks already: `say!(report.language, "Since {time}", time)`.
#[macro_export]
macro_rules! say {
    ($language:expr, $template:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        const _: fn() = || {
            let _ = format_args!($template $(, $name = "")*);
        };
        $crate::model::said($language, $template, &[$((stringify!($name), &$crate::say!(@part $name $($value)?) as &dyn std::fmt::Display)),*])
    }};
    (@part $name:ident) => { $name };
    (@part $name:ident $value:expr) => { $value };
}

/// What [`say!`](crate::say) makes.
#[doc(hidden)]
pub fn said(language: Language, template: &'static str, parts: &[(&'static str, &dyn std::fmt::Display)]) -> String {
    let mut out = String::new();
    fill(language.of(template), |piece| match piece {
        Filling::Words(words) => out.push_str(words),
        Filling::Placeholder(name) => {
            if let Some((_, part)) = parts.iter().find(|(own, _)| *own == name) {
                let _ = write!(out, "{part}");
            }
        }
    });
    out
}

/// Nothing.
impl Default for Text {
    fn default() -> Self {
        Self(Piece::Own(Cow::Borrowed("")))
    }
}

/// In English: facts are for programs to read.
impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.english())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Piece::Own(own), Piece::Own(other)) => own == other,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.written(Language::English).text.cmp(&other.written(Language::English).text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_filled() {
        let host = "ece.contoso.com";
        let text = text!("{count} times `{host}` {{as it stands}}", host, count = 3);
        assert_eq!(text.english(), "3 times `ece.contoso.com` {as it stands}");
        let nested = text!("{text}; {hosts}", text, hosts = Text::series(["a", "b", "c"]));
        assert_eq!(nested.english(), "3 times `ece.contoso.com` {as it stands}; a, b and c");
        assert_eq!(Text::catalogued("as {it} stands").english(), "as {it} stands");
    }

    #[test]
    fn only_words_of_a_bundle_are_masked() {
        let secret = "password=Sommer2026!x";
        assert!(!text!("a line: {secret}", secret).english().contains("Sommer"));
        assert!(!text!("password={value}", value = "Sommer2026!x").english().contains("Sommer"));
        assert_eq!(text!("password=Sommer2026!x").english(), secret);
        // Words of our own around a name of the bundle are no secret of it.
        assert_eq!(
            text!("on {host} (password: changeit)", host = "ece").english(),
            "on ece (password: changeit)"
        );
    }

    #[test]
    fn a_name_takes_the_place_of_a_word() {
        let text = Text::catalogued("Set-CASMailbox <mailbox>").naming("<mailbox>", "sales@contoso.com");
        assert_eq!(text.english(), "Set-CASMailbox sales@contoso.com");
    }
}
