//! Lines without end, encodings that change or lie, logs made to cost, secrets by the million, and packs of signatures as weapons.

use super::bombs::Hostile;
use super::{RECORD, log};

const MIB: usize = 1024 * 1024;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// `lines` error records, each with a text of its own.
fn errors(lines: usize, text: fn(usize) -> String) -> Vec<u8> {
    let head = "2026-05-04 09:00:00.000 GMT+0200 <@> ERROR <@> [12:x] <@> ProcessId:77 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.X <@> run <@> ";
    (0..lines).flat_map(|n| format!("{head}{} <@>\n", text(n)).into_bytes()).collect()
}

fn dated(stamp: &str) -> Vec<u8> {
    RECORD.replace("2026-05-04 09:00:00.000", stamp).into_bytes()
}

/// All of them.
pub const HOSTILE: &[Hostile] = &[
    // T7
    Hostile::told("line.txt", &["MiB"], || vec![b'x'; 100 * MIB]),
    Hostile::read("line.log", || {
        [log(1), RECORD.trim_end().as_bytes().to_vec(), vec![b'y'; 100 * MIB]].concat()
    }),
    Hostile::read("zeros.log", || [log(2), vec![0; 100 * MIB], log(2)].concat()),
    Hostile::told("zeros.txt", &[], || vec![0; 50 * MIB]),
    Hostile::read("carriage-returns.log", || RECORD.repeat(50).replace('\n', "\r").into_bytes()),
    Hostile::read("mixed-line-ends.log", || {
        [RECORD.replace('\n', "\r\n"), RECORD.into(), RECORD.replace('\n', "\r\r\n")]
            .concat()
            .into_bytes()
    }),
    Hostile::told("line-breaks.txt", &[], || vec![b'\n'; 50 * MIB]),
    Hostile::read("half-header.log", || {
        [log(3), b"2026-05-04 09:00:00.000 GMT+0200 <@> ER".to_vec()].concat()
    }),
    Hostile::read("separators.log", || {
        [RECORD.trim_end().as_bytes().to_vec(), b" <@>".repeat(5 * MIB)].concat()
    }),
    // T8
    Hostile::read("odd-length.log", || [vec![0xFF, 0xFE], utf16(&RECORD.repeat(4)), vec![0x41]].concat()),
    Hostile::read("no-mark.log", || utf16(&RECORD.repeat(40))),
    Hostile::read("half-pairs.log", || {
        [vec![0xFF, 0xFE], utf16(RECORD), vec![0x00, 0xD8, 0x00, 0xD8], utf16(RECORD)].concat()
    }),
    Hostile::read("invalid.log", || [log(2), vec![0xFF; 100_000], log(2)].concat()),
    Hostile::read("shift-jis.log", || [log(2), b"\x83\x81\x81[\x83\x8B\n".repeat(10_000), log(2)].concat()),
    Hostile::read("marks.log", || [log(1), "\u{FEFF}".repeat(1_000_000).into_bytes(), log(1)].concat()),
    Hostile::read("changes-its-encoding.log", || [log(100), utf16(&RECORD.repeat(100)), log(100)].concat()),
    // T14: nothing costs the square of what is there.
    Hostile::read("distinct-errors.log", || {
        errors(60_000, |n| format!("failure of the kind {} in part {n:x} of x{}", n * 7919, n * 31))
    }),
    Hostile::read("distinct-addresses.log", || {
        errors(30_000, |n| {
            format!("535 5.7.139 Authentication unsuccessful for user{n}@host{n}.example.com")
        })
    }),
    Hostile::read("distinct-codes.log", || errors(40_000, |n| format!("AADSTS{n}: nobody knows this code"))),
    Hostile::read("deep-trace.log", || {
        [
            errors(1, |_| "java.lang.StackOverflowError".into()),
            b"\tat a.b.C.d(C.java:1)\n".repeat(400_000),
        ]
        .concat()
    }),
    Hostile::read("causes.log", || {
        [
            errors(1, |_| "x.E: y".into()),
            b"Caused by: x.E: y\n\tat a.B.c(B.java:1)\n".repeat(100_000),
        ]
        .concat()
    }),
    Hostile::read("patterns.log", || {
        errors(3, |_| format!("{}b{}", "a".repeat(200_000), "(((((".repeat(100_000)))
    }),
    Hostile::told("prompts.txt", &[], || "PS C:\\> Get-CASMailbox a\n".repeat(100_000).into_bytes()),
    Hostile::told("labels.txt", &[], || {
        "PrimarySmtpAddress : sales@example.com\n\n".repeat(60_000).into_bytes()
    }),
    Hostile::told("one-record.txt", &[], || {
        (0..200_000).map(|n| format!("Label{n} : value\n")).collect::<String>().into_bytes()
    }),
    Hostile::told("rulers.txt", &[], || {
        format!("Name Value\n{}\n{}\n", "---- ".repeat(100_000), "a ".repeat(200_000)).into_bytes()
    }),
    Hostile::told("certificates.txt", &[], || {
        "-----BEGIN CERTIFICATE-----\nMIIBAAAAAAAAAAAA\n-----END CERTIFICATE-----\n"
            .repeat(50_000)
            .into_bytes()
    }),
    Hostile::told("nested-certificate.txt", &[], || {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "MIAwgDCA".repeat(200_000)).into_bytes()
    }),
    // T21: masking keeps up.
    Hostile::told("secrets.txt", &[], || {
        (0..100_000)
            .map(|n| format!("password=Hunter{n}! token=eyJhbGciOiJIUzI1NiJ9.e30.{n:040}\n"))
            .collect::<String>()
            .into_bytes()
    }),
    Hostile::told("one-secret.txt", &[], || {
        format!("Authorization: Bearer {}", "abcdefgh".repeat(2 * MIB)).into_bytes()
    }),
    Hostile::told("base64-in-base64.txt", &[], || {
        use base64::{Engine, engine::general_purpose::STANDARD};
        (0..25).fold(b"password=Hunter2!".to_vec(), |inner, _| STANDARD.encode(inner).into_bytes())
    }),
    Hostile::told("open-key.txt", &[], || {
        format!("-----BEGIN PRIVATE KEY-----\n{}", "AAAA\n".repeat(2_000_000)).into_bytes()
    }),
    Hostile::told("escapes.txt", &[], || "%25".repeat(5 * MIB).into_bytes()),
    // T22
    Hostile::read("year-zero.log", || dated("0000-00-00 00:00:00.000")),
    Hostile::read("year-9999.log", || dated("9999-12-31 23:59:60.999")),
    Hostile::read("hour-24.log", || dated("2026-05-04 24:00:00.000")),
    Hostile::read("no-such-day.log", || dated("2026-02-30 09:00:00.000")),
    Hostile::told("far-dates.json", &[], || {
        br#"{"appId": "11111111-2222-3333-4444-555555555555", "displayName": "x", "passwordCredentials": [{"endDateTime": "+262143-12-31T23:59:59Z"}, {"endDateTime": "-9999999-01-01T00:00:00Z"}, {"endDateTime": "9999-12-31T23:59:59.9999999Z"}]}"#.to_vec()
    }),
    // T17: what a terminal would do. No output holds the characters themselves; see the test of the bombs.
    Hostile::read("terminal.log", || {
        errors(3, |n| {
            format!("AADSTS{n} \u{1b}]8;;http://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\ \u{9b}31m \u{202e}txt.exe \u{7} \u{8}\u{8}\r> pass")
        })
    }),
    Hostile::told("markup.txt", &[], || {
        b"PrimarySmtpAddress : <script>alert(1)</script>@example.com\nPopEnabled : \"><img src=x onerror=alert(1)>\n".to_vec()
    }),
];
