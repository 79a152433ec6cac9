//! Evidence that ends before its end: what the rest of a cut file says is not known, so nothing that rests on it counts as right.

use crate::finding::{Finding, Role, Verdict, Want};
use crate::model::Origin;
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
        finding.message = format!(
            "{}; but the file ends early ({}), and what is missing may say otherwise",
            finding.message,
            end.place()
        );
        finding.evidence.push((*end).clone());
        finding.wants.push(Want::new(
            Role::EceAdmin,
            format!("the whole of {}", end.path),
            "Export or copy the file again, to its end, and scan again; the inventory says where and why it ends",
        ));
    }
}
