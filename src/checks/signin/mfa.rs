//! `signin.mfa`: the mailbox account isn't stopped by a demand for multifactor authentication.

use super::policy_scope::{Reach, reach};
use crate::case::{Case, Refusal, moment};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::Part;
use crate::model::{ConditionalAccess, Fact, Text};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub const CHECK: Check = Check {
    id: "signin.mfa",
    title: "No MFA demand stops the mailbox account",
    severity: Severity::Critical,
    why: "A refresh happens on a server, with nobody there to answer a second factor. A token that was made with MFA keeps its claim; one made before MFA was demanded, or whose MFA has run out, is refused (AADSTS50076, AADSTS50079 and their family) until somebody generates it again.",
    evidence: "AADSTS50072, 50074, 50076, 50078, 50079, 50158 in logs and sign-ins, Conditional Access policies, security defaults",
    remedy: &[
        "Either exclude the mailbox account from the policy that demands MFA (Entra admin center > Protection > Conditional Access), and protect it by a trusted location instead;",
        "or register a second factor for the mailbox account (https://aka.ms/mfasetup, signed in as that account in a private window), and answer it while generating the token.",
        "Generate the token of the account again, in a private browser window, and re-activate its aliases.",
        "Verify: the services server's log shows refreshes of that account without AADSTS50076.",
    ],
    references: &["Microsoft: AADSTS50072, 50074, 50076, 50078, 50079, 50158; security defaults; Conditional Access session lifetime"],
    run,
};

/// Codes that demand a factor, its registration, or another answer (Microsoft: error codes).
const CODES: &[u32] = &[50072, 50074, 50076, 50078, 50079, 50158];

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    // An interactive sign-in is asked for a factor as a matter of course, and goes on: a success of the same user heals it.
    let refusals = case.refusals(CODES);
    let mut by_who: BTreeMap<&str, Vec<&Refusal>> = BTreeMap::new();
    for refusal in &refusals {
        by_who.entry(refusal.who.as_str()).or_default().push(refusal);
    }
    let mut findings: Vec<Finding> = by_who
        .iter()
        .filter_map(|(who, refusals)| {
            let open: Vec<&Refusal> = refusals.iter().copied().filter(|r| r.healed.is_none()).collect();
            (!open.is_empty()).then(|| refused(check, subject_of(case, who), &open))
        })
        .collect();
    if !findings.is_empty() {
        return Ok(findings);
    }
    let entra = &case.facts.entra;
    if let Some(on) = entra.security_defaults.iter().find(|d| d.value) {
        let message = text!(
            "security defaults are on: every account must register MFA, and Microsoft asks for it when it sees reason to; the mailbox account must have registered before Generate is pressed"
        );
        findings.push(check.warn(Subject::deployment(), message).at(&on.origin).confidence(Confidence::Medium));
        return Ok(findings);
    }
    let demanding: Vec<(&Fact<ConditionalAccess>, Reach)> = entra
        .conditional_access
        .iter()
        .filter(|p| demands(p))
        .map(|p| (p, reach(case, p)))
        .collect();
    if let Some((policy, _)) = demanding.iter().find(|(_, r)| *r == Reach::Yes) {
        findings.push(demanded(case, check, policy));
        return Ok(findings);
    }
    if let Some((policy, Reach::Maybe(why))) = demanding.iter().find(|(_, r)| matches!(r, Reach::Maybe(_))) {
        let name = policy.name.get().map_or_else(|| text!("without a name"), |name| name.part());
        if let Some(origin) = works(case) {
            let message = text!(
                "policy \"{name}\" demands MFA and may concern ECE ({why}); ECE's refreshes succeed",
                name,
                why
            );
            findings.push(check.pass(Subject::deployment(), message).at(&policy.origin).at(&origin));
        } else {
            let message = text!("policy \"{name}\" demands MFA, and may concern ECE: {why}", name, why);
            findings.push(check.unknown(Subject::deployment(), message).at(&policy.origin).want(policy_want()));
        }
        return Ok(findings);
    }
    if let Some(past) = refusals
        .iter()
        .filter(|r| r.healed.is_some() && !r.from_sign_ins)
        .max_by_key(|r| r.healed.map(moment))
    {
        let message = text!("MFA was demanded (AADSTS{code}), healed at {at}", code = past.code, at = past.healed);
        return Ok(vec![check.warn(subject_of(case, &past.who), message).at_all(&past.origins)]);
    }
    let policies_known = !entra.conditional_access_exports.is_empty();
    let defaults_off = entra.security_defaults.iter().find(|d| !d.value);
    if policies_known {
        let origins = entra.conditional_access_exports.iter().map(|e| &e.origin).take(1);
        let message = text!("no Conditional Access policy demands MFA from ECE's users at Exchange Online");
        let finding = check.pass(Subject::deployment(), message).at_all(origins);
        return Ok(vec![finding.at_all(defaults_off.map(|d| &d.origin))]);
    }
    if let Some(origin) = works(case) {
        let message = text!("ECE's sign-ins and refreshes succeed in the sign-in log without a demand for MFA");
        return Ok(vec![
            check.pass(Subject::deployment(), message).confidence(Confidence::Medium).at(&origin),
        ]);
    }
    Err(Gap {
        message: text!("the bundle doesn't show whether MFA is demanded from the mailbox accounts"),
        evidence: defaults_off.map(|d| d.origin.clone()).into_iter().collect(),
        wants: vec![policy_want(), defaults_want()],
    })
}

fn subject_of(case: &Case, who: &str) -> Subject {
    let named = case.account_called(who).and_then(|a| a.name.get());
    match named.map_or(who, String::as_str) {
        "" => Subject::deployment(),
        who if who.contains('@') => Subject::new(SubjectKind::Mailbox, who),
        who => Subject::new(SubjectKind::Account, who),
    }
}

fn refused(check: &Check, subject: Subject, open: &[&Refusal]) -> Finding {
    let codes: BTreeSet<u32> = open.iter().map(|r| r.code).collect();
    let what = if codes.iter().any(|c| matches!(c, 50072 | 50079)) {
        text!("to register a second factor")
    } else if codes.contains(&50158) {
        text!("to answer an external challenge (another provider's MFA)")
    } else if codes.contains(&50078) {
        text!("to answer MFA again, since the last one has run out")
    } else {
        text!("to answer MFA")
    };
    let first = open.iter().filter_map(|r| r.first).min_by_key(|s| moment(*s));
    let since = first.map(|time| text!(" since {time}", time));
    let count: u64 = open.iter().map(|r| r.count).sum();
    let names = Text::list(codes.iter().map(|code| format!("AADSTS{code}")));
    let account = match subject.kind {
        SubjectKind::Deployment => text!("the mailbox account"),
        _ => subject.name.part(),
    };
    let message = text!(
        "Microsoft demands of {account} {what} ({names}, {times}{since}): a server's refresh can't answer, and mail stands still until the token is generated again",
        account,
        what,
        names,
        times = Text::times(count),
        since
    );
    let mut finding = check.fail(subject, message).at_all(open.iter().flat_map(|r| &r.origins));
    for code in codes {
        finding = finding.explains(format!("signature:entra.aadsts{code}"));
    }
    finding
}

/// True for a policy that can only be satisfied with MFA.
fn demands(policy: &ConditionalAccess) -> bool {
    let mfa = policy.controls.iter().any(|c| c.eq_ignore_ascii_case("mfa"));
    let blocks = policy.controls.iter().any(|c| c.eq_ignore_ascii_case("block"));
    mfa && !blocks
}

/// A policy in force demands MFA of ECE's users: tokens made with it go on, others are refused.
fn demanded(case: &Case, check: &Check, policy: &Fact<ConditionalAccess>) -> Finding {
    let name = policy.name.get().map_or_else(|| text!("without a name"), |name| name.part());
    let subject = Subject::deployment();
    match works(case) {
        Some(origin) => {
            let message = text!(
                "policy \"{name}\" demands MFA of ECE's users; refreshes succeed, so their tokens were made with it. The next Generate must answer MFA",
                name
            );
            check.warn(subject, message).at(&policy.origin).at(&origin).severity(Severity::Low)
        }
        None => {
            let message = text!(
                "policy \"{name}\" demands MFA of ECE's users at Exchange Online: a token that was generated without it is refused (AADSTS50076)",
                name
            );
            check.warn(subject, message).at(&policy.origin)
        }
    }
}

/// A refresh that succeeds in the sign-in log.
fn works(case: &Case) -> Option<crate::model::Origin> {
    let ours = case.ece_sign_ins();
    let good = ours
        .into_iter()
        .filter(|s| s.error == Some(0) && s.kind == Some(crate::model::SignInKind::NonInteractive));
    good.max_by_key(|s| s.time.map(moment)).map(|s| s.origin.clone())
}

fn policy_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the Conditional Access policies"),
        text!("Get-MgIdentityConditionalAccessPolicy -All | ConvertTo-Json -Depth 10 | Out-File ca-policies.json"),
    )
}

fn defaults_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("whether security defaults are on"),
        text!("Get-MgPolicyIdentitySecurityDefaultEnforcementPolicy | ConvertTo-Json | Out-File securityDefaults.json"),
    )
}
