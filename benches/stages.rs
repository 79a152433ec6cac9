//! Times the stages of the log engine on a block that stays in the cache: `cargo bench`. For people; gates count instructions.

#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ecelens::log::interpret::{self, Interpreter};
use ecelens::log::{Filter, Found, LogReader, Record, Sink, grammar};
use ecelens::signatures::Catalogue;
use std::hint::black_box;
use std::io::Read;

/// Takes no interest in records.
struct Nothing;

impl Sink for Nothing {
    fn record(&mut self, _: &Record<'_>, _: &[u32]) {}
}

/// About 256 KiB of a retriever's log: polls, mails, one error with a trace in fifty records.
fn block() -> String {
    let mut log = String::new();
    for number in 0_u32.. {
        if log.len() >= 256 * 1024 {
            break;
        }
        let (second, ms) = (number / 20 % 60, number * 50 % 1000);
        let (level, message) = match number % 50 {
            0 => (
                "ERROR",
                "Case 7 lost <@> \njava.lang.IllegalStateException: closed\n\tat com.egain.mail.Box.read(Box.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:9)",
            ),
            1..10 => ("INFO", "**** Rx Instance 999 Running **** <@> "),
            10..20 => ("INFO", "2 message(s) stored for sales@example.com <@> "),
            _ => (
                "DEBUG",
                "Cache region department : hits=12 misses=4 size=99, nothing else to be seen in this record <@> ",
            ),
        };
        log.push_str(&format!(
            "2024-05-01 10:00:{second:02}.{ms:03} GMT+0200 <@> {level} <@> [67:RxInstance id : 999] <@> ProcessId:3984 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.mail.module.retriever.Box <@> run() <@> {message}\n"
        ));
    }
    log
}

fn stages(criterion: &mut Criterion) {
    let log = block();
    let catalogue = Catalogue::builtin();
    let filter = Filter::new(&interpret::anchors(&catalogue));
    let wide: Vec<u8> = log.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut packed = Vec::new();
    let level = flate2::Compression::default();
    let _ = flate2::read::GzEncoder::new(log.as_bytes(), level).read_to_end(&mut packed);

    let mut group = criterion.benchmark_group("256 KiB");
    group.throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("headers by the grammar", |bench| {
        bench.iter(|| log.lines().filter(|line| grammar::header(line.as_bytes()).is_some()).count());
    });
    group.bench_function("filter", |bench| {
        let mut found = Found::default();
        bench.iter(|| filter.search(black_box(log.as_bytes()), &mut found));
    });
    let read = |bytes: &[u8]| {
        let mut reader = LogReader::new(&filter, Nothing);
        reader.feed(bytes);
        reader.finish().records
    };
    group.bench_function("engine", |bench| bench.iter(|| read(black_box(log.as_bytes()))));
    group.bench_function("engine, UTF-16", |bench| bench.iter(|| read(black_box(&wide))));
    group.bench_function("engine and interpretation", |bench| {
        bench.iter(|| {
            let mut interpreter = Interpreter::new(&catalogue, "eg_log_ECESVC01_rx-process.log");
            let mut reader = LogReader::new(&filter, &mut interpreter);
            reader.feed(black_box(log.as_bytes()));
            reader.finish().records
        });
    });
    group.bench_function("inflate", |bench| {
        let mut text = Vec::new();
        bench.iter(|| {
            text.clear();
            flate2::read::GzDecoder::new(black_box(packed.as_slice()))
                .read_to_end(&mut text)
                .unwrap_or(0)
        });
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
