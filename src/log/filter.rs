//! Which anchors of the catalogue stand in a text, without running an automaton over every byte.
//!
//! Each anchor of 8 bytes or more is represented by one of its windows of 8 bytes. Whatever the alignment, one of the positions
//! 0, 5, 10 … of a text falls on one of the first five 4-byte words of a window that stands in it. So the scan loads a word at
//! every fifth byte and tests one bit of a small table (0.24 ns a byte here, against 1.8 ns for a DFA); only where the bit is set
//! are the word, the window and then the anchor compared. Words are compared with bit 0x20 set in every byte, which folds the
//! case of letters: anchors without case cost nothing.
//!
//! A text stuffed with near hits would make the comparisons dear, so they have a budget; when it is used up, an Aho-Corasick
//! automaton reads the text. Anchors under 8 bytes (a user's pack may have some) always go to such an automaton.

use super::grams::{Bits, Grams, Offsets, Windows, fold};
use crate::signatures::Anchor;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::ops::Range;
use std::sync::OnceLock;

/// Bytes from one probe to the next.
const STEP: usize = 5;
/// Length of a probe.
const WORD: usize = 4;
/// Length of a window: holds a probe whatever the alignment.
const WINDOW: usize = STEP + WORD - 1;
/// Probes that are tested together before one branch.
const TOGETHER: usize = 8;
/// Longest part of an anchor in which its window is looked for.
const LOOK: usize = 64;
/// Anchors that share a window; more would make its comparison slow.
const SHARED: u32 = 8;
/// Comparisons allowed: these, and one per so many bytes.
const BUDGET: usize = 8;
const BYTES_PER_COMPARISON: usize = 16;
/// Texts that go to the automaton at once after one has used up its budget.
const HOT: u32 = 16;

/// Text as healthy logs hold it. Windows are chosen so that their words are rare in it.
const HEALTHY: &str = include_str!("healthy.txt");

/// Finds anchors. Built once, shared by all threads.
pub struct Filter {
    anchors: Vec<Anchor>,
    bits: Bits,
    offsets: Offsets,
    windows: Windows,
    /// Anchors by window, and where in the anchor the window stands.
    entries: Vec<(u32, u32)>,
    short: Option<AhoCorasick>,
    /// Numbers of the anchors in `short`.
    short_anchors: Vec<u32>,
    /// All long anchors, built when a budget is first used up.
    all: OnceLock<Option<AhoCorasick>>,
    long_anchors: Vec<u32>,
    longest: usize,
}

/// What a search needs from one text to the next.
#[derive(Debug, Default)]
pub struct Found {
    /// Owners of the anchors found, sorted and unique.
    pub owners: Vec<u32>,
    hot: u32,
}

impl Found {
    /// Adds `owners`, which is empty afterwards.
    pub(super) fn add(&mut self, owners: &mut Vec<u32>) {
        self.owners.append(owners);
        self.owners.sort_unstable();
        self.owners.dedup();
    }
}

impl Filter {
    /// A filter for `anchors`. Empty anchors are left out.
    pub fn new(anchors: &[Anchor]) -> Self {
        let mut anchors: Vec<Anchor> = anchors.iter().filter(|a| !a.bytes.is_empty()).cloned().collect();
        let as_windows_1252: Vec<Anchor> = anchors.iter().filter_map(windows_1252).collect();
        anchors.extend(as_windows_1252);
        let numbered = || anchors.iter().zip(0_u32..);
        let short_anchors: Vec<u32> = numbered().filter(|(a, _)| a.bytes.len() < WINDOW).map(|(_, n)| n).collect();
        let long_anchors: Vec<u32> = numbered().filter(|(a, _)| a.bytes.len() >= WINDOW).map(|(_, n)| n).collect();
        let chosen = choose_windows(&anchors, &long_anchors);
        let mut grams = Grams::with_capacity(chosen.len() * STEP);
        for (window, ..) in &chosen {
            for offset in 0..STEP {
                grams.add_offset((window >> (8 * offset)) as u32, offset);
            }
        }
        let (windows, entries) = Windows::new(chosen);
        let (bits, offsets) = (Bits::new(&grams), Offsets::new(&grams));
        let short = automaton(&anchors, &short_anchors);
        let longest = anchors.iter().map(|a| a.bytes.len()).max().unwrap_or(0);
        Self {
            anchors,
            bits,
            offsets,
            windows,
            entries,
            short,
            short_anchors,
            all: OnceLock::new(),
            long_anchors,
            longest,
        }
    }

    /// Length of the longest anchor: two pieces of one text must overlap by this less one.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Puts the owners of all anchors that stand in `text` into `found`.
    pub fn search(&self, text: &[u8], found: &mut Found) {
        self.search_within(text, 0..text.len(), found);
    }

    /// Puts the owners of all anchors that stand in `range` of `buffer` into `found`. What stands behind the range is of no account;
    /// where it is long enough, it saves copying the range's end.
    pub fn search_within(&self, buffer: &[u8], range: Range<usize>, found: &mut Found) {
        let text = buffer.get(range.clone()).unwrap_or_default();
        found.owners.clear();
        if let Some(short) = &self.short {
            self.walk(short, &self.short_anchors, text, &mut found.owners);
        }
        if found.hot > 0 {
            found.hot -= 1;
            self.search_all(text, &mut found.owners);
        } else {
            let mut search = Search {
                filter: self,
                text,
                left: BUDGET + text.len() / BYTES_PER_COMPARISON,
                owners: &mut found.owners,
            };
            let longer = buffer.get(range.start..).unwrap_or_default();
            let within_budget = match &self.bits {
                Bits::Small(bits) => search.scan(bits.as_ref(), longer),
                Bits::Large(bits) => search.scan(bits.as_ref(), longer),
            };
            if !within_budget {
                found.hot = HOT;
                self.search_all(text, &mut found.owners);
            }
        }
        if found.owners.len() > 1 {
            found.owners.sort_unstable();
            found.owners.dedup();
        }
    }

    fn search_all(&self, text: &[u8], owners: &mut Vec<u32>) {
        let all = self.all.get_or_init(|| automaton(&self.anchors, &self.long_anchors));
        if let Some(all) = all {
            self.walk(all, &self.long_anchors, text, owners);
        }
    }

    fn walk(&self, automaton: &AhoCorasick, numbers: &[u32], text: &[u8], owners: &mut Vec<u32>) {
        for hit in automaton.find_overlapping_iter(text) {
            let Some(anchor) = numbers.get(hit.pattern().as_usize()).and_then(|n| self.anchors.get(*n as usize)) else {
                continue;
            };
            let seen = owners.last() == Some(&anchor.owner);
            if !seen && (anchor.ignore_case || text.get(hit.range()) == Some(&*anchor.bytes)) {
                owners.push(anchor.owner);
            }
        }
    }
}

/// The anchor as a log in Windows-1252 holds it, if that differs.
fn windows_1252(anchor: &Anchor) -> Option<Anchor> {
    let text = std::str::from_utf8(&anchor.bytes).ok().filter(|t| !t.is_ascii())?;
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
    (!unmappable).then(|| Anchor {
        bytes: bytes.into_owned().into(),
        ..anchor.clone()
    })
}

/// An automaton for `numbers` of `anchors`, without case: its hits are confirmed with it.
fn automaton(anchors: &[Anchor], numbers: &[u32]) -> Option<AhoCorasick> {
    let texts = || numbers.iter().filter_map(|n| anchors.get(*n as usize)).map(|a| &a.bytes);
    if numbers.is_empty() {
        return None;
    }
    // A DFA is the quickest, and big.
    let size: usize = texts().map(|t| t.len()).sum();
    let kind = if size < 40_000 {
        AhoCorasickKind::DFA
    } else {
        AhoCorasickKind::ContiguousNFA
    };
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(kind))
        .build(texts())
        .ok()
}

/// One window for each anchor: its folded bytes, the anchor's number and the window's place in it. A window is good if its words
/// are rare in healthy logs and few words are added to those chosen already.
fn choose_windows(anchors: &[Anchor], numbers: &[u32]) -> Vec<(u64, u32, u32)> {
    let mut healthy = Grams::with_capacity(HEALTHY.len());
    for word in HEALTHY.as_bytes().windows(WORD) {
        healthy.count(fold_word(word));
    }
    let mut chosen_words = Grams::with_capacity(numbers.len() * STEP);
    let mut sharing = std::collections::BTreeMap::<u64, u32>::new();
    let mut chosen = Vec::with_capacity(numbers.len());
    for &number in numbers {
        let Some(anchor) = anchors.get(number as usize) else { continue };
        let look = anchor.bytes.get(..LOOK).unwrap_or(&anchor.bytes);
        let cost = |window: &[u8]| -> u32 {
            let words = window.windows(WORD).map(|word| {
                let word = fold_word(word);
                let seen = healthy.value(word).min(25);
                seen * 16 + if seen > 0 { 48 } else { 0 } + if chosen_words.value(word) == 0 { 8 } else { 0 }
            });
            let crowded = sharing.get(&fold_window(window)).is_some_and(|n| *n >= SHARED);
            words.sum::<u32>() + if crowded { 1000 } else { 0 }
        };
        let best = look.windows(WINDOW).enumerate().min_by_key(|(_, window)| cost(window));
        let Some((at, window)) = best else { continue };
        for word in window.windows(WORD) {
            chosen_words.count(fold_word(word));
        }
        let window = fold_window(window);
        *sharing.entry(window).or_default() += 1;
        chosen.push((window, number, at as u32));
    }
    chosen
}

fn fold_word(bytes: &[u8]) -> u32 {
    fold(bytes.iter().rev().fold(0, |word, b| word << 8 | u64::from(*b))) as u32
}

fn fold_window(bytes: &[u8]) -> u64 {
    fold(bytes.iter().rev().fold(0, |word, b| word << 8 | u64::from(*b)))
}

struct Search<'a> {
    filter: &'a Filter,
    text: &'a [u8],
    /// Comparisons left.
    left: usize,
    owners: &'a mut Vec<u32>,
}

impl Search<'_> {
    /// False if the budget was used up before the end of the text. `longer` begins with the text: probes may fall behind its end,
    /// which does no harm, since no window reaches there.
    fn scan<const N: usize>(&mut self, bits: &[u64; N], longer: &[u8]) -> bool {
        let needed = self.text.len().div_ceil(STEP * TOGETHER);
        let (chunks, rest) = longer.as_chunks::<{ STEP * TOGETHER }>();
        for (number, chunk) in chunks.iter().take(needed).enumerate() {
            let hits = probe(bits, chunk);
            if hits != 0 && !self.look_closer(hits, number * STEP * TOGETHER) {
                return false;
            }
        }
        if needed <= chunks.len() {
            return true;
        }
        // Zeros behind the rest.
        let mut padded = [0; STEP * TOGETHER];
        for (to, byte) in padded.iter_mut().zip(rest) {
            *to = *byte;
        }
        let hits = probe(bits, &padded);
        hits == 0 || self.look_closer(hits, longer.len() - rest.len())
    }

    /// Compares at each probe of a chunk that begins at `from` whose bit in `hits` is set.
    #[inline(never)]
    fn look_closer(&mut self, mut hits: u64, from: usize) -> bool {
        while hits != 0 {
            if !self.compare(from + hits.trailing_zeros() as usize * STEP) {
                return false;
            }
            hits &= hits - 1;
        }
        true
    }

    /// Compares what stands around `at`. False if the budget is used up.
    #[inline(always)]
    fn compare(&mut self, at: usize) -> bool {
        let mut offsets = self.filter.offsets.of(probe_word(self.text, at));
        while offsets != 0 {
            let offset = offsets.trailing_zeros() as usize;
            offsets &= offsets - 1;
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            let Some(start) = at.checked_sub(offset) else { continue };
            let Some(window) = self.text.get(start..).and_then(|t| t.first_chunk::<WINDOW>()) else {
                continue;
            };
            let window = fold(u64::from_le_bytes(*window));
            if self.filter.windows.may_hold(window) {
                self.compare_anchors(window, start);
            }
        }
        true
    }

    /// Compares the anchors of `window`, which stands at `start`.
    #[inline(never)]
    fn compare_anchors(&mut self, window: u64, start: usize) {
        let Some(entries) = self.filter.windows.find(window) else { return };
        for &(number, place) in self.filter.entries.get(entries).unwrap_or_default() {
            let Some(anchor) = self.filter.anchors.get(number as usize) else {
                continue;
            };
            let Some(from) = start.checked_sub(place as usize) else { continue };
            let Some(text) = self.text.get(from..from + anchor.bytes.len()) else {
                continue;
            };
            // Most hits are written as the anchor is: comparing letters without case takes many times as long.
            if *text == *anchor.bytes || anchor.ignore_case && text.eq_ignore_ascii_case(&anchor.bytes) {
                self.owners.push(anchor.owner);
            }
        }
    }
}

/// The folded word at `at`, 0 beyond the end.
#[inline(always)]
fn probe_word(text: &[u8], at: usize) -> u32 {
    let bytes = text.get(at..).and_then(|t| t.first_chunk::<WORD>()).copied().unwrap_or_default();
    u32::from_le_bytes(bytes) | 0x2020_2020
}

/// Tests the probes of a chunk: bit `n` of the result is set if the bit of probe `n` is.
#[inline(always)]
fn probe<const N: usize>(bits: &[u64; N], chunk: &[u8; STEP * TOGETHER]) -> u64 {
    let mut hits = 0;
    for number in 0..TOGETHER {
        let (index, bit) = Bits::place::<N>(probe_word(chunk, number * STEP));
        hits |= (bits.get(index).copied().unwrap_or(0) >> bit & 1) << number;
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn anchor(text: &str, ignore_case: bool, owner: u32) -> Anchor {
        Anchor {
            bytes: text.as_bytes().into(),
            ignore_case,
            owner,
        }
    }

    fn plain(anchors: &[Anchor], text: &[u8]) -> Vec<u32> {
        let holds = |a: &&Anchor| {
            let same = |w: &[u8]| {
                if a.ignore_case {
                    w.eq_ignore_ascii_case(&a.bytes)
                } else {
                    *w == *a.bytes
                }
            };
            text.windows(a.bytes.len()).any(same)
        };
        let mut owners: Vec<u32> = anchors.iter().filter(holds).map(|a| a.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    #[test]
    fn finds_an_anchor_at_every_alignment_and_case() {
        let filter = Filter::new(&[
            anchor("AADSTS50", false, 4),
            anchor("Connection refused", true, 2),
            anchor("5.7.1", false, 9),
        ]);
        let mut found = Found::default();
        for before in 0..90 {
            let text = format!("{}aadsts50 AADSTS50 cONNECTION rEFUSED{}", "x".repeat(before), "y".repeat(before % 7));
            filter.search(text.as_bytes(), &mut found);
            assert_eq!(found.owners, [2, 4], "{before}");
            filter.search(&text.as_bytes()[..text.len() - before % 7 - 1], &mut found);
            assert_eq!(found.owners, [4], "{before}");
        }
        filter.search(b"smtp 5.7.139", &mut found);
        assert_eq!(found.owners, [9]);
        filter.search(b"", &mut found);
        assert!(found.owners.is_empty());
    }

    #[test]
    fn a_heap_of_near_hits_changes_nothing() {
        let anchors: Vec<Anchor> = (0..100).map(|n| anchor(&format!("AADSTS{n:02}x"), n % 2 == 0, n)).collect();
        let filter = Filter::new(&anchors);
        let near = "AADSTS5 aadsts07X AADSTS0 ADSTS99x".repeat(200);
        let mut found = Found::default();
        for end in ["", "AADSTS33x", "AADSTS33X"] {
            let text = format!("{near}{end}");
            for _ in 0..3 {
                filter.search(text.as_bytes(), &mut found);
                assert_eq!(found.owners, plain(&anchors, text.as_bytes()), "{end}");
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_search(
            texts in prop::collection::vec("[abAB.]{1,14}", 1..60),
            text in "[abAB. ]{0,300}",
            fold in any::<u64>(),
        ) {
            let anchors: Vec<Anchor> = texts.iter().enumerate().map(|(n, t)| anchor(t, fold >> (n % 64) & 1 == 1, n as u32 / 2)).collect();
            let filter = Filter::new(&anchors);
            let mut found = Found::default();
            for from in 0..text.len().min(12) {
                filter.search(&text.as_bytes()[from..], &mut found);
                prop_assert_eq!(&found.owners, &plain(&anchors, &text.as_bytes()[from..]));
            }
        }
    }
}
