//! `token.scopes`: the tokens that ECE holds are for mail, and hold what its server type needs.

use crate::case::Case;
use crate::checks::app::needed_scopes;
use crate::checks::{Check, Gap, REACTIVATE_ALIASES};
use crate::finding::{Finding, Role, Severity, Subject, SubjectKind, Want};
use crate::model::permission::{EXCHANGE_ONLINE, GRAPH};
use crate::model::{Claims, Inbound, LogEventKind, Origin, Stamp, Text, TokenAnswer};
use crate::text;
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    id: "token.scopes",
    title: "Tokens hold what the server type needs",
    severity: Severity::High,
    why: "IMAP, POP3 and SMTP accept only tokens made for Exchange Online that hold the permission for that protocol; Graph only tokens made for Graph. Exchange gives no reason when it refuses another one.",
    evidence: "token answers (scope) and tokens (aud, scp, roles) in logs and files, server type of accounts",
    remedy: &[
        "Check the scopes that ECE asks for (OAuth application: https://outlook.office.com/IMAP.AccessAsUser.All, …/SMTP.Send, offline_access; or Graph's Mail.ReadWrite and Mail.Send), and the permissions and consent of the registration.",
        "Generate the token of each account again, in a private browser window: a refreshed token keeps the permissions it was made with.",
        REACTIVATE_ALIASES,
        "Verify: the token answer in the log names the needed permissions in its scope.",
    ],
    references: &["Microsoft: Authenticate an IMAP, POP or SMTP connection using OAuth; access token claims"],
    run,
};

/// A token, or the answer that brought it.
struct Seen {
    account: Option<String>,
    audience: Option<String>,
    scopes: Vec<String>,
    app_only: bool,
    time: Option<Stamp>,
    origin: Origin,
}

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    let mut newest: BTreeMap<String, Seen> = BTreeMap::new();
    for seen in tokens(case) {
        let key = seen.account.clone().unwrap_or_default();
        let later = newest
            .get(&key)
            .is_none_or(|known| seen.time.map(crate::case::moment) >= known.time.map(crate::case::moment));
        if later {
            newest.insert(key, seen);
        }
    }
    if newest.is_empty() {
        return Err(Gap::missing(
            text!("no token and no token answer shows its permissions"),
            vec![token_want()],
        ));
    }
    let (_, needed) = needed_scopes(case);
    let graph = case.inbound_in_use().contains_key(&Inbound::Graph);
    Ok(newest
        .into_iter()
        .map(|(account, seen)| judge(case, check, &account, &seen, &needed, graph))
        .collect())
}

/// Tokens of ECE's app. A token of another app says nothing of ECE.
fn tokens(case: &Case) -> Vec<Seen> {
    let ids = case.ece_app_ids();
    let ours = |claims: &Claims| claims.app_id.as_ref().is_none_or(|id| ids.is_empty() || ids.contains(id));
    let of_claims = |claims: &Claims, account: Option<&String>, time: Option<Stamp>, origin: &Origin| {
        let says = !claims.scopes.is_empty() || !claims.roles.is_empty() || claims.audience.is_some();
        (says && ours(claims)).then(|| Seen {
            account: account.map(|a| a.to_lowercase()),
            audience: claims.audience.clone(),
            scopes: claims.scopes.clone(),
            app_only: claims.scopes.is_empty() && !claims.roles.is_empty(),
            time,
            origin: origin.clone(),
        })
    };
    let of_answer = |answer: &TokenAnswer, account: Option<&String>, time: Option<Stamp>, origin: &Origin| {
        let claims = answer.claims.as_ref().and_then(|c| of_claims(c, account, time, origin));
        if answer.scopes.is_empty() {
            return claims;
        }
        Some(Seen {
            account: account.map(|a| a.to_lowercase()),
            audience: claims
                .as_ref()
                .and_then(|c| c.audience.clone())
                .or_else(|| answer.scopes.iter().find_map(|scope| resource_of(scope))),
            scopes: answer.scopes.clone(),
            app_only: false,
            time,
            origin: origin.clone(),
        })
    };
    let mut seen = Vec::new();
    for event in &case.logs.events {
        seen.extend(match &event.kind {
            LogEventKind::Token { account, claims } => of_claims(claims, account.as_ref(), event.time, &event.origin),
            LogEventKind::TokenAnswer { account, address, answer } => {
                of_answer(answer, account.as_ref().or(address.as_ref()), event.time, &event.origin)
            }
            _ => None,
        });
    }
    for token in &case.facts.entra.tokens {
        seen.extend(of_claims(&token.value, None, None, &token.origin));
    }
    for answer in &case.facts.entra.token_answers {
        seen.extend(of_answer(&answer.value, None, None, &answer.origin));
    }
    seen
}

fn judge(case: &Case, check: &Check, account: &str, seen: &Seen, needed: &[&'static str], graph: bool) -> Finding {
    // The needs of the account itself, where it is known, else of the deployment.
    let own = case.account_called(account);
    let subject = match account {
        "" => Subject::deployment(),
        name => Subject::new(SubjectKind::Account, own.and_then(|a| a.name.get()).map_or(name, String::as_str)),
    };
    let needed: Vec<&str> = match own.and_then(|a| a.server_type.get()) {
        Some(Inbound::Imap) => vec!["IMAP.AccessAsUser.All", "SMTP.Send"],
        Some(Inbound::Pop3) => vec!["POP.AccessAsUser.All", "SMTP.Send"],
        Some(Inbound::Graph) => needed.iter().copied().filter(|n| n.starts_with("Mail.")).collect(),
        None => needed.to_vec(),
    };
    if seen.app_only {
        let message = text!("the token was made for the application, without a user (roles instead of scp): ECE signs in as a user");
        return check.warn(subject, message).at(&seen.origin);
    }
    let protocols = needed.iter().any(|n| !n.starts_with("Mail."));
    let audience = seen.audience.as_deref().map(kind_of_audience);
    let wrong = match audience {
        Some(Audience::Graph) => protocols && !graph,
        Some(Audience::Exchange) => !protocols && graph,
        Some(Audience::Other) => !needed.is_empty(),
        None => false,
    };
    if wrong {
        let message = text!(
            "the token is made for {audience}, but {protocol} needs one for {resource}: the server refuses it without a reason",
            audience = seen.audience.as_deref().unwrap_or_default(),
            protocol = if protocols { text!("the mail protocol in use") } else { text!("Graph") },
            resource = Text::figure(match protocols {
                true => "Exchange Online (https://outlook.office365.com)",
                false => "Microsoft Graph",
            })
        );
        return check.fail(subject, message).at(&seen.origin);
    }
    let names: Vec<&str> = seen.scopes.iter().map(|s| s.rsplit('/').next().unwrap_or(s)).collect();
    if names.is_empty() {
        let message = text!("the token's audience is right, but its permissions aren't shown");
        return check.unknown(subject, message).at(&seen.origin).want(token_want());
    }
    if needed.is_empty() {
        let message = text!(
            "the token holds {names}; what is needed depends on the server type, which the bundle doesn't show",
            names = names.join(", ")
        );
        return check.unknown(subject, message).at(&seen.origin);
    }
    let has = |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name)) || names.contains(&".default");
    let missing: Vec<&str> = needed.iter().copied().filter(|n| !has(n)).collect();
    // Each resource has its token: with mixed server types one token can't hold everything.
    let mixed = own.is_none() && protocols && graph;
    if missing.is_empty() || mixed && missing.len() < needed.len() {
        return check
            .pass(subject, text!("the token holds {names}", names = names.join(", ")))
            .at(&seen.origin);
    }
    let message = text!(
        "the token holds {names}, but not {missing}, which the server type needs: the server refuses it without a reason",
        names = names.join(", "),
        missing = missing.join(", ")
    );
    check.fail(subject, message).at(&seen.origin)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    Exchange,
    Graph,
    Other,
}

/// The resource that a scope is written with: `https://outlook.office.com` of `https://outlook.office.com/SMTP.Send`.
fn resource_of(scope: &str) -> Option<String> {
    let (resource, _) = scope.rsplit_once('/')?;
    resource.contains("://").then(|| resource.trim_end_matches('/').to_owned())
}

fn kind_of_audience(audience: &str) -> Audience {
    let audience = audience.trim_end_matches('/').to_ascii_lowercase();
    let host = audience.split_once("://").map_or(audience.as_str(), |(_, rest)| rest);
    let clouds = crate::model::cloud::clouds_of(host);
    if audience == EXCHANGE_ONLINE || clouds.iter().any(|(_, what)| *what == crate::model::cloud::CloudHost::Mail) {
        Audience::Exchange
    } else if audience == GRAPH || clouds.iter().any(|(_, what)| *what == crate::model::cloud::CloudHost::Graph) {
        Audience::Graph
    } else {
        Audience::Other
    }
}

fn token_want() -> Want {
    Want::new(
        Role::EceAdmin,
        text!("an answer of the token endpoint (its scope; the token itself is not needed)"),
        text!(
            "the services server's log of a token refresh at debug level (ECE 12.6: trace level of the retriever process), or the application server's log of pressing Generate"
        ),
    )
}
