//! A redacted copy names nobody, and the checks come to the same verdicts on it.

#![allow(clippy::disallowed_methods)]

#[path = "support/schema.rs"]
mod schema;
mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Output;
use support::{fixtures, folders, name, report, run};

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

/// Files below `folder` by their paths in it.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let below = |path: &Path| path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| (below(path), std::fs::read(path).expect("a file"))).collect()
}

/// How many findings of each check have which verdict, and the causes.
fn verdicts(report: &serde_json::Value) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    let part = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or("").to_owned();
    for finding in report["findings"].as_array().expect("findings") {
        // The copy has no secrets any more: that is its purpose.
        if finding["check"] != "log.secrets" {
            *counts.entry((part(finding, "check"), part(finding, "verdict"))).or_default() += 1;
        }
    }
    for cause in report["diagnosis"].as_array().expect("causes") {
        *counts.entry(("cause".into(), part(cause, "cause"))).or_default() += 1;
    }
    counts
}

fn redact(path: &Path, output: &Path, more: &[&str]) -> Output {
    let mut arguments = vec![
        "redact".into(),
        path.to_string_lossy().into_owned(),
        "-o".into(),
        output.to_string_lossy().into_owned(),
    ];
    arguments.extend(more.iter().map(ToString::to_string));
    run(&arguments)
}

fn redacted(path: &Path, output: &Path, more: &[&str]) {
    let outcome = redact(path, output, more);
    assert_eq!(
        outcome.status.code(),
        Some(0),
        "{}: {}",
        path.display(),
        String::from_utf8_lossy(&outcome.stderr)
    );
}

fn map_of(output: &Path) -> PathBuf {
    PathBuf::from(format!("{}.map.json", output.display()))
}

/// Originals of the map that nobody could mistake for a word.
fn originals(map: &Path) -> Vec<String> {
    let map: serde_json::Value = serde_json::from_slice(&std::fs::read(map).expect("a map")).expect("JSON");
    let entries = map["names"].as_array().expect("names");
    let original = |entry: &serde_json::Value| entry["original"].as_str().expect("a name").to_owned();
    let names: Vec<String> = entries.iter().map(original).filter(|name| name.len() > 5).collect();
    assert!(names.len() > 2, "{names:?}");
    names
}

fn zipped(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("written");
    gzip.finish().expect("a gzip")
}

fn tar_of(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, name, bytes.as_slice()).expect("a member");
    }
    tar.into_inner().expect("a tar")
}

/// A workbook of one sheet, all strings shared.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut strings = String::new();
    let mut sheet = String::new();
    let mut count = 0;
    for (row, cells) in rows.iter().enumerate() {
        sheet.push_str(&format!("<row r=\"{}\">", row + 1));
        for (column, cell) in cells.iter().enumerate() {
            // A name that is split into runs of different fonts.
            let (left, right) = cell.split_at(cell.len() / 2);
            strings.push_str(&format!(
                "<si><r><t>{left}</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\">{right}</t></r></si>"
            ));
            sheet.push_str(&format!(
                "<c r=\"{}{}\" t=\"s\"><v>{count}</v></c>",
                char::from(b'A' + column as u8),
                row + 1
            ));
            count += 1;
        }
        sheet.push_str("</row>");
    }
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let part = |name: &str, text: String| (name.to_owned(), text.into_bytes());
    zipped(&[
        part("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>".into()),
        part("_rels/.rels", format!("<Relationships xmlns=\"{relations}\"><Relationship Id=\"r1\" Type=\"{kinds}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")),
        part("docProps/core.xml", "<cp xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:creator>Anna Rossi</dc:creator><dc:title>ece.contoso.com</dc:title></cp>".into()),
        part("xl/media/logo.png", "\u{1}contoso".into()),
        part("xl/workbook.xml", format!("<workbook xmlns=\"{main}\" xmlns:r=\"{kinds}\"><sheets><sheet name=\"Contoso\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>")),
        part("xl/_rels/workbook.xml.rels", format!("<Relationships xmlns=\"{relations}\"><Relationship Id=\"r1\" Type=\"{kinds}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"{kinds}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>")),
        part("xl/sharedStrings.xml", format!("<sst xmlns=\"{main}\">{strings}</sst>")),
        part("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{main}\"><sheetData>{sheet}</sheetData></worksheet>")),
    ])
}

/// All texts of a file, unpacked; what is unpacked last is at the end.
fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).replace('\0', "");
    if bytes.starts_with(b"PK") {
        text.clear();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip");
        for index in 0..zip.len() {
            let mut member = zip.by_index(index).expect("a member");
            let mut inner = Vec::new();
            text.push_str(&member.name().expect("a name"));
            member.read_to_end(&mut inner).expect("unpacked");
            text.push_str(&unpacked(&inner));
        }
    } else if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut inner = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut inner).expect("unpacked");
        text = unpacked(&inner);
    }
    text.to_lowercase()
}

#[test]
fn copies_of_all_bundles_give_the_same_verdicts_and_name_nobody() {
    let target = tempfile::tempdir().expect("a folder");
    for bundle in folders(&fixtures("bundles")) {
        let input = bundle.join("input");
        let output = target.path().join(name(&bundle));
        redacted(&input, &output, &[]);
        assert_eq!(verdicts(&report(&[&input])), verdicts(&report(&[&output])), "{}", bundle.display());
        let originals = originals(&map_of(&output));
        for (path, bytes) in contents(&output) {
            let text = format!("{path} {}", unpacked(&bytes)).to_lowercase();
            for original in &originals {
                // `accounts` may be a mailbox and is a word, too.
                let leaks = original.contains(|c: char| c.is_ascii_digit())
                    || text.contains(&format!("{original}@"))
                    || text.contains(&format!("{original}.com"));
                assert!(!(leaks && text.contains(original.as_str())), "{path}: {original}");
            }
        }
    }
}

#[test]
fn a_packed_bundle_gives_the_same_verdicts_packed_the_same_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = fixtures("bundles").join("secret-expired/input");
    let members = contents(&input);
    let (logs, rest): (Vec<_>, Vec<_>) = members.into_iter().partition(|(path, _)| path.ends_with(".log"));
    let single = logs.first().cloned().expect("a log");
    let inner = zipped(&rest);
    let bundle = zipped(&[
        ("upload/settings.zip".into(), inner),
        ("upload/logs.tar.gz".into(), gzipped(&tar_of(&logs[1..]))),
        (format!("upload/{}.gz", single.0), gzipped(&single.1)),
        ("upload/screen.png".into(), b"\x89PNG\x01\x02\x03\x04\x05\x06contoso.com".to_vec()),
    ]);
    let (path, output) = (folder.path().join("bundle.zip"), folder.path().join("copy.zip"));
    std::fs::write(&path, bundle).expect("written");
    let outcome = redact(&path, &output, &[]);
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(0), "{said}");
    assert!(said.contains("left out: bundle.zip!/upload/screen.png: no text"), "{said}");
    let (before, after) = (report(&[&path]), report(&[&output]));
    assert_eq!(verdicts(&before), verdicts(&after));
    let shape = |report: &serde_json::Value| {
        let rows = report["inventory"].as_array().expect("rows").iter();
        rows.filter(|row| row["path"].as_str().is_some_and(|p| !p.ends_with(".png")))
            .map(|row| {
                (
                    row["kind"].clone(),
                    row["records"].clone(),
                    row["path"].as_str().map(|p| p.matches("!/").count()),
                )
            })
            .map(|row| format!("{row:?}"))
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(shape(&before), shape(&after));
    let text = unpacked(&std::fs::read(&output).expect("the copy"));
    assert!(!text.contains("contoso") && !text.contains("ecesvc01"));
    // The same bundle with the same map gives the same bytes.
    let again = folder.path().join("again.zip");
    redacted(&path, &again, &["--map", &map_of(&output).to_string_lossy()]);
    assert_eq!(std::fs::read(&output).expect("a copy"), std::fs::read(&again).expect("a copy"));
}

#[test]
fn a_workbook_still_reads_and_holds_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let book = workbook(&[
        &["Name", "Email Address", "Account password", "External URL of Application"],
        &["Sales", "sales@contoso.com", "Sommer2024!", "https://ece.contoso.com/x?a=1&amp;b=2"],
    ]);
    let (path, output) = (folder.path().join("accounts.xlsx"), folder.path().join("copy.xlsx"));
    std::fs::write(&path, book).expect("written");
    redacted(&path, &output, &[]);
    let bytes = std::fs::read(&output).expect("the copy");
    let text = unpacked(&bytes);
    for gone in ["contoso", "sommer", "anna", "logo.png"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(
        text.contains("user1@domain1.com") && text.contains("https://host1.domain1.com/x?a=1&amp;b=2"),
        "{text}"
    );
    let (before, after) = (report(&[&path]), report(&[&output]));
    assert_eq!(verdicts(&before), verdicts(&after));
    assert_eq!(before["inventory"][0]["kind"], after["inventory"][0]["kind"]);
    assert_eq!(after["inventory"][0]["losses"], 0, "{after}");
}

#[test]
fn the_map_is_private_and_serves_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
    std::fs::write(
        &first,
        "ece.contoso.com sales@contoso.com 10.1.2.3 7922ef35-4a6c-422a-b185-5b3eb50a7edf\n",
    )
    .expect("written");
    std::fs::write(
        &second,
        "new.contoso.com x@contoso.com sales@contoso.com 10.1.2.3 7922ef35-4a6c-422a-b185-5b3eb50a7edf\n",
    )
    .expect("written");
    let map = folder.path().join("private.json");
    let given = map.to_string_lossy().into_owned();
    let (one, two) = (folder.path().join("1.txt"), folder.path().join("2.txt"));
    redacted(&first, &one, &["--map", &given]);
    redacted(&second, &two, &["--map", &given]);
    let words = |path: &Path| -> Vec<String> {
        let text = std::fs::read_to_string(path).expect("a copy");
        text.split_whitespace().map(str::to_owned).collect()
    };
    let (one, two) = (words(&one), words(&two));
    assert_eq!(one[1..], two[2..], "{one:?} {two:?}");
    assert_eq!(two[0], "host2.domain1.com");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&map).expect("a map").permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    // Without the map another key is drawn.
    let other = folder.path().join("3.txt");
    redacted(&first, &other, &[]);
    assert_ne!(words(&other)[3], one[3]);
}

#[test]
fn nothing_is_overwritten_and_the_bundle_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("bundle");
    std::fs::create_dir(&bundle).expect("made");
    std::fs::write(bundle.join("a.txt"), "ece.contoso.com\n").expect("written");
    let there = folder.path().join("there");
    std::fs::write(&there, "mine").expect("written");
    let used = folder.path().join("used.map.json");
    std::fs::write(&used, "mine").expect("written");
    let refused = |output: &Path, more: &[&str], why: &str| {
        let outcome = redact(&bundle, output, more);
        let said = String::from_utf8_lossy(&outcome.stderr);
        assert_eq!(outcome.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    };
    refused(&there, &[], "is there already");
    refused(&bundle.join("copy"), &[], "lies in the bundle");
    refused(&bundle, &[], "lies in the bundle");
    refused(&folder.path().join("used"), &[], "is there already; `--map");
    refused(&folder.path().join("x"), &["--map", &used.to_string_lossy()], "is no map of pseudonyms");
    refused(
        &folder.path().join("x"),
        &["--map", &folder.path().join("x/map").to_string_lossy()],
        "lies in the copy",
    );
    refused(
        &folder.path().join("x"),
        &["--map", &bundle.join("map").to_string_lossy()],
        "lies in the bundle",
    );
    let left: Vec<String> = contents(folder.path()).into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["bundle/a.txt", "there", "used.map.json"]);
    redacted(&bundle, &folder.path().join("packed.zip"), &[]);
    let text = unpacked(&std::fs::read(folder.path().join("packed.zip")).expect("a zip"));
    assert_eq!(text, "a.txthost1.domain1.com\n");
}

#[test]
fn a_copy_that_leaks_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let map = folder.path().join("map.json");
    // A map that was tampered with plants a secret in the copy.
    let planted = serde_json::json!({"schema_version": 1, "key": "00".repeat(32), "names": [
        {"kind": "domain", "original": "contoso", "pseudonym": "x password=Sommer2024! y"}
    ]});
    std::fs::write(&map, planted.to_string()).expect("written");
    let path = folder.path().join("bundle.zip");
    let log = ("a.log".to_owned(), b"at ece.contoso.com\n".to_vec());
    std::fs::write(&path, zipped(&[("logs.tar.gz".into(), gzipped(&tar_of(&[log])))])).expect("written");
    let outcome = redact(&path, &folder.path().join("copy.zip"), &["--map", &map.to_string_lossy()]);
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(2), "{said}");
    assert!(
        said.contains("copy.zip!/logs.tar.gz!/a.log: what looks like a secret: password") && !said.contains("Sommer"),
        "{said}"
    );
    let left: Vec<String> = contents(folder.path()).into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["bundle.zip", "map.json"]);
}

#[test]
fn a_redacted_report_names_nobody_in_any_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema: serde_json::Value = serde_json::from_slice(&run(&["schema"]).stdout).expect("a schema");
    for bundle in ["secret-expired", "redirect-mismatch"] {
        let input = fixtures("bundles").join(bundle).join("input");
        if !input.exists() {
            continue;
        }
        // What the bundle names is what a map of it lists.
        let copy = folder.path().join(bundle);
        redacted(&input, &copy, &[]);
        let names = originals(&map_of(&copy));
        let scan = |format: &str| run(&["scan", &input.to_string_lossy(), "--redact", "--format", format]).stdout;
        for format in ["text", "json", "ndjson", "sarif", "html", "markdown", "csv", "xlsx", "junit"] {
            let bytes = scan(format);
            assert_eq!(bytes, scan(format), "{format} differs from run to run");
            let text = unpacked(&bytes);
            for name in &names {
                let is_word = name.chars().all(char::is_alphabetic);
                let leaks = if is_word {
                    text.contains(&format!("{name}@")) || text.contains(&format!("{name}."))
                } else {
                    text.contains(name.as_str())
                };
                assert!(!leaks && !text.contains("contoso"), "{bundle} {format}: {name}");
            }
        }
        let json: serde_json::Value = serde_json::from_slice(&scan("json")).expect("JSON");
        assert_eq!(schema::violations(&schema, &json), Vec::<String>::new());
        assert_eq!(verdicts(&json), verdicts(&report(&[&input])));
        for command in ["inventory", "facts", "timeline"] {
            let said = String::from_utf8_lossy(&run(&[command, &input.to_string_lossy(), "--redact"]).stdout).to_lowercase();
            assert!(!said.is_empty() && !said.contains("contoso") && !said.contains("ecesvc01"), "{command}");
        }
    }
}
