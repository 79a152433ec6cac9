//! Which anchors of the catalogue stand in a text.

use crate::signatures::Anchor;
use aho_corasick::{AhoCorasick, MatchKind};

/// Finds anchors. Built once, shared by all threads.
pub struct Filter {
    automaton: Option<AhoCorasick>,
    /// By the automaton's pattern number.
    anchors: Vec<Anchor>,
    longest: usize,
}

impl Filter {
    /// A filter for `anchors`. Empty anchors are left out.
    pub fn new(anchors: &[Anchor]) -> Self {
        let anchors: Vec<Anchor> = anchors.iter().filter(|a| !a.bytes.is_empty()).cloned().collect();
        // Everything is searched without case and confirmed with it: one automaton serves both kinds.
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(anchors.iter().map(|a| &a.bytes))
            .ok();
        let longest = anchors.iter().map(|a| a.bytes.len()).max().unwrap_or(0);
        Self { automaton, anchors, longest }
    }

    /// Length of the longest anchor: two pieces of one text must overlap by this less one.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Puts the owners of all anchors that stand in `text` into `owners`, sorted and unique.
    pub fn search(&self, text: &[u8], owners: &mut Vec<u32>) {
        owners.clear();
        let Some(automaton) = &self.automaton else { return };
        for hit in automaton.find_overlapping_iter(text) {
            let Some(anchor) = self.anchors.get(hit.pattern().as_usize()) else {
                continue;
            };
            if anchor.ignore_case || text.get(hit.range()) == Some(&*anchor.bytes) {
                owners.push(anchor.owner);
            }
        }
        owners.sort_unstable();
        owners.dedup();
    }
}
