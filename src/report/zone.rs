//! The display zone (`--tz`): every time of the report in one zone. Excerpts and names stay as they are written, and so do times
//! whose zone nobody knows.

use super::Report;
use crate::model::Stamp;

impl Report {
    /// Shows all times in the zone `minutes` east of UTC.
    pub fn show_in_zone(&mut self, minutes: i16) {
        self.zone = minutes;
        for text in self.times_and_texts() {
            if let Some(moved) = moved(text, minutes) {
                *text = moved;
            }
        }
    }

    /// Everything in which a time may stand that a check or the report wrote.
    fn times_and_texts(&mut self) -> Vec<&mut String> {
        let mut all: Vec<&mut String> = Vec::new();
        all.extend(&mut self.as_of);
        all.extend(self.window.iter_mut().flat_map(|window| window.since.iter_mut().chain(&mut window.until)));
        let span = &mut self.deployment.log_span;
        all.extend(span.first.iter_mut().chain(&mut span.last));
        for cause in &mut self.diagnosis {
            all.extend([&mut cause.summary, &mut cause.reach]);
            if let Some(onset) = &mut cause.onset {
                all.extend(&mut onset.last_good);
                all.extend([&mut onset.first_bad, &mut onset.last_bad]);
                all.extend(onset.changes.iter_mut().map(|change| &mut change.text));
            }
        }
        for finding in &mut self.findings {
            all.push(&mut finding.message);
            all.extend(finding.wants.iter_mut().map(|want| &mut want.evidence));
        }
        let signatures = self.signatures.iter_mut().flat_map(|row| [&mut row.first, &mut row.last]);
        let groups = self.unexplained_errors.iter_mut().flat_map(|row| [&mut row.first, &mut row.last]);
        let files = self.inventory.iter_mut().flat_map(|row| [&mut row.first, &mut row.last]);
        all.extend(signatures.chain(groups).chain(files).flatten());
        all.extend(self.timeline.iter_mut().map(|event| &mut event.text));
        all
    }
}

/// `text` with the times in it that name their zone moved to another one; `None` if it holds none.
fn moved(text: &str, minutes: i16) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (_, stamp), after)) = next_stamp(rest) {
        out.push_str(before);
        out.push_str(&stamp.in_zone(minutes).rfc3339());
        rest = after;
    }
    if out.is_empty() {
        return None;
    }
    out.push_str(rest);
    Some(out)
}

/// The first `2026-05-04T09:00:00.123+02:00` of a text, as written and as a time, and what stands before and after it. A time without
/// a zone is none.
pub(super) fn next_stamp(text: &str) -> Option<(&str, (&str, Stamp), &str)> {
    for (t, _) in text.match_indices('T') {
        let Some(start) = t.checked_sub("2026-05-04".len()) else { continue };
        let Some(rest) = text.get(start..).filter(|_| !text[..start].ends_with(|c: char| c.is_ascii_digit())) else {
            continue;
        };
        let clock = rest
            .bytes()
            .skip(11)
            .take_while(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'))
            .count();
        let zone = match rest.as_bytes().get(11 + clock) {
            Some(b'Z') => 1,
            Some(b'+' | b'-') => "+02:00".len(),
            _ => continue,
        };
        let end = 11 + clock + zone;
        let Some((written, after)) = rest.split_at_checked(end) else { continue };
        if let Some(stamp) = Stamp::parse(written).filter(|stamp| stamp.offset_minutes.is_some()) {
            return Some((&text[..start], (written, stamp), after));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn times_in_sentences_are_moved_and_nothing_else() {
        assert_eq!(
            moved("from 2026-05-04T09:15:00+02:00 to 2026-05-04T09:50:00.5Z (end 2026-05-05)", 330).as_deref(),
            Some("from 2026-05-04T12:45:00+05:30 to 2026-05-04T15:20:00.500+05:30 (end 2026-05-05)")
        );
        for text in ["at 2026-05-04T09:15:00", "Token of T", "T", "é2026-05-04T", "12026-05-04T09:15:00Z"] {
            assert_eq!(moved(text, 0), None, "{text}");
        }
    }
}
