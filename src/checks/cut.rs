//! Evidence that ends before its end: what the rest of a cut file says is not known, so nothing that rests on it counts as right.

use crate::finding::{Finding, Role, Verdict, Want};
use crate::model::{Cut, Origin};
use crate::text;

/// Checks that one more row of a kind of evidence may turn, even where what they cite stands in another file: by their ids, or by
/// the beginnings of their ids. `log.secrets` is none of them: it judges what the bundle holds.
const TURNED_BY: &[(&str, &[&str])] = &[
    ("ece-settings", &["url."]),
    ("ece-entry-points", &["url.single-fqdn", "url.console-host"]),
    ("ece-aliases", &["alias."]),
    ("ece-accounts", &["alias.", "mailbox.", "app.cloud", "version.graph-transition"]),
    ("ece-note", &["version."]),
    ("entra-application", &["app.", "url.redirect", "url.single-fqdn"]),
    ("entra-service-principal", &["app.enabled", "app.assignment"]),
    ("entra-sign-ins", &["app.redirect-platform"]),
    ("entra-security-defaults", &["mailbox.smtp-auth", "signin.mfa"]),
    ("exchange-mailbox", &["mailbox.exists"]),
    ("exchange-cas-mailbox", &["mailbox.smtp-auth", "mailbox.inbound-protocol"]),
    ("exchange-mailbox-permission", &["mailbox.full-access"]),
    ("exchange-recipient-permission", &["mailbox.send-as"]),
    ("port-test", &["network.ports"]),
];

/// True if more evidence of a kind that `cut` holds may turn what `check` says.
fn may_turn(check: &str, cut: &Cut) -> bool {
    let of_kind = |kind: &String| TURNED_BY.iter().find(|(known, _)| known == kind);
    let mut checks = cut.kinds.iter().filter_map(of_kind).flat_map(|(_, checks)| *checks);
    checks.any(|begin| check.starts_with(begin))
}

/// Turns what is good in spite of a member of `cut` into `unknown`: every `pass` that rests on it, and every `pass` and
/// `not-applicable` that more of its kind may turn. What fails there fails all the same: the rest can't undo it.
pub fn withhold(findings: &mut [Finding], cut: &[Cut]) {
    for finding in findings.iter_mut() {
        let cited = |cut: &&Cut| finding.verdict == Verdict::Pass && finding.evidence.iter().any(|seen| seen.path == cut.at.path);
        let good = matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
        let turned = |cut: &&Cut| good && may_turn(finding.check, cut);
        if let Some(cut) = cut.iter().find(cited).or_else(|| cut.iter().find(turned)) {
            doubt(finding, &cut.at);
        }
    }
}

fn doubt(finding: &mut Finding, end: &Origin) {
    finding.verdict = Verdict::Unknown;
    finding.message = text!(
        "{message}; but the file ends early ({place}), and what is missing may say otherwise",
        message = finding.message,
        place = end.place(),
    );
    finding.evidence.push(end.clone());
    finding.wants.push(Want::new(
        Role::EceAdmin,
        text!("the whole of {file}", file = end.path),
        text!("Export or copy the file again, to its end, and scan again; the inventory says where and why it ends"),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_checks_that_there_are() {
        for begin in TURNED_BY.iter().flat_map(|(_, checks)| *checks) {
            assert!(crate::checks::all().any(|check| check.id.starts_with(begin)), "{begin}");
        }
    }
}
