//! `signin.failures`: sign-ins of ECE's app and mailboxes succeed.

use crate::case::{Case, Refusal};
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::Text;
use crate::{counted, text};
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "signin.failures",
    title: "Sign-ins of ECE's app and mailboxes succeed",
    severity: Severity::High,
    why: "Entra ID writes down every sign-in and every refresh with its error code: what fails there fails in ECE, and the code says why, where Exchange and ECE only say that a login failed.",
    evidence: "sign-in log exports (interactive and non-interactive)",
    remedy: &[
        "Look up the code (ecelens explain AADSTS<code>) and mend its cause; the sign-in's entry in the portal shows the policy or requirement in its tabs.",
        "Generate the token of the account again where the code says so, in a private browser window.",
        REACTIVATE_ALIASES,
        "Verify: the sign-in log shows a success of the same user for ECE's app.",
    ],
    references: &["Microsoft: Sign-in logs in Microsoft Entra ID; Microsoft Entra authentication and authorization error codes"],
    run,
};

/// Steps on the way of a sign-in that are no failures: asked to choose an account, to keep the session, a single sign-on that
/// didn't apply.
const STEPS: &[u32] = &[50058, 50140, 16000, 16001, 50125, 50127, 50129];

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    if case.facts.entra.sign_ins.is_empty() && case.facts.entra.sign_in_exports.is_empty() {
        return Err(Gap::missing(text!("the bundle has no sign-in log of Entra ID"), vec![sign_in_want()]));
    }
    let ours = case.ece_sign_ins();
    if ours.is_empty() {
        return Err(Gap {
            message: text!(
                "the sign-in log ({rows}) has none of ECE's app or mailboxes: it may be filtered, or older than Microsoft keeps it (7 or 30 days)",
                rows = counted!(case.facts.entra.sign_ins.len(), "1 row", "{count} rows")
            ),
            evidence: case.facts.entra.sign_in_exports.iter().map(|e| e.origin.clone()).take(1).collect(),
            wants: vec![sign_in_want()],
        });
    }
    let refusals = case.refusals_of_sign_ins(|code| !STEPS.contains(&code));
    let mut by_user: BTreeMap<String, Vec<Refusal>> = BTreeMap::new();
    for refusal in refusals {
        by_user.entry(refusal.who.clone()).or_default().push(refusal);
    }
    let mut findings: Vec<Finding> = by_user.iter().map(|(who, refusals)| judge(case, check, who, refusals)).collect();
    let mut good: BTreeMap<&str, (u64, &crate::model::Origin)> = BTreeMap::new();
    let mut unsaid: BTreeMap<&str, &crate::model::Origin> = BTreeMap::new();
    for sign_in in &ours {
        let Some(user) = sign_in.user.as_deref().or(sign_in.app_id.as_deref()) else {
            continue;
        };
        match sign_in.error {
            Some(0) => good.entry(user).or_insert((0, &sign_in.origin)).0 += 1,
            None => {
                unsaid.entry(user).or_insert(&sign_in.origin);
            }
            Some(_) => {}
        }
    }
    for (user, (count, origin)) in &good {
        if !by_user.contains_key(*user) {
            let message = counted!(
                *count,
                "the one sign-in or refresh in the log succeeded",
                "all {count} sign-ins and refreshes in the log succeeded"
            );
            findings.push(check.pass(subject_of(case, user), message).at(origin));
        }
    }
    for (user, origin) in unsaid {
        if !by_user.contains_key(user) && !good.contains_key(user) {
            let message = text!("the sign-in log's rows show no error code");
            findings.push(check.unknown(subject_of(case, user), message).at(origin).want(sign_in_want()));
        }
    }
    if findings.is_empty() {
        let message = text!("the sign-ins in the log are steps on the way only, neither successes nor failures");
        findings.push(check.unknown(Subject::deployment(), message).want(sign_in_want()));
    }
    Ok(findings)
}

fn subject_of(case: &Case, who: &str) -> Subject {
    if who.contains('@') {
        return Subject::new(SubjectKind::Mailbox, who);
    }
    let apps = case.facts.entra.applications.iter();
    let name = apps
        .into_iter()
        .find(|a| a.app_id.get().is_some_and(|id| id == who))
        .and_then(|a| a.name.get());
    match who.is_empty() {
        true => Subject::deployment(),
        false => Subject::new(SubjectKind::Application, who).labelled(name.map(String::as_str)),
    }
}

fn judge(case: &Case, check: &Check, who: &str, refusals: &[Refusal]) -> Finding {
    let subject = subject_of(case, who);
    let open: Vec<&Refusal> = refusals.iter().filter(|r| r.healed.is_none()).collect();
    let shown = if open.is_empty() { refusals.iter().collect() } else { open.clone() };
    let codes = Text::joined(shown.iter().map(|r| words(r)), Text::figure("; "));
    let origins = shown.iter().flat_map(|r| &r.origins);
    if open.is_empty() {
        let healed = refusals.iter().filter_map(|r| r.healed).max_by_key(|s| crate::case::moment(*s));
        let message = text!("sign-ins failed ({codes}), healed at {healed}", codes, healed);
        return check.warn(subject, message).at_all(origins);
    }
    // Without times nothing shows what came last.
    let undated = open.iter().all(|r| r.last.is_none());
    if undated && case.signed_in(who) {
        let message = text!(
            "sign-ins failed ({codes}) and others succeeded; the log's dates can't be read, so that nothing shows which came last",
            codes
        );
        return check.unknown(subject, message).at_all(origins).want(sign_in_want());
    }
    let causes: BTreeSet<u32> = open.iter().map(|r| r.code).collect();
    let mut finding = check.fail(subject, text!("sign-ins fail: {codes}", codes)).at_all(origins);
    for code in causes {
        finding = finding.explains(format!("signature:entra.aadsts{code}"));
    }
    finding
}

/// `AADSTS53003, 12 times from … to … (policy "…")`.
fn words(refusal: &Refusal) -> Text {
    let policies = match refusal.policies.is_empty() {
        true => Text::default(),
        false => text!(", refused by policy \"{names}\"", names = refusal.policies.join("\", \"")),
    };
    text!("AADSTS{code}, {times}{policies}", code = refusal.code, times = refusal.times(), policies)
}

fn sign_in_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the sign-ins of ECE's app, interactive and non-interactive (refreshes are non-interactive)"),
        text!(
            "Entra admin center > Identity > Monitoring & health > Sign-in logs > filter Application = ECE's app, last 7 days > Download JSON for both user sign-in tabs"
        ),
    )
}
