//! The forms of a text that patterns are tried on: without URLs, and with escapes undone. Both are copies; places in them lead
//! back to the text itself, which is what evidence quotes.

use memchr::memmem::Finder;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// A copy of a text, some of whose bytes were replaced by fewer.
pub struct Unescaped {
    /// The copy.
    pub bytes: Vec<u8>,
    /// Where the copy gets out of step: (place in the copy, place in the text), both ascending.
    steps: Vec<(usize, usize)>,
}

impl Unescaped {
    /// The place in the text of a place in the copy.
    pub fn original(&self, at: Range<usize>) -> Range<usize> {
        let place = |copy: usize| match self
            .steps
            .partition_point(|&(step, _)| step <= copy)
            .checked_sub(1)
            .and_then(|i| self.steps.get(i))
        {
            Some(&(step, original)) => original + (copy - step),
            None => copy,
        };
        let start = place(at.start);
        start..place(at.end).max(start)
    }
}

/// Undoes the escapes of JSON (any depth), CSV, HTML, syslog and form bodies. `None` if the text holds none of them: most of those
/// with a backslash or a percent sign are paths and figures.
pub fn unescape(text: &[u8]) -> Option<Unescaped> {
    memchr::memchr3(b'\\', b'&', b'%', text)
        .or_else(|| memchr::memmem::find(text, b"\"\""))
        .or_else(|| memchr::memmem::find(text, b"#0"))?;
    let mut out = Unescaped {
        bytes: Vec::new(),
        steps: Vec::new(),
    };
    let mut words = Words::default();
    let mut signs = Signs::default();
    // What stands before `copied` is in the copy.
    let (mut at, mut copied) = (0, 0);
    loop {
        at = signs.next(text, at);
        let Some(&byte) = text.get(at) else { break };
        let form = matches!(byte, b'%' | b'+') && words.is_form(text, at);
        let Some((replacement, length)) = escape_at(text, at, form) else {
            at += 1;
            continue;
        };
        if out.bytes.is_empty() {
            out.bytes.reserve_exact(text.len());
        }
        out.bytes.extend_from_slice(text.get(copied..at).unwrap_or_default());
        out.bytes.push(replacement);
        at += length;
        copied = at;
        if length > 1 {
            out.steps.push((out.bytes.len(), at));
        }
    }
    out.bytes.extend_from_slice(text.get(copied..).unwrap_or_default());
    (!out.steps.is_empty()).then_some(out)
}

/// The places at which an escape may begin, found by two searches for three bytes each: a look at every byte takes ten times as long.
#[derive(Default)]
struct Signs {
    /// The next place that each search found.
    next: [Option<usize>; 2],
}

impl Signs {
    /// The next place at or after `at`, or the text's end. Asked for ascending places.
    fn next(&mut self, text: &[u8], at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let search = |[a, b, c]: [u8; 3]| memchr::memchr3(a, b, c, rest).map_or(text.len(), |found| at + found);
        let of = [*b"\\&%", *b"+\"#"];
        let next = self.next.iter_mut().zip(of).map(|(known, bytes)| match *known {
            Some(place) if place >= at => place,
            _ => *known.insert(search(bytes)),
        });
        next.min().unwrap_or(text.len())
    }
}

/// Which words of a text are part of a form body: those that hold a `%xx`. In them a plus is a blank.
#[derive(Default)]
struct Words {
    /// End of the word that was looked at last, and whether it is one.
    last: (usize, bool),
}

impl Words {
    /// True if the word at `at` is part of a form body. Asked for ascending places, each word is looked at once.
    fn is_form(&mut self, text: &[u8], at: usize) -> bool {
        if at >= self.last.0 {
            let before = text.get(..at).unwrap_or_default();
            let start = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
            let word = text.get(start..).unwrap_or_default();
            let length = word.iter().position(u8::is_ascii_whitespace).unwrap_or(word.len());
            self.last = (start + length, word.get(..length).is_some_and(holds_percent_code));
        }
        self.last.1
    }
}

fn holds_percent_code(word: &[u8]) -> bool {
    memchr::memchr_iter(b'%', word).any(|at| percent_code(word, at).is_some())
}

fn percent_code(text: &[u8], at: usize) -> Option<u8> {
    hex(text.get(at + 1..at + 3)?)
}

fn hex(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |value, &digit| {
        let digit = (digit as char).to_digit(16)?;
        Some(value.wrapping_mul(16) | u8::try_from(digit).ok()?)
    })
}

/// The byte that an escape at this place stands for, and the escape's length.
fn escape_at(text: &[u8], at: usize, form: bool) -> Option<(u8, usize)> {
    let rest = text.get(at..)?;
    match rest.first()? {
        b'\\' => {
            // JSON inside JSON doubles its backslashes at every level; the letter after the run is what counts.
            let run = rest.iter().take(64).take_while(|&&byte| byte == b'\\').count();
            match rest.get(run)? {
                b'r' => Some((b'\r', run + 1)),
                b'n' => Some((b'\n', run + 1)),
                b't' => Some((b'\t', run + 1)),
                quote @ (b'"' | b'\'' | b'/') => Some((*quote, run + 1)),
                b'u' => {
                    let high = hex(rest.get(run + 1..run + 3)?)?;
                    let low = hex(rest.get(run + 3..run + 5)?)?;
                    (high == 0 && low.is_ascii()).then_some((low, run + 5))
                }
                _ => None,
            }
        }
        b'&' => [
            (&b"&quot;"[..], b'"'),
            (b"&#34;", b'"'),
            (b"&apos;", b'\''),
            (b"&#39;", b'\''),
            (b"&lt;", b'<'),
            (b"&gt;", b'>'),
            (b"&amp;", b'&'),
        ]
        .into_iter()
        .find(|(name, _)| rest.starts_with(name))
        .map(|(name, byte)| (byte, name.len())),
        b'%' if form => percent_code(text, at).map(|byte| (byte, 3)),
        b'+' if form => Some((b' ', 1)),
        b'"' if rest.starts_with(b"\"\"") => Some((b'"', 2)),
        b'#' if rest.starts_with(b"#011") => Some((b'\t', 4)),
        b'#' if rest.starts_with(b"#012") => Some((b'\n', 4)),
        _ => None,
    }
}

/// Blanks out URLs and the targets of HTTP request lines, without moving anything.
pub fn without_urls(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(text);
    if memchr::memchr(b'/', text).is_some() {
        let mut done = 0;
        for colon in SCHEME.find_iter(text).filter(|&colon| colon > 0) {
            let scheme = text
                .get(done..colon)
                .unwrap_or_default()
                .iter()
                .rev()
                .take(12)
                .take_while(|byte| byte.is_ascii_alphanumeric())
                .count();
            if scheme > 0 {
                done = blank(&mut out, colon - scheme, |byte| {
                    matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`' | b']' | b'|')
                });
            }
        }
        for method in METHODS.iter() {
            let mut done = 0;
            for start in method.find_iter(text) {
                if start >= done {
                    done = blank(&mut out, start + method.needle().len() - 1, |byte| byte == b'"');
                }
            }
        }
    }
    if memchr::memchr(b'%', text).is_some() {
        // `https%3A%2F%2F…` in a form body.
        for slashes in ENCODED.iter() {
            let mut done = 0;
            for percent in slashes.find_iter(text) {
                if percent >= done && percent >= 3 {
                    done = blank(&mut out, percent - 3, |byte| matches!(byte, b'"' | b'\'' | b'<' | b'&' | b'\\'));
                }
            }
        }
    }
    out
}

static SCHEME: LazyLock<Finder> = LazyLock::new(|| Finder::new("://"));
static METHODS: LazyLock<[Finder; 3]> = LazyLock::new(|| ["GET /", "POST /", "HEAD /"].map(Finder::new));
static ENCODED: LazyLock<[Finder; 2]> = LazyLock::new(|| ["%2F%2F", "%2f%2f"].map(Finder::new));

/// Blanks out from `start` to the next white space or to a byte at which a URL of this kind ends; gives that place.
fn blank(text: &mut Cow<'_, [u8]>, start: usize, ends: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|&byte| byte.is_ascii_whitespace() || ends(byte))
        .unwrap_or(rest.len());
    if let Some(url) = text.to_mut().get_mut(start..start + length) {
        url.fill(b' ');
    }
    start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        unescape(text.as_bytes()).map_or_else(|| text.to_owned(), |u| String::from_utf8_lossy(&u.bytes).into_owned())
    }

    #[test]
    fn undoes_each_kind_of_escape() {
        assert_eq!(plain(r#"{\\\"error\\\":\"x\\r\\ny\"}"#), "{\"error\":\"x\r\ny\"}");
        assert_eq!(plain(r"redirect URI \u0027https://a\u0027"), "redirect URI 'https://a'");
        assert_eq!(plain(r#""{""error"":""x""}""#), r#""{"error":"x"}""#);
        assert_eq!(plain("&quot;error&quot;#011x &#39;y&#39;"), "\"error\"\tx 'y'");
        assert_eq!(plain("error=a&text=The+code%3A+x 1+1"), "error=a&text=The code: x 1+1");
        assert_eq!(plain("nothing to undo, 1+1"), "nothing to undo, 1+1");
        assert_eq!(plain(r"D:\ECE\%TEMP%\x&"), r"D:\ECE\%TEMP%\x&");
    }

    #[test]
    fn places_lead_back_to_the_text() {
        let text = br#"a \"error\": \"x\""#;
        let copy = unescape(text).expect("escapes");
        let at = memchr::memmem::find(&copy.bytes, b"x").expect("an x");
        let original = copy.original(at..at + 1);
        assert_eq!(text.get(original), Some(&b"x"[..]));
    }

    #[test]
    fn urls_are_blanked_where_they_stand() {
        let stripped = |text: &str| String::from_utf8_lossy(&without_urls(text.as_bytes())).into_owned();
        let text = r#""error_uri":"https://login.microsoftonline.com/error?code=50011","x":"AADSTS50011""#;
        let result = stripped(text);
        assert_eq!(result.len(), text.len());
        assert!(!result.contains("code=50011") && result.contains("AADSTS50011"));
        assert!(!stripped("error_uri=https%3A%2F%2Fx%2Ferror%3Fcode%3DAADSTS50011&a=b").contains("AADSTS"));
        assert!(stripped("error_uri=https%3A%2F%2Fx%2Ferror&a=b").contains("a=b"));
        assert!(!stripped("GET /cb?error=access_denied HTTP/1.1").contains("access_denied"));
        assert_eq!(stripped("a :// b https:"), "a :// b https:");
    }
}
