//! Dates in the culture of whoever saved an export: `05/01/2024` is in May or in January, and only the other dates of the same
//! file can tell.

use crate::model::Stamp;
use std::collections::BTreeSet;

/// The order of day and month in the dates of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// No date decides: such dates stay unread.
    #[default]
    Undecided,
    /// `31/12/2024`, `31.12.2024`.
    DayFirst,
    /// `12/31/2024`.
    MonthFirst,
}

impl DateOrder {
    /// The order that `dates` of one file prove: one value above 12 settles it; dots are day first in every culture that writes
    /// them. Dates that contradict each other settle nothing.
    pub fn of<'a>(dates: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut day_first, mut month_first) = (false, false);
        for text in dates {
            if let Some(Parts { first, second, mark, .. }) = parts(text) {
                day_first |= mark == '.' || first > 12;
                month_first |= mark != '.' && second > 12;
            }
        }
        match (day_first, month_first) {
            (true, false) => Self::DayFirst,
            (false, true) => Self::MonthFirst,
            _ => Self::Undecided,
        }
    }

    /// The order in which a sign-in log is possible at all: Microsoft keeps one for 30 days at most, so that dates whose months
    /// lie further apart are days.
    fn by_retention<'a>(dates: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut first, mut second) = (BTreeSet::new(), BTreeSet::new());
        for parts in dates.into_iter().filter_map(parts) {
            first.insert(parts.year * 12 + parts.first as i32);
            second.insert(parts.year * 12 + parts.second as i32);
        }
        let apart = |months: &BTreeSet<i32>| months.last().zip(months.first()).is_some_and(|(last, first)| last - first > 1);
        match (apart(&first), apart(&second)) {
            (true, false) => Self::DayFirst,
            (false, true) => Self::MonthFirst,
            _ => Self::Undecided,
        }
    }

    /// The order that the dates in the beginning of a text prove.
    pub fn of_text(text: &str) -> Self {
        /// As much of a long table as settles it, if anything does.
        const LOOKED_AT: usize = 256 * 1024;
        let head: String = text.chars().take(LOOKED_AT).collect();
        let words = || head.split(|c: char| c.is_whitespace() || "\",;|<>'".contains(c));
        let first_line = head.lines().next().unwrap_or_default();
        match Self::of(words()) {
            // A spreadsheet separates with semicolons where the comma is the decimal mark: the day comes first in those countries.
            Self::Undecided if first_line.contains("Date (UTC);") || first_line.contains("Date (UTC)\";") => Self::DayFirst,
            Self::Undecided if first_line.contains("Date (UTC)") => Self::by_retention(words()),
            order => order,
        }
    }

    /// Reads a date of the file. ISO dates need no order; `5/5/2024` is the same in both.
    pub fn read(self, text: &str) -> Option<Stamp> {
        let text = text.trim().trim_matches('"');
        if let Some(stamp) = Stamp::parse(text) {
            return Some(stamp);
        }
        let Parts {
            first,
            second,
            year,
            mark,
            rest,
        } = parts(text)?;
        let (day, month) = match self {
            _ if mark == '.' => (first, second),
            Self::DayFirst => (first, second),
            Self::MonthFirst => (second, first),
            Self::Undecided if first == second => (first, second),
            Self::Undecided => return None,
        };
        let (hour, minute, second) = time_of_day(rest)?;
        let zone = rest.trim_end().ends_with(['Z', 'z']) || rest.contains("UTC") || rest.contains("+00:00");
        let stamp = Stamp::from_fields(year, month, day, hour, minute, second, 0)?;
        Some(Stamp {
            offset_minutes: zone.then_some(0),
            ..stamp
        })
    }
}

struct Parts<'a> {
    first: u32,
    second: u32,
    year: i32,
    mark: char,
    rest: &'a str,
}

/// `a/b/yyyy rest` with one of `/ . -`. The groups of an ID (`40817253-1042-4381-…`) are no date.
fn parts(text: &str) -> Option<Parts<'_>> {
    let mark = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| "/.-".contains(*c))?;
    let mut pieces = text.splitn(3, mark);
    let (first, second, tail) = (pieces.next()?.parse().ok()?, pieces.next()?.parse().ok()?, pieces.next()?);
    if ![first, second].iter().all(|number| (1..=31).contains(number)) {
        return None;
    }
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    let year: i32 = tail.get(..digits).filter(|y| y.len() == 4)?.parse().ok()?;
    Some(Parts {
        first,
        second,
        year,
        mark,
        rest: tail.get(digits..)?,
    })
}

/// `, 7:22:01 AM`, `T10:11:12`, ` 10.11.12`, or nothing.
fn time_of_day(text: &str) -> Option<(u32, u32, u32)> {
    let text = text.trim_start_matches([' ', ',', 'T', '\u{a0}']).trim();
    if text.is_empty() {
        return Some((0, 0, 0));
    }
    let lower = text.to_lowercase();
    let mut numbers = lower
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty())
        .map(|n| n.parse::<u32>().ok());
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().flatten().filter(|s| *s < 60).unwrap_or(0);
    let letters: String = lower.chars().filter(char::is_ascii_alphabetic).collect();
    let hour = match (letters.starts_with("pm"), letters.starts_with("am"), hour) {
        (true, _, 12) => 12,
        (true, _, h) => h + 12,
        (_, true, 12) => 0,
        (_, _, h) => h,
    };
    Some((hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_date_settles_the_file() {
        let order = DateOrder::of(["05/01/2024 10:11:12", "13/01/2024 10:11:12"]);
        assert_eq!(order, DateOrder::DayFirst);
        assert_eq!(order.read("05/01/2024 10:11:12").unwrap().rfc3339(), "2024-01-05T10:11:12");
        let order = DateOrder::of(["3/12/2025 7:22:01 AM", "3/31/2025 7:22:01 PM"]);
        assert_eq!(order.read("3/12/2025 7:22:01 PM").unwrap().rfc3339(), "2025-03-12T19:22:01");
        assert_eq!(
            DateOrder::of(["05.01.2024 10:11"]).read("05.01.2024 10:11").unwrap().rfc3339(),
            "2024-01-05T10:11:00"
        );
    }

    #[test]
    fn a_sign_in_log_shows_its_order_by_its_header_and_its_span() {
        let log = |header: &str, dates: [&str; 2]| DateOrder::of_text(&format!("{header}\n{}\n{}\n", dates[0], dates[1]));
        assert_eq!(
            log("Date (UTC);User", ["05/09/2025 10:00:00;a", "05/09/2025 11:00:00;a"]),
            DateOrder::DayFirst
        );
        assert_eq!(
            log("Date (UTC),User", ["03/09/2025 10:00:00,a", "05/09/2025 11:00:00,a"]),
            DateOrder::DayFirst
        );
        assert_eq!(
            log("Date (UTC),User", ["9/3/2025 10:00:00,a", "9/6/2025 11:00:00,a"]),
            DateOrder::MonthFirst
        );
        assert_eq!(
            log("Date (UTC),User", ["05/09/2025 10:00:00,a", "06/09/2025 11:00:00,a"]),
            DateOrder::Undecided
        );
        assert_eq!(log("Date,User", ["03/09/2025 10:00:00,a", "05/09/2025 11:00:00,a"]), DateOrder::Undecided);
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(DateOrder::of(["05/01/2024"]), DateOrder::Undecided);
        assert_eq!(DateOrder::of(["13/01/2024", "01/13/2024"]), DateOrder::Undecided);
        assert_eq!(DateOrder::Undecided.read("05/01/2024"), None);
        assert_eq!(DateOrder::Undecided.read("05/05/2024").unwrap().rfc3339(), "2024-05-05T00:00:00");
        assert_eq!(
            DateOrder::Undecided.read("2024-05-06T01:02:03Z").unwrap().rfc3339(),
            "2024-05-06T01:02:03Z"
        );
        assert_eq!(
            DateOrder::of(["40817253-1042-4381-8000-000000000001", "05/01/2024"]),
            DateOrder::Undecided
        );
        for bad in ["", "yesterday", "1/2", "99/99/2024", "5/6/24 x", "1/1/2024 at"] {
            assert_eq!(DateOrder::MonthFirst.read(bad), None, "{bad}");
        }
    }
}
