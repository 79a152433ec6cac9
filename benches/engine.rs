//! Drives the log engine alone, for profiles: `engine ANCHORS FILE…`, where `ANCHORS` holds one literal per line.

#![allow(clippy::print_stdout, missing_docs)]

use ecelens::log::{Filter, LogReader, Record, Sink, join};
use ecelens::signatures::Anchor;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;

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

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let list = arguments.next().map(fs::read_to_string).transpose()?.unwrap_or_default();
    let anchor = |(owner, line): (usize, &str)| Anchor {
        bytes: line.as_bytes().into(),
        ignore_case: false,
        owner: owner as u32,
    };
    let anchors: Vec<Anchor> = list.lines().enumerate().map(anchor).collect();
    let filter = Filter::new(&anchors);
    let paths: Vec<String> = arguments.collect();
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
        .collect::<std::io::Result<_>>()?;
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
