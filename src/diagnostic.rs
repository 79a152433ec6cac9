//! What is wrong in a file that the user wrote (a signature pack, a configuration), said as compilers say it.

use std::fmt;
use std::ops::Range;

/// Something to say about a place in such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Name of the file.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub message: String,
    /// The line of the file, clipped around the meant characters.
    pub source: String,
    /// Where in it the meant characters begin, from 0.
    pub indent: usize,
    /// How many characters are meant.
    pub length: usize,
    /// True: what stands there can't be used. False: a warning, it works.
    pub error: bool,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.error { "error" } else { "warning" };
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "{kind}: {}", self.message)?;
        writeln!(f, "{gutter}--> {}:{}:{}", self.file, self.line, self.column)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.source)?;
        write!(f, "{gutter} | {}{}", " ".repeat(self.indent), "^".repeat(self.length.max(1)))
    }
}

impl Diagnostic {
    /// What is wrong at the bytes `at` of the file `name`, whose text is `text`. A place beyond its end is its end.
    pub fn at(name: &str, text: &str, at: Range<usize>, message: impl Into<String>, error: bool) -> Self {
        let before = text.get(..at.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let source = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = before.get(line_start..).map_or(0, |start| start.chars().count());
        let meant = text.get(at).map_or(1, |meant| meant.lines().next().unwrap_or_default().chars().count());
        // A terminal shows a tab wider than the mark below it, and a line may be very long.
        const SHOWN: usize = 160;
        let skipped = if column > SHOWN { column - 20 } else { 0 };
        let shown: String = source
            .chars()
            .skip(skipped)
            .take(SHOWN)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        Self {
            file: name.to_owned(),
            line: before.matches('\n').count() + 1,
            column: column + 1,
            message: message.into(),
            indent: column - skipped,
            length: meant.clamp(1, shown.chars().count().saturating_sub(column - skipped).max(1)),
            source: shown,
            error,
        }
    }
}
