//! `signin.conditional-access`: no policy in force blocks ECE's sign-ins and refreshes.

use super::policy_scope::{Reach, reach};
use crate::case::{Case, Refusal, moment};
use crate::checks::{Check, Gap};
use crate::finding::{Confidence, Finding, Role, Severity, Subject, Want};
use crate::model::Part;
use crate::model::{ConditionalAccess, Fact, Origin, Text};
use crate::text;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "signin.conditional-access",
    title: "No Conditional Access policy blocks ECE",
    severity: Severity::Critical,
    why: "Conditional Access judges every refresh anew: a policy that blocks by location, or demands a managed device, cuts ECE off within the hour (AADSTS53003 and its family). A server proves no device, and the first token comes from the application server, refreshes from the services server: both egress addresses count.",
    evidence: "Conditional Access policies and named locations, sign-ins with their failing policies, AADSTS53000–53004, 530003, 530032 in logs",
    remedy: &[
        "Entra admin center > Protection > Conditional Access > the policy named here: exclude ECE's mailbox users (a group for them), or add the egress addresses of the application server and of the services server to a trusted named location that it excludes.",
        "Allow for the delay: changes can take minutes to hours to reach all services.",
        "Re-activate the aliases that ECE has disabled meanwhile; generate a token again only if refreshes still fail.",
        "Verify: What If in Conditional Access shows no blocking policy for the user and Exchange Online, and the services server's log shows a token refresh.",
    ],
    references: &[
        "Cisco 218453, section Network connectivity (which server asks for tokens)",
        "Microsoft: AADSTS53003; Conditional Access: locations, grant controls",
    ],
    run,
};

/// Codes with which Conditional Access refuses (Microsoft: error codes).
const CODES: &[u32] = &[53000, 53001, 53002, 53003, 53004, 530_003, 530_032];

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let refusals = case.refusals(CODES);
    let open: Vec<&Refusal> = refusals.iter().filter(|r| r.healed.is_none()).collect();
    if !open.is_empty() {
        return Ok(vec![refused(case, check, &open)]);
    }
    let healed = refusals.iter().filter(|r| r.healed.is_some()).max_by_key(|r| r.healed.map(moment));
    let entra = &case.facts.entra;
    if entra.conditional_access.is_empty() && entra.conditional_access_exports.is_empty() {
        if let Some(past) = healed {
            return Ok(vec![healed_finding(check, past)]);
        }
        return Err(Gap::missing(
            text!("the bundle has no export of Conditional Access policies, and nothing in logs or sign-ins was refused by one"),
            vec![policy_want()],
        ));
    }
    let worst = entra
        .conditional_access
        .iter()
        .filter_map(|policy| judge(case, check, policy))
        .min_by_key(|f| f.verdict);
    if let Some(finding) = worst {
        return Ok(vec![finding]);
    }
    if let Some(past) = healed {
        return Ok(vec![healed_finding(check, past)]);
    }
    let origins = entra.conditional_access_exports.iter().map(|e| &e.origin).take(2);
    let message = match entra.conditional_access.len() {
        0 => text!("the tenant has no Conditional Access policy"),
        n => text!("none of the {n} Conditional Access policies blocks ECE's users at Exchange Online", n),
    };
    Ok(vec![check.pass(Subject::deployment(), message).at_all(origins)])
}

/// Sign-ins or refreshes are refused now.
fn refused(case: &Case, check: &Check, open: &[&Refusal]) -> Finding {
    let mut policies: Vec<&str> = open.iter().flat_map(|r| r.policies.iter().map(String::as_str)).collect();
    policies.sort_unstable();
    policies.dedup();
    let in_force: Vec<&Fact<ConditionalAccess>> = case
        .facts
        .entra
        .conditional_access
        .iter()
        .filter(|p| blocks(p) && !matches!(reach(case, p), Reach::None(_)))
        .collect();
    let named = |p: &&&Fact<ConditionalAccess>| {
        let is = |field: &crate::model::Field<String>| field.get().is_some_and(|n| policies.contains(&n.as_str()));
        is(&p.name) || is(&p.id)
    };
    let by_name: Vec<_> = in_force.iter().filter(named).collect();
    let guilty: Vec<&&Fact<ConditionalAccess>> = if by_name.is_empty() { in_force.iter().collect() } else { by_name };
    let name_of = |p: &Fact<ConditionalAccess>| p.name.get().map_or_else(|| text!("without a name"), |name| name.part());
    let who = match (policies.as_slice(), guilty.as_slice()) {
        ([], []) => text!("a Conditional Access policy (the bundle doesn't show which)"),
        ([], [one]) => text!("Conditional Access, in all likelihood by policy \"{one}\"", one = name_of(one)),
        ([], many) => text!(
            "Conditional Access; policies that may block are \"{names}\"",
            names = Text::joined(many.iter().map(|p| name_of(p)), Text::figure("\", \""))
        ),
        (names, _) => text!("Conditional Access policy \"{names}\"", names = names.join("\", \"")),
    };
    let first = open.iter().filter_map(|r| r.first).min_by_key(|s| moment(*s));
    let last = open.iter().filter_map(|r| r.last).max_by_key(|s| moment(*s));
    let codes: BTreeSet<String> = open.iter().map(|r| format!("AADSTS{}", r.code)).collect();
    let codes = Text::list(codes);
    let when = match (first, last) {
        (Some(first), Some(last)) if first == last => text!(" at {first}", first),
        (Some(first), Some(last)) => text!(" from {first} to the last one at {last}", first, last),
        _ => Text::default(),
    };
    let mut message = text!("ECE's sign-ins and refreshes are refused by {who} ({codes}){when}", who, codes, when);
    let changed = guilty
        .iter()
        .filter_map(|p| p.modified.fact().or(p.created.fact()))
        .max_by_key(|f| moment(f.value));
    if let (Some(changed), Some(first)) = (changed, first)
        && moment(changed.value) <= moment(first)
    {
        message = text!(
            "{message}; the policy was last changed at {changed}, before the first refusal",
            message,
            changed = changed.value
        );
    }
    if let Some(location) = location_words(case, &guilty) {
        message = text!("{message}{location}", message, location);
    }
    let mut origins: Vec<&Origin> = open.iter().flat_map(|r| &r.origins).collect();
    origins.extend(guilty.iter().map(|p| &p.origin));
    let mut finding = check.fail(Subject::deployment(), message).at_all(origins);
    for refusal in open {
        finding = finding.explains(format!("signature:entra.aadsts{}", refusal.code));
    }
    if policies.is_empty() && guilty.len() != 1 {
        finding = finding.want(policy_want());
    }
    finding
}

/// What the policies say of locations, as the end of a sentence.
fn location_words(case: &Case, guilty: &[&&Fact<ConditionalAccess>]) -> Option<Text> {
    let policy = guilty
        .iter()
        .find(|p| !p.exclude_locations.is_empty() || !p.include_locations.is_empty())?;
    let known = |id: &String| {
        let location = case
            .facts
            .entra
            .named_locations
            .iter()
            .find(|l| l.id.get().is_some_and(|own| own.eq_ignore_ascii_case(id)));
        match location {
            Some(location) => {
                let name = location.name.get().cloned().unwrap_or_else(|| id.clone());
                if location.ranges.is_empty() {
                    name
                } else {
                    format!("{name} ({})", location.ranges.join(", "))
                }
            }
            None => id.clone(),
        }
    };
    let excluded: Vec<String> = policy.exclude_locations.iter().map(known).collect();
    let from: Option<&String> = case
        .ece_sign_ins()
        .into_iter()
        .filter(|s| s.error.is_some_and(|e| CODES.contains(&e)))
        .find_map(|s| s.ip.as_ref());
    let seen = from.map(|ip| text!("; the refused sign-ins show {ip} (refreshes show the address of the first token)", ip));
    let through = (!excluded.is_empty()).then(|| text!(" and lets through only {places}", places = Text::list(excluded)));
    Some(text!(". It goes by location{through}{seen}", through, seen))
}

fn healed_finding(check: &Check, past: &Refusal) -> Finding {
    let message = text!(
        "Conditional Access refused sign-ins (AADSTS{code}), healed at {at}",
        code = past.code,
        at = past.healed
    );
    check.warn(Subject::deployment(), message).at_all(&past.origins)
}

/// Controls that a server can't satisfy.
const DEVICE: &[&str] = &["compliantDevice", "domainJoinedDevice", "approvedApplication", "compliantApplication"];

fn controls(policy: &ConditionalAccess, wanted: impl Fn(&str) -> bool) -> bool {
    policy.controls.iter().any(|c| wanted(c))
}

/// True if a server can't get past the policy: it blocks, or demands what only a device can show.
fn blocks(policy: &ConditionalAccess) -> bool {
    let device = |c: &str| DEVICE.iter().any(|d| d.eq_ignore_ascii_case(c));
    if controls(policy, |c| c.eq_ignore_ascii_case("block")) {
        return true;
    }
    // With OR, another control (mfa) may satisfy it.
    let needs_device = controls(policy, device);
    let only_device = policy.controls.iter().all(|c| device(c));
    needs_device && (only_device || policy.operator.as_deref() == Some("AND"))
}

/// A policy that may stand in the way though nothing was refused yet.
fn judge(case: &Case, check: &Check, policy: &Fact<ConditionalAccess>) -> Option<Finding> {
    if !blocks(policy) {
        return None;
    }
    let name = policy.name.get().map_or_else(|| text!("without a name"), |name| name.part());
    let what = match controls(policy, |c| c.eq_ignore_ascii_case("block")) {
        true => text!("blocks access"),
        false => text!("demands a managed device or an approved app, which a server can't show"),
    };
    let by_location = policy.include_locations.iter().any(|l| !l.eq_ignore_ascii_case("All")) || !policy.exclude_locations.is_empty();
    let works_since = works_since(case, policy);
    let subject = Subject::deployment();
    match reach(case, policy) {
        Reach::None(_) => None,
        _ if works_since.is_some() => {
            // Sign-ins succeeded under the policy as it stands: it lets ECE through.
            let origin = works_since?;
            let message = text!(
                "policy \"{name}\" {what}, but ECE's sign-ins succeed since it was last changed: it doesn't concern them",
                name,
                what
            );
            Some(check.pass(subject, message).at(&policy.origin).at(&origin))
        }
        Reach::Yes if by_location => {
            let message = text!(
                "policy \"{name}\" {what} by location; whether the egress addresses of the application server and the services server are let through isn't shown",
                name,
                what
            );
            Some(
                check
                    .warn(subject, message)
                    .at(&policy.origin)
                    .confidence(Confidence::Medium)
                    .want(egress_want()),
            )
        }
        Reach::Yes if !controls(policy, |c| c.eq_ignore_ascii_case("block")) => {
            let message = text!(
                "policy \"{name}\", in force for ECE's users at Exchange Online, {what}: refreshes are refused (AADSTS53000 and its family) unless the sign-in that made the token came from such a device",
                name,
                what
            );
            let finding = check.warn(subject, message).at(&policy.origin).confidence(Confidence::Medium);
            Some(finding.want(what_if_want()))
        }
        Reach::Yes => {
            let message = text!(
                "policy \"{name}\", in force, {what} for ECE's users at Exchange Online: sign-ins and refreshes are refused (AADSTS53003)",
                name,
                what
            );
            Some(check.fail(subject, message).at(&policy.origin).explains("signature:entra.aadsts53003"))
        }
        Reach::Maybe(why) => {
            let message = text!("policy \"{name}\" {what}, and may concern ECE: {why}", name, what, why);
            Some(check.unknown(subject, message).at(&policy.origin).want(what_if_want()))
        }
    }
}

/// A refresh or sign-in that succeeded after the policy's last change.
fn works_since(case: &Case, policy: &ConditionalAccess) -> Option<Origin> {
    let changed = policy.modified.get().or(policy.created.get()).map(|s| moment(*s))?;
    let sign_in = case
        .ece_sign_ins()
        .into_iter()
        .find(|s| s.error == Some(0) && s.time.is_some_and(|t| moment(t) > changed));
    if let Some(sign_in) = sign_in {
        return Some(sign_in.origin.clone());
    }
    let refreshes = case
        .logs
        .operations
        .iter()
        .filter(|o| o.kind == crate::model::OperationKind::TokenRefresh && !o.ends_failing());
    let done = refreshes.filter_map(|o| o.last_done()).find(|run| moment(run.last) > changed)?;
    Some(done.last_origin.clone())
}

fn policy_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("the Conditional Access policies and named locations"),
        text!(
            "Get-MgIdentityConditionalAccessPolicy -All | ConvertTo-Json -Depth 10 | Out-File ca-policies.json; Get-MgIdentityConditionalAccessNamedLocation -All | ConvertTo-Json -Depth 10 | Out-File ca-locations.json"
        ),
    )
}

fn egress_want() -> Want {
    Want::new(
        Role::Network,
        text!("the public addresses under which the application server and the services server reach the internet"),
        text!("on each of both servers: (Invoke-WebRequest -UseBasicParsing https://ifconfig.me/ip).Content, or from the firewall's NAT table"),
    )
}

fn what_if_want() -> Want {
    Want::new(
        Role::EntraAdmin,
        text!("whether the policy applies to ECE's users"),
        text!(
            "Entra admin center > Protection > Conditional Access > What If: user = the mailbox account, cloud app = Office 365 Exchange Online, client app = Mobile apps and desktop clients, IP = the server's public address; send the result"
        ),
    )
}
