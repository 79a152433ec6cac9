//! The log engine against a plain, slow reading of the same bytes: whatever the blocks, line ends and encodings, both see the
//! same records and the same anchors.

#![allow(clippy::disallowed_methods)]

use ecelens::log::{Filter, LogReader, Record, SegmentDigest, Sink, join};
use ecelens::signatures::Anchor;
use proptest::prelude::*;
use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What both ways must agree on for a record that is handed on: line, offset, level, class, message, owners.
type Row = (u64, u64, String, String, String, Vec<u32>);

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    records: u64,
    newlines: u64,
    levels: BTreeMap<String, u64>,
    minutes: BTreeMap<i64, u32>,
    rows: Vec<Row>,
}

fn anchors() -> Vec<Anchor> {
    let exact = [
        "AADSTS50",
        "AADSTS7000",
        "AUTHENTICATE failed",
        "PKIX path building",
        "535 5.7.139",
        "refresh token has expired",
        "tag@<@>x",
    ];
    let folded = ["invalid_grant", "authenticate FAILED", "Connection refused", "5.7.139"];
    let exact = exact.iter().map(|t| (*t, false));
    let folded = folded.iter().map(|t| (*t, true));
    let anchor = |(owner, (text, ignore_case)): (usize, (&str, bool))| Anchor {
        bytes: text.as_bytes().into(),
        ignore_case,
        // Two anchors share each owner.
        owner: owner as u32 / 2,
    };
    exact.chain(folded).enumerate().map(anchor).collect()
}

// ---- the plain way

/// Wants the header to follow the usual order; the generated headers do, as far as they go.
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?s-u)\A\d{4}-(\d\d)-(\d\d) (\d\d):(\d\d):\d\d[.,]\d{3}(?<zone>[^<\n\x00]{0,48}?)<@>(?: *(?<level>[A-Za-z]+) *<@>(?<more>[^\n\x00]*))?",
    )
    .unwrap()
});

fn plain(text: &[u8], anchors: &[Anchor], offset: impl Fn(usize) -> u64) -> Outcome {
    const BOM: &[u8] = b"\xEF\xBB\xBF";
    let mut starts = Vec::new();
    for at in 0..text.len() {
        let before = &text[..at];
        if !(before.is_empty() || before.ends_with(b"\n") || before.ends_with(b"\0") || before.ends_with(BOM)) {
            continue;
        }
        let Some(found) = HEADER.captures(&text[at..]) else { continue };
        let zone = String::from_utf8_lossy(&found["zone"]).into_owned();
        if zone.split(' ').filter(|w| !w.is_empty()).count() > 5 {
            continue;
        }
        let line = &text[at..];
        let end = (0..line.len()).find(|&i| line[i] == b'\n' || line[i] == 0 || line[i..].starts_with(BOM));
        let ends_in_newline = end.is_some_and(|e| line[e] == b'\n');
        let within = |name| found.name(name).is_some_and(|m| end.is_none_or(|e| m.end() <= e));
        if ends_in_newline || within("level") && line[..end.unwrap_or(line.len())].windows(3).filter(|w| w == b"<@>").count() > 1 {
            starts.push(at);
        }
    }
    let mut outcome = Outcome {
        records: starts.len() as u64,
        newlines: text.iter().filter(|b| **b == b'\n').count() as u64,
        ..Outcome::default()
    };
    for (n, &start) in starts.iter().enumerate() {
        let record = &text[start..starts.get(n + 1).copied().unwrap_or(text.len())];
        let line_end = (0..record.len())
            .find(|&i| record[i] == b'\n' || record[i] == 0 || record[i..].starts_with(BOM))
            .unwrap_or(record.len());
        let header = ecelens::log::grammar::header(&record[..line_end]).unwrap();
        let level = String::from_utf8_lossy(header.level.of(record)).into_owned();
        *outcome.levels.entry(level.to_ascii_uppercase()).or_default() += 1;
        if let Some(time) = header.time {
            let utc = time.local_ms - i64::from(time.offset_minutes.unwrap_or(0)) * 60_000;
            *outcome.minutes.entry(utc.div_euclid(60_000)).or_default() += 1;
        }
        // Anchors are looked for in the text as it stands; what is handed on is without end mark.
        let whole = &record[header.message as usize..];
        let mut message = whole;
        let blank = |b: &u8| b.is_ascii_whitespace() || *b == 0;
        while message.last().is_some_and(blank) {
            message = &message[..message.len() - 1];
        }
        if let Some(inner) = message.strip_suffix(b"<@>") {
            message = inner;
            while message.last().is_some_and(blank) {
                message = &message[..message.len() - 1];
            }
        }
        let holds = |a: &&Anchor| {
            whole.windows(a.bytes.len()).any(|w| {
                if a.ignore_case {
                    w.eq_ignore_ascii_case(&a.bytes)
                } else {
                    w == &*a.bytes
                }
            })
        };
        let mut owners: Vec<u32> = anchors.iter().filter(holds).map(|a| a.owner).collect();
        owners.dedup();
        if !owners.is_empty() || level == "ERROR" || level == "FATAL" {
            let line = 1 + text[..start].iter().filter(|b| **b == b'\n').count() as u64;
            let class = String::from_utf8_lossy(header.class.of(record)).into_owned();
            outcome
                .rows
                .push((line, offset(start), level, class, String::from_utf8_lossy(message).into_owned(), owners));
        }
    }
    outcome
}

// ---- the engine

#[derive(Default)]
struct Rows(Vec<Row>);

impl Sink for Rows {
    fn record(&mut self, record: &Record<'_>, owners: &[u32]) {
        assert_eq!(record.part, 0);
        let text = |bytes| Record::text(bytes).into_owned();
        self.0.push((
            record.line,
            record.offset,
            text(record.level),
            text(record.class),
            text(record.message),
            owners.to_vec(),
        ));
    }
}

fn outcome(digest: &SegmentDigest, rows: Rows) -> Outcome {
    Outcome {
        records: digest.records,
        newlines: digest.newlines,
        levels: digest.levels.clone(),
        minutes: digest.minutes.clone(),
        rows: rows.0,
    }
}

fn engine(filter: &Filter, bytes: &[u8], blocks: &[usize]) -> Outcome {
    let mut rows = Rows::default();
    let mut reader = LogReader::new(filter, &mut rows);
    let (mut rest, mut sizes) = (bytes, blocks.iter().cycle());
    while !rest.is_empty() {
        let (block, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        reader.feed(block);
        rest = after;
    }
    let digest = reader.finish();
    if let Some(tail) = &digest.tail {
        assert_eq!(join(filter, tail, &[], &mut rows).records, 0);
    }
    outcome(&digest, rows)
}

// ---- what logs may hold

fn header_text() -> impl Strategy<Value = String> {
    let zone = prop::sample::select(vec![
        " GMT-0400",
        " GMT+02:00",
        " CEST",
        "",
        " UTC",
        " +0530",
        " Central European Summer Time",
    ]);
    let level = prop::sample::select(vec!["INFO", "ERROR", "DBQUERY", "WARN", "NOTICE", "FATAL"]);
    let rest = prop::sample::select(vec![
        " [1:main] <@> ProcessId:3984 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.Rx <@> run() <@> ",
        " [67:Rx id : 9] <@> ProcessId:39 <@> PID:1 <@> UID:-1 <@> HttpSessionId: 0A1B2C3D0A1B2C3D0A1B2C3D0A1B2C3D <@> com.egain.X$1 <@> <init> <@>",
        " [278:ajp-a.b%2F14.104.48.16-15006-1] <@> ProcessId:3984 <@> PID:1 <@> UID:12 <@> HttpSessionId:<@>com.cisco.ipcc.Hook<@>agentAuthentication()<@>",
        " [x]y] <@> PID:1 <@> com.egain.Y <@> call <@> ",
        "",
        " [67:Rx",
    ]);
    let stamp = (1u32..13, 1u32..32, 0u32..24, 0u32..61, prop::sample::select(vec!['.', ',']));
    (stamp, zone, level, rest).prop_map(|((month, day, hour, second, dot), zone, level, rest)| {
        format!("2024-{month:02}-{day:02} {hour:02}:07:{second:02}{dot}678{zone} <@> {level} <@>{rest}")
    })
}

fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "**** Rx Instance 999 Running ****",
        "AADSTS50011: x",
        "AADSTS4",
        "error invalid_GRANT, again",
        "Authenticate failed",
        "AUTHENTICATE failed",
        "535 5.7.139 x",
        "né ü ß \u{1F600} \u{FEFF}",
        "connection refusedConnection Refused",
        "PKIX path buildin",
        "tag@<@>x",
        "\tat a.b.C(C.java:1)",
        "\n\n\tat java.base/x.Y(Y.java:2)\n",
        "PKIX path\nbuilding",
        "\0\0\0",
        "2024-01-02 03:04:05.678 no header",
        "2024-01-02 03:04:05.678 GMT <@> IN",
        "<@>",
        " <@> \n",
        "\r\n",
        "\n",
        "\n",
    ])
    .prop_map(str::to_owned)
}

fn log_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => words(), 1 => header_text(), 2 => header_text().prop_map(|h| format!("\n{h}"))];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_blocks_and_encodings_give_what_the_plain_way_gives(
        text in log_text(),
        crlf in any::<bool>(),
        form in 0..4,
        blocks in prop::collection::vec(1usize..200, 1..6),
    ) {
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let anchors = anchors();
        let filter = Filter::new(&anchors);
        let units = |at: usize| 2 + 2 * text.get(..at).unwrap_or_default().encode_utf16().count() as u64;
        let (bytes, expected): (Vec<u8>, Outcome) = match form {
            0 => (text.clone().into_bytes(), plain(text.as_bytes(), &anchors, |at| at as u64)),
            1 => ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), plain(text.as_bytes(), &anchors, |at| at as u64 + 3)),
            2 => {
                let wide = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
                (wide, plain(text.as_bytes(), &anchors, units))
            }
            _ => {
                let wide = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
                (wide, plain(text.as_bytes(), &anchors, units))
            }
        };
        prop_assert_eq!(engine(&filter, &bytes, &blocks), expected);
    }
}
