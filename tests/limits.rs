//! A limit of the whole bundle leaves out what stands last, whichever thread reads first: the same report for any number of them.

use ecelens::analysis::{Analysis, Options};
use ecelens::bundle::{Bundle, Limits};
use ecelens::model::Language;
use ecelens::report;
use ecelens::signatures::Catalogue;
use std::io::Write;
use std::path::Path;

/// Three zips and a packed tar with notes in them, one more than the other.
fn bundle(folder: &Path) {
    let note = |n: usize| format!("ECE 12.6(1) ES{n}\n").repeat(200 + n);
    for archive in ["a", "b", "c"] {
        let file = std::fs::File::create(folder.join(format!("{archive}.zip"))).expect("an archive");
        let mut zip = zip::ZipWriter::new(file);
        for n in 0..9 {
            zip.start_file(format!("note{n}.txt"), zip::write::SimpleFileOptions::default())
                .expect("a member");
            zip.write_all(note(n).as_bytes()).expect("its content");
        }
        zip.finish().expect("a whole archive");
    }
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(packed);
    for n in 0..9 {
        let note = note(n);
        let mut header = tar::Header::new_ustar();
        header.set_size(note.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("note{n}.txt"), note.as_bytes()).expect("a member");
    }
    let bytes = tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("a whole archive");
    std::fs::write(folder.join("d.tar.gz"), bytes).expect("an archive");
}

/// The JSON report of `folder` within `limits`, read by `threads` threads.
fn report(folder: &Path, limits: Limits, threads: usize) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let bundle = Bundle::open(&[folder.to_owned()], limits);
        let options = Options::default();
        let analysis = Analysis::of(&bundle, Catalogue::builtin(), &options, &|_| {});
        let report = analysis.report(&options, Language::English);
        assert!(report.is_partial());
        report::to_json(&report).expect("a report")
    })
}

fn is_the_same_for_any_number_of_threads(limits: Limits, says: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    bundle(folder.path());
    let first = report(folder.path(), limits, 1);
    assert!(first.contains(says), "{first}");
    for threads in 1..=16 {
        assert!(report(folder.path(), limits, threads) == first, "{threads} threads");
    }
}

#[test]
fn a_limit_of_members_leaves_out_the_last_ones() {
    let limits = Limits {
        entries: 17,
        ..Limits::default()
    };
    is_the_same_for_any_number_of_threads(limits, "a bundle may hold 17 files");
}

#[test]
fn a_limit_of_unpacked_bytes_cuts_at_one_byte() {
    let limits = Limits {
        bundle_unpacked: 77_777,
        ..Limits::default()
    };
    is_the_same_for_any_number_of_threads(limits, "a bundle may unpack to");
}
