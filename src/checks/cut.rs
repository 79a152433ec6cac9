//! Evidence that ends before its end: what the rest of a cut file says is not known, so nothing that rests on it counts as right.

use crate::finding::{Finding, Role, Verdict, Want};
use crate::model::Origin;
use crate::text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Turns every `pass` that rests on a member of `cut` into `unknown`. What fails there fails all the same: the rest can't undo it.
pub fn withhold(findings: &mut [Finding], cut: &[Origin]) {
    let mut ends: BTreeMap<&Arc<str>, &Origin> = BTreeMap::new();
    for origin in cut {
        ends.entry(&origin.path).or_insert(origin);
    }
    for finding in findings.iter_mut().filter(|finding| finding.verdict == Verdict::Pass) {
        let Some(end) = finding.evidence.iter().find_map(|seen| ends.get(&seen.path)) else {
            continue;
        };
        finding.verdict = Verdict::Unknown;
        finding.message = text!(
            "{message}; but the file ends early ({place}), and what is missing may say otherwise",
            message = finding.message,
            place = end.place(),
        );
        finding.evidence.push((*end).clone());
        finding.wants.push(Want::new(
            Role::EceAdmin,
            text!("the whole of {file}", file = end.path),
            text!("Export or copy the file again, to its end, and scan again; the inventory says where and why it ends"),
        ));
    }
}
