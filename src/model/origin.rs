//! Where a fact was seen: enough to quote it in a case.

use std::sync::Arc;

/// A short piece of evidence text: one line, clipped, and with every secret masked. It can only be made by
/// [`Excerpt::capture`], so that no unmasked text of a bundle can be carried into a report by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Excerpt {
    /// Shared by those that quote it again.
    text: Arc<str>,
    meant: Option<usize>,
}

impl serde::Serialize for Excerpt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Excerpt {
    /// Longest excerpt, in characters; more is cut and ends in `…`.
    pub const LIMIT: usize = 240;

    /// Masks secrets in `text`, folds white space, and clips it to [`Excerpt::LIMIT`] characters.
    pub fn capture(text: &str) -> Self {
        Self::of_masked(&super::secret::mask(Self::looked_at(text)), None)
    }

    /// As much of `text` as [`Excerpt::capture`] looks at: a little more than is kept, so that a secret that the cut would halve is
    /// still recognised.
    pub(crate) fn looked_at(text: &str) -> &str {
        let longest = Self::LIMIT * 16;
        let cut = (text.len() > longest).then(|| text.char_indices().nth(longest)).flatten();
        cut.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
    }

    /// Folds white space of `masked`, in which secrets are masked already, and clips it to [`Excerpt::LIMIT`] characters. `meant` is
    /// the byte at which the value begins that the excerpt is about, where it is about less than the line.
    pub(crate) fn of_masked(masked: &str, meant: Option<usize>) -> Self {
        let mut excerpt = Self::default();
        let mut folded = String::with_capacity(masked.len().min(Self::LIMIT * 2));
        let mut count = 0;
        let mut gap = false;
        for (at, c) in masked.char_indices() {
            if c.is_whitespace() {
                gap = count > 0;
                continue;
            }
            // A blank that nothing can follow is no part of it.
            if count + usize::from(gap) >= Self::LIMIT {
                folded.push('…');
                break;
            }
            if std::mem::take(&mut gap) {
                folded.push(' ');
                count += 1;
            }
            if excerpt.meant.is_none() && meant.is_some_and(|meant| at >= meant) {
                excerpt.meant = Some(count);
            }
            folded.push(c);
            count += 1;
        }
        excerpt.text = folded.into();
        excerpt
    }

    /// The character, from 0, at which the value begins that it is about, where that is known.
    pub fn meant(&self) -> Option<usize> {
        self.meant
    }

    /// The masked text. It still is text of a bundle: a sink must escape it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The place of a fact in the bundle. Lines and columns are 1-based; 0 means that the place has none (a whole file, a cell).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Origin {
    /// Path of the member, `bundle.zip!/logs/x.log` inside an archive.
    pub path: Arc<str>,
    /// 1-based line, or 0.
    pub line: u64,
    /// 1-based column in characters, or 0.
    pub column: u32,
    /// Byte offset in the original (undecoded) file, where known.
    pub offset: Option<u64>,
    /// JSON pointer or XPath-like path, where the file has such a structure.
    pub pointer: Option<Box<str>>,
    /// `sheet!B12` of a workbook.
    pub cell: Option<Box<str>>,
    /// The text seen there, masked.
    pub excerpt: Excerpt,
}

impl Origin {
    /// The member as a whole.
    pub fn whole(path: &Arc<str>) -> Self {
        Self {
            path: path.clone(),
            line: 0,
            column: 0,
            offset: None,
            pointer: None,
            cell: None,
            excerpt: Excerpt::default(),
        }
    }

    /// A line of a text, 1-based, with `text` as its excerpt.
    pub fn line(path: &Arc<str>, line: u64, text: &str) -> Self {
        Self {
            line,
            column: 1,
            excerpt: Excerpt::capture(text),
            ..Self::whole(path)
        }
    }

    /// `path:line`, `path:sheet!B12`, or the path alone, as people quote it.
    pub fn place(&self) -> String {
        match (&self.cell, self.line) {
            (Some(cell), _) => format!("{}:{cell}", self.path),
            (None, 0) => self.path.to_string(),
            (None, line) => format!("{}:{line}", self.path),
        }
    }
}

/// A value together with the place where it was seen.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Fact<T> {
    /// What was seen.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

impl<T> Fact<T> {
    /// Ties `value` to `origin`.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

impl<T> std::ops::Deref for Fact<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// What an export says of one property. An absent column proves nothing, an empty value may have a meaning of its own
/// (`SmtpClientAuthenticationDisabled` empty: inherit from the organisation), a cut value is no evidence.
#[derive(Clone, Debug, Default)]
pub enum Field<T> {
    /// The export has no such column or member.
    #[default]
    Absent,
    /// The property is there and empty or null.
    Empty(Origin),
    /// The property is there, but its value was cut or can't be read.
    Unreadable(Origin),
    /// The value.
    Value(Fact<T>),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub fn get(&self) -> Option<&T> {
        self.fact().map(|f| &f.value)
    }

    /// The value with its origin, if there is one.
    pub fn fact(&self) -> Option<&Fact<T>> {
        match self {
            Self::Value(fact) => Some(fact),
            _ => None,
        }
    }

    /// Where the property stands, whatever its value.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Absent => None,
            Self::Empty(origin) | Self::Unreadable(origin) => Some(origin),
            Self::Value(fact) => Some(&fact.origin),
        }
    }

    /// True if the export has the property, even if empty or cut.
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// True if the property is there and empty.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty(_))
    }

    /// Reads the value on: `None` of `read` makes it unreadable, never absent.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Option<U>) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Empty(origin) => Field::Empty(origin),
            Self::Unreadable(origin) => Field::Unreadable(origin),
            Self::Value(Fact { value, origin }) => match read(value) {
                Some(value) => Field::Value(Fact { value, origin }),
                None => Field::Unreadable(origin),
            },
        }
    }
}

/// Absent is null, so that a listing of facts can leave it out; empty and unreadable properties keep their place.
impl<T: serde::Serialize> serde::Serialize for Field<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let (state, origin) = match self {
            Self::Absent => return serializer.serialize_none(),
            Self::Value(fact) => return fact.serialize(serializer),
            Self::Empty(origin) => ("empty", origin),
            Self::Unreadable(origin) => ("unreadable", origin),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("state", state)?;
        map.serialize_entry("origin", origin)?;
        map.end()
    }
}
