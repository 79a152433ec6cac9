//! The tables of the filter: small hash tables with open addressing, made once and then only read.

use std::ops::Range;

/// Sets bit 0x20 of every byte: letters lose their case (and a few other bytes fall together, which comparing sorts out).
pub fn fold(word: u64) -> u64 {
    word | 0x2020_2020_2020_2020
}

/// Spreads a word over all 32 bits.
fn mix(word: u32) -> u32 {
    word.wrapping_mul(0x9E37_79B1)
}

/// Spreads a window over all 64 bits.
fn spread(window: u64) -> u64 {
    window.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Words of four bytes with a number each. A word that was never put in has the number 0.
pub struct Grams {
    /// Word and number; number 0 is an empty slot.
    slots: Vec<(u32, u32)>,
    shift: u32,
}

impl Grams {
    /// Room for `count` words.
    pub fn with_capacity(count: usize) -> Self {
        let size = (count * 2).next_power_of_two().max(16);
        Self {
            slots: vec![(0, 0); size],
            shift: 32 - size.trailing_zeros(),
        }
    }

    fn slot(&self, word: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (mix(word) >> self.shift) as usize & mask;
        // Never full: a word is looked for until it or an empty slot is found.
        while let Some((here, number)) = self.slots.get(at) {
            if *number == 0 || *here == word {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }

    /// The number of `word`.
    pub fn value(&self, word: u32) -> u32 {
        self.slots.get(self.slot(word)).map_or(0, |(_, number)| *number)
    }

    fn change(&mut self, word: u32, change: impl FnOnce(u32) -> u32) {
        let at = self.slot(word);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (word, change(slot.1));
        }
    }

    /// Counts `word`.
    pub fn count(&mut self, word: u32) {
        self.change(word, |n| n.saturating_add(1));
    }

    /// Sets the bit `offset` in the number of `word`.
    pub fn add_offset(&mut self, word: u32, offset: usize) {
        self.change(word, |offsets| offsets | 1 << offset);
    }

    fn words(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().filter(|(_, number)| *number != 0).map(|(word, _)| *word)
    }
}

/// One bit for each hash of a word: 8 KiB, which stays in the first cache, or 64 KiB where there are so many words that too many
/// of its bits would be set.
pub enum Bits {
    /// 2^16 bits.
    Small(Box<[u64; 1 << 12]>),
    /// 2^19 bits.
    Large(Box<[u64; 1 << 14]>),
}

impl Bits {
    /// Words beyond which the large table pays.
    const MANY: usize = 2000;

    /// The bits of all words of `grams`.
    pub fn new(grams: &Grams) -> Self {
        if grams.words().count() <= Self::MANY {
            Self::Small(Self::filled(grams))
        } else {
            Self::Large(Self::filled(grams))
        }
    }

    fn filled<const N: usize>(grams: &Grams) -> Box<[u64; N]> {
        let mut bits = Box::new([0; N]);
        for word in grams.words() {
            let (index, bit) = Self::place::<N>(word);
            if let Some(word) = bits.get_mut(index) {
                *word |= 1 << bit;
            }
        }
        bits
    }

    /// Index and bit of `word` in a table of `N` (a power of two).
    #[inline(always)]
    pub fn place<const N: usize>(word: u32) -> (usize, u32) {
        let hash = mix(word) >> (26 - N.trailing_zeros());
        ((hash >> 6) as usize, hash & 63)
    }
}

/// For each hash of a word the offsets in windows at which it may stand, one bit each. Words that fall together share theirs:
/// comparing windows sorts it out. A byte for each, so that the table stays in the first cache.
pub struct Offsets {
    slots: Vec<u8>,
    shift: u32,
}

impl Offsets {
    /// The table of all words of `grams`, whose numbers are bits of offsets.
    pub fn new(grams: &Grams) -> Self {
        let size = (grams.words().count() * 4).next_power_of_two().clamp(1 << 13, 1 << 16);
        let mut table = Self {
            slots: vec![0; size],
            shift: 32 - size.trailing_zeros(),
        };
        for word in grams.words() {
            let at = table.slot(word);
            table.slots[at] |= grams.value(word) as u8;
        }
        table
    }

    #[inline(always)]
    fn slot(&self, word: u32) -> usize {
        (mix(word) >> self.shift) as usize
    }

    /// The offsets at which `word` may stand.
    #[inline(always)]
    pub fn of(&self, word: u32) -> u8 {
        self.slots.get(self.slot(word)).copied().unwrap_or(0)
    }
}

/// Windows of eight bytes, each with a range of entries.
pub struct Windows {
    /// One bit for each hash of a window: most of what isn't one is told by it.
    bits: Vec<u64>,
    bits_shift: u32,
    /// Window and its entries; an empty range is an empty slot.
    slots: Vec<(u64, u32, u32)>,
    shift: u32,
}

impl Windows {
    /// The table of `chosen` (window, and what belongs to it), and the entries that its ranges mean.
    pub fn new(mut chosen: Vec<(u64, u32, u32)>) -> (Self, Vec<(u32, u32)>) {
        chosen.sort_unstable();
        let size = (chosen.len() * 2).next_power_of_two().max(16);
        // A sixteenth of the bits is set at most.
        let bits = (size * 8).max(1 << 13);
        let mut table = Self {
            bits: vec![0; bits / 64],
            bits_shift: 64 - bits.trailing_zeros(),
            slots: vec![(0, 0, 0); size],
            shift: 64 - size.trailing_zeros(),
        };
        let mut from = 0;
        for group in chosen.chunk_by(|a, b| a.0 == b.0) {
            let to = from + group.len() as u32;
            if let Some((window, ..)) = group.first() {
                let (index, bit) = table.bit(*window);
                if let Some(bits) = table.bits.get_mut(index) {
                    *bits |= bit;
                }
                let at = table.slot(*window);
                if let Some(slot) = table.slots.get_mut(at) {
                    *slot = (*window, from, to);
                }
            }
            from = to;
        }
        (table, chosen.into_iter().map(|(_, number, place)| (number, place)).collect())
    }

    fn slot(&self, window: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (spread(window) >> self.shift) as usize & mask;
        while let Some((here, from, to)) = self.slots.get(at) {
            if from == to || *here == window {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }

    /// False if `window` is none; most that are none are told so.
    #[inline(always)]
    pub fn may_hold(&self, window: u64) -> bool {
        let (index, bit) = self.bit(window);
        self.bits.get(index).is_some_and(|bits| bits & bit != 0)
    }

    /// Where in `bits` the bit of `window` stands, and the bit.
    #[inline(always)]
    fn bit(&self, window: u64) -> (usize, u64) {
        let hash = spread(window) >> self.bits_shift;
        ((hash / 64) as usize, 1 << (hash % 64))
    }

    /// The entries of `window`, if it is one.
    pub fn find(&self, window: u64) -> Option<Range<usize>> {
        let (_, from, to) = self.slots.get(self.slot(window))?;
        (from != to).then_some(*from as usize..*to as usize)
    }
}
