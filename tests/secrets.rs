//! A thousand and more secrets, of every class, written in every way, through every output of the program: none is seen, neither
//! as it is nor in Base64, URL escapes, hex or UTF-16, nor a piece of twelve characters of it. The files stand there as UTF-8, as
//! UTF-16 and in archives in archives; a redacted copy of them is an output too.

#![allow(clippy::disallowed_methods)]

#[path = "../src/model/secret/corpus.rs"]
mod corpus;
mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corpus::{CARRIERS, CLASSES, Dice, ENCODINGS};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Output;
use support::{ecelens, files};

/// Writes the corpus as a bundle that draws on every reader, and gives its secrets, each with where it stands.
fn bundle(folder: &Path) -> Vec<(String, String)> {
    let mut dice = Dice(0x5eed_0000_0003);
    let mut secrets = Vec::new();
    let mut contents: BTreeMap<String, String> = BTreeMap::new();
    for class in CLASSES {
        for written in class.written {
            for (carrier, carry) in CARRIERS {
                for (encoding, encode) in ENCODINGS {
                    // As in masking: a text of several lines is decoded before its lines are told apart.
                    if encoding.starts_with("UTF-16") {
                        continue;
                    }
                    let value = (class.value)(&mut dice);
                    let file = match *carrier {
                        "log" | "stack trace" => "eg_log_ECESVC01_rx-process.log".to_owned(),
                        carrier => format!("{carrier} {}.txt", class.name),
                    };
                    let content = contents.entry(file).or_default();
                    // An error's text is shown in groups, samples and excerpts.
                    if *carrier == "stack trace" {
                        content.push_str("2025-01-05 17:04:23.001 GMT+0100 <@> ERROR <@> [12:x] <@> ProcessId:1 <@> PID:1 <@> UID:1 <@> HttpSessionId: <@> com.egain.X <@> run <@> AADSTS700016 ");
                    }
                    content.push_str(carry(&encode(&written.replace("{}", &value))).trim_end());
                    content.push_str("\n\n");
                    secrets.push((format!("{} / {written} / {carrier} / {encoding}", class.name), value));
                }
            }
        }
    }
    let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in contents {
        std::fs::write(folder.join(&name), &content).expect("a file");
        // As PowerShell writes; not the same bytes again, since copies count once.
        let wide = format!("\u{FEFF}# wide\r\n{content}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>();
        std::fs::write(folder.join(format!("wide {name}")), wide).expect("a file");
        packed
            .start_file(format!("copy of {name}"), zip::write::SimpleFileOptions::default())
            .expect("a member");
        packed.write_all(format!("# packed\n{content}").as_bytes()).expect("its content");
    }
    let inner = packed.finish().expect("an archive").into_inner();
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_ustar();
    header.set_size(inner.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "logs/inner.zip", inner.as_slice()).expect("a member");
    let packed = tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("an archive");
    std::fs::write(folder.join("nested.tar.gz"), packed).expect("an archive");
    secrets
}

/// Every piece of twelve characters of every secret, in every form in which it may be written.
struct Pieces(aho_corasick::AhoCorasick, Vec<usize>);

impl Pieces {
    fn of(secrets: &[(String, String)]) -> Self {
        let (mut pieces, mut owners) = (Vec::new(), Vec::new());
        for (owner, (_, value)) in secrets.iter().enumerate() {
            let letters: Vec<char> = value.chars().collect();
            let mut add = |piece: String| {
                pieces.push(piece);
                owners.push(owner);
            };
            let own = letters.windows(letters.len().min(12)).map(|piece| piece.iter().collect::<String>());
            own.filter(|piece| !is_everyday(piece)).for_each(&mut add);
            add(STANDARD.encode(value).trim_end_matches('=').to_owned());
            add(value.bytes().map(|b| format!("{b:02x}")).collect());
            add(value.bytes().map(|b| format!("{b:02X}")).collect());
            add(value.chars().flat_map(|c| [c, '\0']).collect());
            let escaped: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            add(escaped);
        }
        // Names are compared in lower case: a secret that was taken for one would be shown so.
        let mut builder = aho_corasick::AhoCorasick::builder();
        let automaton = builder.ascii_case_insensitive(true).build(&pieces).expect("the pieces");
        Self(automaton, owners)
    }

    /// The secrets that are seen in `bytes`, each once, with what stands around it.
    fn seen_in(&self, bytes: &[u8]) -> BTreeMap<usize, String> {
        let mut seen = BTreeMap::new();
        for found in self.0.find_iter(bytes) {
            seen.entry(self.1[found.pattern().as_usize()]).or_insert_with(|| {
                let from = found.start().saturating_sub(60);
                String::from_utf8_lossy(&bytes[from..(found.end() + 20).min(bytes.len())]).into_owned()
            });
        }
        seen
    }
}

/// What every token has in common tells nothing: the header of a JWT, an XOAUTH2 string's user.
fn is_everyday(piece: &str) -> bool {
    let jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6Ing1dCJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlLmNvbSIsInVwbiI6I";
    let known = [
        jwt.to_owned(),
        STANDARD.encode(format!("user=sales@example.com\u{1}auth=Bearer {jwt}")),
        ".AgABAAEAAAD".into(),
    ];
    known.iter().any(|known| known.contains(piece))
}

/// What a reader sees of a file: members of archives and parts of workbooks, and wide text as it is read.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    if let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(bytes)) {
        for index in 0..archive.len() {
            let mut content = Vec::new();
            let mut part = archive.by_index(index).expect("a part");
            all.extend(part.name().expect("a name").as_bytes());
            part.read_to_end(&mut content).expect("its content");
            all.extend(unpacked(&content));
        }
        return all;
    }
    if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut content = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut content).expect("gzip");
        return unpacked(&content);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        for entry in tar::Archive::new(bytes).entries().expect("an archive") {
            let mut content = Vec::new();
            entry.expect("a member").read_to_end(&mut content).expect("its content");
            all.extend(unpacked(&content));
        }
        return all;
    }
    match bytes.strip_prefix(&[0xFF, 0xFE]) {
        Some(wide) => {
            let units: Vec<u16> = wide.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units).into_bytes()
        }
        None => bytes.to_vec(),
    }
}

#[test]
fn no_output_shows_a_secret() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let secrets = bundle(folder.path());
    assert!(
        secrets.len() >= 1_000 && CLASSES.len() >= 25,
        "{} secrets of {} classes",
        secrets.len(),
        CLASSES.len()
    );
    let pieces = Pieces::of(&secrets);
    let (out, temporary) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let input = folder.path().to_string_lossy().into_owned();
    let run = |arguments: &[&str]| -> Output {
        let mut command = ecelens();
        command.args(arguments).env("TMPDIR", temporary.path());
        command.output().expect("the binary starts")
    };
    let formats = ["text", "json", "ndjson", "sarif", "html", "markdown", "csv", "xlsx", "junit"];
    let mut scan = vec!["scan".to_owned(), input.clone(), "-v".into(), "--fail-on".into(), "never".into()];
    for format in formats {
        let file = out.path().join(format);
        scan.extend(["--format".into(), format.into(), "--output".into(), file.to_string_lossy().into_owned()]);
    }
    let report = out.path().join("json").to_string_lossy().into_owned();
    // A copy that may be shared, and its private map: neither holds a secret.
    let copy = out.path().join("copy");
    let mut outputs: Vec<(String, Vec<u8>)> = Vec::new();
    let commands: Vec<Vec<String>> = vec![
        scan,
        vec!["facts".into(), input.clone()],
        vec!["inventory".into(), input.clone()],
        vec!["signatures".into(), "draft".into(), input.clone()],
        vec!["timeline".into(), input.clone()],
        vec!["timeline".into(), input.clone(), "--format".into(), "html".into()],
        vec!["diff".into(), report.clone(), report.clone()],
        vec!["collect".into(), report],
        vec!["redact".into(), input, "-o".into(), copy.to_string_lossy().into_owned()],
    ];
    for command in &commands {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let output = run(&arguments);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        outputs.push((format!("{} (stdout)", command[0]), output.stdout));
        outputs.push((format!("{} (stderr)", command[0]), output.stderr));
    }
    outputs.extend(files(out.path()).iter().map(|file| {
        let bytes = std::fs::read(file).expect("a report");
        (support::name(file), unpacked(&bytes))
    }));
    assert!(outputs.len() >= 100 && outputs.iter().filter(|(_, bytes)| bytes.len() > 1_000).count() >= 14);
    assert_eq!(files(temporary.path()), Vec::<std::path::PathBuf>::new(), "no temporary file is left");
    let mut leaks: Vec<String> = Vec::new();
    for (name, bytes) in &outputs {
        for (owner, around) in pieces.seen_in(bytes).into_iter().take(5) {
            leaks.push(format!("{name}: {}: …{around}…", secrets[owner].0));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
