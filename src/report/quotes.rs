//! Evidence as people read it: places that show the same words are told together, so that a line that a log repeats doesn't crowd
//! out the other side of a contradiction.

use super::EvidenceRow;

/// The places in the order of the evidence; those that show the same words stand together, where the first of them stood.
pub(super) fn alike(evidence: &[EvidenceRow]) -> Vec<Vec<&EvidenceRow>> {
    let mut quotes: Vec<Vec<&EvidenceRow>> = Vec::new();
    for row in evidence {
        let same = |quote: &&mut Vec<&EvidenceRow>| quote.iter().any(|other| other.excerpt == row.excerpt && other.meant == row.meant);
        match quotes.iter_mut().find(same).filter(|_| !row.excerpt.is_empty()) {
            Some(quote) => quote.push(row),
            None => quotes.push(vec![row]),
        }
    }
    quotes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u64, excerpt: &str) -> EvidenceRow {
        EvidenceRow {
            path: "a.log".to_owned(),
            line: Some(line),
            column: None,
            pointer: None,
            cell: None,
            excerpt: excerpt.to_owned(),
            meant: None,
        }
    }

    #[test]
    fn the_same_words_are_told_once() {
        let rows = [row(1, "refused"), row(2, "expired"), row(3, ""), row(4, "refused"), row(5, "")];
        let lines: Vec<Vec<u64>> = alike(&rows).iter().map(|quote| quote.iter().filter_map(|r| r.line).collect()).collect();
        assert_eq!(lines, [vec![1, 4], vec![2], vec![3], vec![5]]);
    }
}
