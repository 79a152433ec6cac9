//! `app.secret`: ECE has a valid client secret.

use super::registration::{client_id_want, judge, undecided};
use crate::case::{Case, Refusal, moment};
use crate::checks::{Check, Gap};
use crate::finding::{Finding, Role, Severity, Subject, Verdict, Want};
use crate::model::{Application, Credential, Fact, OperationKind, Origin, SecretShape, Setting, SettingKey, Stamp, Text, duration_words};
use crate::text;

/// A secret that ends within this time deserves a warning.
const SOON_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;

/// The check.
pub const CHECK: Check = Check {
    id: "app.secret",
    title: "The client secret is valid, and its value is in ECE",
    severity: Severity::Critical,
    why: "ECE shows the client secret at every redemption and at every refresh. With an expired or wrong secret Microsoft refuses both (AADSTS7000222, AADSTS7000215), however good the refresh tokens are: within the hour in which the last access token runs out, all mail stands still.",
    evidence: "app registration (passwordCredentials, keyCredentials), ECE settings, AADSTS7000222 and AADSTS7000215 in logs and sign-ins",
    remedy: &[
        "Entra admin center > App registrations > the app > Certificates & secrets > New client secret: choose the expiry (24 months at most), and copy the Value at once; it is shown only now.",
        "In ECE enter the Value (not the Secret ID) as the client secret of the Office 365 application, and save.",
        "Re-activate the aliases that ECE has disabled meanwhile (E-mail > Aliases); refresh tokens under 90 days old need not be generated again.",
        "Note the new end date where somebody will see it, and delete the expired secret.",
        "Verify: the services server's log shows a token refresh without AADSTS7000222 or AADSTS7000215.",
    ],
    references: &[
        "Cisco 218453, section Azure AD application",
        "Microsoft: AADSTS7000215, AADSTS7000222; add credentials to an application",
    ],
    run,
};

/// What the codes say of the secret.
const EXPIRED: u32 = 7_000_222;
const WRONG: u32 = 7_000_215;
const MISSING: u32 = 7_000_218;

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let refusals = case.refusals(&[EXPIRED, WRONG, MISSING]);
    let pasted_id = secret_settings(case).find(|s| s.secret.as_ref().is_some_and(|secret| secret.shape() == SecretShape::Guid));
    let mut judged = judge(case, check, |app, subject| judge_one(case, check, app, subject));
    // A refusal proves more than the registration: Microsoft has judged the secret that ECE really holds.
    let open: Vec<&Refusal> = refusals.iter().filter(|r| r.healed.is_none()).collect();
    if open.is_empty() && pasted_id.is_none() {
        if let Ok(findings) = &mut judged {
            note_healed(check, findings, &refusals);
        }
        return judged.or_else(|gap| healed_alone(check, &refusals).ok_or(gap).map(|f| vec![f]));
    }
    let mut findings = judged.unwrap_or_default();
    let at = findings.iter().position(|f| f.verdict != Verdict::NotApplicable);
    let subject = at.and_then(|i| findings.get(i)).map_or_else(Subject::deployment, |f| f.subject.clone());
    let finding = refused(check, subject, &open, pasted_id, at.and_then(|i| findings.get(i)));
    match at {
        Some(i) => findings[i] = finding,
        None => findings.insert(0, finding),
    }
    Ok(findings)
}

fn secret_settings(case: &Case) -> impl Iterator<Item = &Fact<Setting>> {
    case.facts.ece.settings.iter().filter(|s| s.key == SettingKey::OauthClientSecret)
}

/// The secret is refused, or shows its fault in the settings.
fn refused(check: &Check, subject: Subject, open: &[&Refusal], pasted_id: Option<&Fact<Setting>>, manifest: Option<&Finding>) -> Finding {
    let span = |r: &&Refusal| text!(", {times}", times = r.times());
    let of = |code: u32| open.iter().find(|r| r.code == code);
    let mut message = if let Some(refusal) = of(EXPIRED) {
        text!(
            "Microsoft refuses ECE's client secret as expired (AADSTS7000222{span})",
            span = span(refusal)
        )
    } else if let Some(refusal) = of(WRONG) {
        match pasted_id {
            Some(_) => text!(
                "ECE's client secret has the form of a GUID: the Secret ID was pasted in place of its Value, and Microsoft refuses it (AADSTS7000215{span})",
                span = span(refusal)
            ),
            None => text!(
                "Microsoft refuses ECE's client secret as wrong (AADSTS7000215{span}): mostly the Secret ID was pasted in place of the Value, or the secret was deleted",
                span = span(refusal)
            ),
        }
    } else if let Some(refusal) = of(MISSING) {
        text!(
            "ECE sends no client secret, which Microsoft demands (AADSTS7000218{span})",
            span = span(refusal)
        )
    } else {
        text!("ECE's client secret has the form of a GUID: the Secret ID was pasted in place of its Value, which Microsoft refuses (AADSTS7000215)")
    };
    let about_registration = manifest.filter(|f| matches!(f.verdict, Verdict::Fail | Verdict::Warn | Verdict::Pass));
    if let Some(manifest) = about_registration {
        let registration = &manifest.message;
        message = match (manifest.verdict, of(EXPIRED)) {
            (Verdict::Fail, _) => text!("{message}; the registration agrees: {registration}", message, registration),
            (_, Some(_)) => text!(
                "{message}. In the registration {registration}: ECE still holds an older one",
                message,
                registration
            ),
            (_, None) => text!("{message}. In the registration {registration}", message, registration),
        };
    }
    let mut finding = check.fail(subject, message);
    for refusal in open {
        finding = finding
            .at_all(&refusal.origins)
            .explains(format!("signature:entra.aadsts{}", refusal.code));
    }
    finding = finding.at_all(pasted_id.and_then(|s| s.value.value.origin()));
    match about_registration {
        Some(manifest) => finding.at_all(&manifest.evidence),
        None => finding,
    }
}

/// The refusal is over: whatever the registration says stands, with a word about it.
fn note_healed(check: &Check, findings: &mut [Finding], refusals: &[Refusal]) {
    let Some(past) = refusals.iter().filter(|r| r.healed.is_some()).max_by_key(|r| r.healed.map(moment)) else {
        return;
    };
    let Some(finding) = findings.iter_mut().find(|f| matches!(f.verdict, Verdict::Pass | Verdict::Unknown)) else {
        return;
    };
    let message = text!("{healed}; {message}", healed = healed_words(past), message = finding.message);
    let evidence = std::mem::take(&mut finding.evidence);
    *finding = check.warn(finding.subject.clone(), message).at_all(&past.origins).at_all(&evidence);
}

fn healed_alone(check: &Check, refusals: &[Refusal]) -> Option<Finding> {
    let past = refusals.iter().filter(|r| r.healed.is_some()).max_by_key(|r| r.healed.map(moment))?;
    Some(check.warn(Subject::deployment(), healed_words(past)).at_all(&past.origins))
}

fn healed_words(past: &Refusal) -> Text {
    text!(
        "Microsoft refused ECE's client secret (AADSTS{code}), healed at {at}",
        code = past.code,
        at = past.healed
    )
}

fn judge_one(case: &Case, check: &Check, app: &Fact<Application>, subject: Subject) -> Finding {
    let Some(credentials) = app.credentials.fact() else {
        return match app.credentials.is_empty() && !app.cut {
            true => check
                .fail(subject, text!(
                    "the registration has neither a client secret nor a certificate: ECE can't prove itself to Microsoft (AADSTS7000218, AADSTS7000215)"
                ))
                .at_all(app.credentials.origin()),
            false => undecided(check, subject, app, &app.credentials, text!("its secrets and certificates")),
        };
    };
    let Some(now) = case.as_of() else {
        let dates: Vec<String> = credentials.value.iter().filter_map(|c| c.end.get().map(|e| e.date())).collect();
        let message = text!(
            "the secret ends on {dates}, and nothing in the bundle is dated: whether that is past can't be said",
            dates = match dates.is_empty() {
                true => text!("an unreadable date"),
                false => Text::list(dates),
            }
        );
        return check
            .unknown(subject, message)
            .at_all(credentials.value.iter().map(|c| &c.origin))
            .want(Want::new(
                Role::EceAdmin,
                text!("the moment that the evidence was taken at"),
                text!("run ecelens again with --as-of <date and time>, or add a current log"),
            ));
    };
    let finding = by_dates(check, subject, app, &credentials.value, &now);
    match works_since(case, &credentials.value).filter(|_| finding.verdict == Verdict::Fail) {
        Some((run, origin)) => {
            let message = text!(
                "{message}, but a token refresh succeeded at {run}: ECE uses a credential that this export doesn't list",
                message = finding.message,
                run
            );
            let unknown = check.unknown(finding.subject.clone(), message).at_all(&finding.evidence).at(&origin);
            unknown.want(super::registration::manifest_want())
        }
        None => finding,
    }
}

/// A refresh that worked after every credential had ended.
fn works_since(case: &Case, credentials: &[Fact<Credential>]) -> Option<(Stamp, Origin)> {
    /// Clocks of servers may differ by minutes.
    const SKEW_MS: i64 = 15 * 60_000;
    let ended = credentials.iter().filter_map(|c| c.end.get().map(|end| moment(*end))).max()?;
    let refreshes = case.logs.operations.iter().filter(|o| o.kind == OperationKind::TokenRefresh);
    let done = refreshes.filter_map(|o| o.last_done()).max_by_key(|run| moment(run.last))?;
    (moment(done.last) > ended + SKEW_MS).then(|| (done.last, done.last_origin.clone()))
}

/// Judges secrets and certificates by their ends.
fn by_dates(check: &Check, subject: Subject, app: &Application, credentials: &[Fact<Credential>], now: &Fact<Stamp>) -> Finding {
    let at = moment(now.value);
    let end_of = |c: &Credential| c.end.get().map(|end| moment(*end));
    let begun = |c: &Credential| c.start.is_none_or(|start| moment(start) <= at);
    let unread: Vec<_> = credentials.iter().filter(|c| end_of(c).is_none()).collect();
    let mut valid: Vec<_> = credentials.iter().filter(|c| end_of(c).is_some_and(|end| end > at) && begun(c)).collect();
    valid.sort_by_key(|c| end_of(c));
    let mut expired: Vec<_> = credentials.iter().filter(|c| end_of(c).is_some_and(|end| end <= at)).collect();
    expired.sort_by_key(|c| end_of(c));
    let seen_until = |f: Finding| f.at(&now.origin);
    let Some(longest) = valid.last() else {
        if !unread.is_empty() || app.cut || expired.is_empty() {
            let message = text!("no valid secret is listed, but the end of at least one can't be read");
            return check
                .unknown(subject, message)
                .at_all(unread.iter().chain(&expired).map(|c| &c.origin))
                .want(super::registration::manifest_want());
        }
        let newest = expired.last().map(|c| words(c)).unwrap_or_default();
        let message = match expired.len() {
            1 => text!(
                "its only credential, {newest}, had ended when the evidence was taken ({now})",
                newest,
                now = now.value
            ),
            n => text!(
                "all {n} credentials had ended when the evidence was taken ({now}), the last one being {newest}",
                n,
                now = now.value,
                newest
            ),
        };
        return seen_until(check.fail(subject, message).at_all(expired.iter().map(|c| &c.origin).rev())).explains("signature:entra.aadsts7000222");
    };
    let secrets: Vec<_> = valid.iter().filter(|c| c.is_secret).collect();
    let left = end_of(longest).unwrap_or(at) - at;
    let origins: Vec<&Origin> = valid.iter().rev().map(|c| &c.origin).collect();
    if left < SOON_DAYS * DAY_MS {
        let message = text!(
            "{longest} ends in {left} (seen from {now}): after that Microsoft refuses every refresh",
            longest = words(longest),
            left = duration_words(left),
            now = now.value
        );
        return seen_until(check.warn(subject, message).at_all(origins));
    }
    if secrets.is_empty() {
        let message = text!(
            "the registration has a valid certificate ({longest}) and no valid secret; ECE works with a secret",
            longest = words(longest)
        );
        return seen_until(check.warn(subject, message).at_all(origins)).want(client_id_want());
    }
    let mut message = text!(
        "{longest} was valid when the evidence was taken ({now})",
        longest = words(longest),
        now = now.value
    );
    if secrets.len() > 1 {
        message = text!(
            "{message}; {count} secrets are valid, and which of them is in ECE can't be seen",
            message,
            count = secrets.len()
        );
    }
    if let Some(old) = expired.last() {
        message = text!(
            "{message}; {old} beside it has ended: if ECE holds that one, it is refused (AADSTS7000222)",
            message,
            old = words(old)
        );
    }
    seen_until(check.pass(subject, message).at_all(origins))
}

fn words(credential: &Credential) -> Text {
    let what = if credential.is_secret { text!("secret") } else { text!("certificate") };
    let name = match (&credential.name, &credential.key_id) {
        (Some(name), _) => text!(" \"{name}\"", name),
        (None, Some(id)) => text!(" {id}", id),
        (None, None) => Text::default(),
    };
    let end = credential.end.get().map_or_else(|| text!("an unreadable date"), Text::figure);
    text!("{what}{name} (end {end})", what, name, end)
}
