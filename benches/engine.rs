//! Drives the log engine alone, for profiles and comparisons.
//!
//! ```text
//! engine scan LITERALS FILE…   counts records and anchors; LITERALS holds one anchor per line
//! engine literals              the catalogue's anchors, one per line
//! engine made-up N             N invented anchors, one per line
//! engine inflate FILE          inflates the members of a zip, or a gzip, on one thread and does nothing else
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, missing_docs)]

use ecelens::log::{Filter, LogReader, Record, Sink, interpret, join};
use ecelens::signatures::{Anchor, Catalogue};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::{env, fs};

#[derive(Default)]
struct Count {
    handed_on: u64,
    hits: BTreeMap<u32, u64>,
}

impl Sink for Count {
    fn record(&mut self, _: &Record<'_>, owners: &[u32]) {
        self.handed_on += 1;
        for owner in owners {
            *self.hits.entry(*owner).or_default() += 1;
        }
    }
}

fn scan(list: &str, paths: &[String]) -> io::Result<()> {
    let list = fs::read_to_string(list)?;
    let anchor = |(owner, line): (usize, &str)| Anchor {
        bytes: line.as_bytes().into(),
        ignore_case: false,
        owner: owner as u32,
    };
    let anchors: Vec<Anchor> = list.lines().enumerate().map(anchor).collect();
    let filter = Filter::new(&anchors);
    let results: Vec<_> = paths
        .par_iter()
        .map(|path| {
            let mut count = Count::default();
            let mut reader = LogReader::new(&filter, &mut count);
            reader.read_all(&mut fs::File::open(path)?)?;
            let digest = reader.finish();
            if let Some(tail) = &digest.tail {
                join(&filter, tail, &[], &mut count);
            }
            Ok((digest, count))
        })
        .collect::<io::Result<_>>()?;
    let (mut records, mut newlines, mut handed_on, mut hits, mut sum) = (0, 0, 0, 0, 0_u64);
    for (digest, count) in &results {
        records += digest.records;
        newlines += digest.newlines;
        handed_on += count.handed_on;
        for (owner, n) in &count.hits {
            hits += n;
            sum = sum.wrapping_mul(31).wrapping_add(u64::from(*owner) * 1_000_003 + n);
        }
        for (minute, n) in &digest.minutes {
            sum = sum.wrapping_mul(31).wrapping_add(*minute as u64 * 7 + u64::from(*n));
        }
    }
    println!("{records} records, {newlines} line breaks, {handed_on} handed on, {hits} hits, checksum {sum:016x}");
    Ok(())
}

fn literals() {
    let catalogue = Catalogue::builtin();
    let anchors = interpret::anchors(&catalogue);
    let texts: BTreeSet<_> = anchors.iter().map(|a| String::from_utf8_lossy(&a.bytes).into_owned()).collect();
    texts.iter().for_each(|text| println!("{text}"));
}

/// Words that no healthy log holds, of 9 to 20 letters.
fn made_up(count: u64) {
    for number in 0..count {
        let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF0;
        let mut letter = || {
            state ^= state >> 29;
            state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (state >> 32);
            char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ .:"[(state >> 40) as usize % 39])
        };
        let text: String = (0..9 + number % 12).map(|_| letter()).collect();
        println!("{}", text.replace(' ', "_"));
    }
}

fn inflate(path: &str) -> io::Result<()> {
    let mut block = vec![0; 256 * 1024];
    let mut drain = |source: &mut dyn Read| -> io::Result<()> {
        while source.read(&mut block)? > 0 {}
        Ok(())
    };
    if path.ends_with(".zip") {
        let mut archive = zip::ZipArchive::new(fs::File::open(path)?)?;
        for index in 0..archive.len() {
            drain(&mut archive.by_index(index)?)?;
        }
        return Ok(());
    }
    drain(&mut flate2::read::MultiGzDecoder::new(fs::File::open(path)?))
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["scan", list, ..] => scan(list, &arguments[2..]),
        ["literals"] => {
            literals();
            Ok(())
        }
        ["made-up", count] => {
            made_up(count.parse().unwrap_or(0));
            Ok(())
        }
        ["inflate", path] => inflate(path),
        _ => {
            eprintln!("usage: engine scan LITERALS FILE… | literals | made-up N | inflate FILE");
            Ok(())
        }
    }
}
