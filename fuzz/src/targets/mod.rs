//! What is fuzzed: functions from bytes to nothing that panic where a promise is broken. libFuzzer drives them (`fuzz/run`), and
//! `cargo test --test fuzz` replays every known input through them without libFuzzer.

mod archives;
mod logs;
mod names;
mod reports;
mod secrets;
mod texts;
mod words;

/// Something that reads bytes of a bundle.
pub struct Target {
    /// Name of the target and of its corpus.
    pub name: &'static str,
    /// Ends of the names of the fixtures that make its first corpus.
    pub seeds: &'static [&'static str],
    /// Reads the bytes, whatever they are. A panic is a find.
    pub run: fn(&[u8]),
}

/// All targets: the cheap ones first.
pub const TARGETS: &[Target] = &[
    target("stamp", &["subject.txt"], words::stamp),
    target("log_header", &["process.log"], logs::header),
    target("uri", &["subject.txt"], names::uri),
    target("version", &["note.txt"], words::version),
    target("jwt", &["note.txt", ".log"], secrets::jwt),
    target("encoding", &[".txt", ".log"], texts::encoding),
    target("secrets", &[".log", ".json", ".csv", ".txt"], secrets::masking),
    target("redaction", &[".log", ".json", ".csv", ".txt"], secrets::redaction),
    target("json", &[".json"], texts::json),
    target("xml", &[".xml", ".clixml", ".html", ".config"], texts::xml),
    target("csv", &[".csv"], texts::csv),
    target("console", &[".txt", ".md"], texts::console),
    target("mail", &[".eml", ".html"], texts::mail),
    target("workbook", &[".xlsx"], archives::workbook),
    target("sheet", &[".xml"], archives::sheet),
    target("archive", &[".zip", ".gz", ".tar"], archives::archive),
    target("log_engine", &[".log"], logs::engine),
    target("log_meaning", &[".log"], logs::meaning),
    target("signatures", &[".log", ".txt"], words::signatures),
    target("explain", &["subject.txt"], words::explain),
    target("evidence", &[".json", ".csv", ".txt", ".xml"], texts::evidence),
    target("pack", &[".toml"], reports::pack),
    target("diff", &["expected.json"], reports::diff),
    target("bundle", &[".csv", ".json", ".txt", ".log"], reports::bundle),
];

const fn target(name: &'static str, seeds: &'static [&'static str], run: fn(&[u8])) -> Target {
    Target { name, seeds, run }
}

/// The bytes as text, as far as they are.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_else(|error| std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default())
}

/// The bytes before and after the first line break.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}
