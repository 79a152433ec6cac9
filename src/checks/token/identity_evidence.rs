//! Whose tokens ECE holds, as far as tokens, sign-ins and mail traces show.

use crate::case::{Case, Directory, moment};
use crate::finding::Confidence;
use crate::model::{Fact, LogEventKind, OperationKind, Origin, SignIn, SignInKind, Stamp, Text};
use crate::text;
use std::collections::BTreeMap;

/// What shows the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A token's own claims.
    Token,
    /// A renewal in the sign-in log: ECE holds a token of this user.
    Refresh,
    /// Somebody signed in to ECE's app at a browser.
    Browser,
    /// The mail library logged in as this user.
    Login,
}

/// A user of ECE's app or tokens.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub user: String,
    pub holder: Holder,
    pub time: Option<Stamp>,
    pub confidence: Confidence,
    pub origins: Vec<Origin>,
}

impl Witness {
    /// What was seen, as the beginning of a sentence.
    pub fn words(&self) -> Text {
        match self.holder {
            Holder::Token => text!("the token that ECE was given"),
            Holder::Refresh => text!("the token that ECE renews"),
            Holder::Browser => text!("the sign-in at the browser"),
            Holder::Login => text!("the login at the mail server"),
        }
    }
}

fn of_sign_in(sign_in: &Fact<SignIn>, holder: Holder) -> Option<Witness> {
    Some(Witness {
        user: sign_in.user.clone()?,
        holder,
        time: sign_in.time,
        confidence: if holder == Holder::Refresh {
            Confidence::High
        } else {
            Confidence::Medium
        },
        origins: vec![sign_in.origin.clone()],
    })
}

/// How a successful sign-in came about.
fn holder_of(sign_in: &SignIn) -> Option<Holder> {
    let browser = sign_in.client_app.as_deref().is_some_and(|c| c.eq_ignore_ascii_case("browser"));
    match sign_in.kind {
        Some(SignInKind::NonInteractive) => Some(Holder::Refresh),
        Some(SignInKind::Interactive) => Some(Holder::Browser),
        None if browser => Some(Holder::Browser),
        _ => None,
    }
}

/// Successful sign-ins of users to ECE's own app.
fn app_sign_ins(case: &Case) -> Vec<(&Fact<SignIn>, Holder)> {
    let ids = case.ece_app_ids();
    let ours = |s: &Fact<SignIn>| s.error == Some(0) && s.app_id.as_ref().is_some_and(|id| ids.contains(id));
    let all = case.facts.entra.sign_ins.iter().filter(|s| ours(s));
    all.filter_map(|s| Some((s, holder_of(s)?))).collect()
}

/// Evidence that is tied to an account by its `names`, or that shows one of its `right` users; oldest first. With `sole` account,
/// a token without a name is its own.
pub(super) fn evidence_of(case: &Case, directory: &Directory, names: &[String], right: &[String], sole: bool) -> Vec<Witness> {
    let mut witnesses = Vec::new();
    let is_right = |user: &str| right.iter().any(|r| directory.same(r, user));
    let ids = case.ece_app_ids();
    for token in case.token_users() {
        let named = token
            .account
            .as_ref()
            .is_some_and(|a| names.iter().any(|n| n == a || directory.same(n, a)));
        let nameless = token.account.is_none();
        let ours = token.claims.app_id.as_ref().is_none_or(|id| ids.contains(id));
        if ours && (named || nameless && (sole || is_right(&token.user))) {
            witnesses.push(Witness {
                confidence: if named { Confidence::High } else { Confidence::Medium },
                user: token.user,
                holder: Holder::Token,
                time: token.time,
                origins: vec![token.origin],
            });
        }
    }
    // Right after a token was generated for this account, somebody signed in at a browser: that is whose token it is.
    let mut generated = case
        .logs
        .operations
        .iter()
        .filter(|o| o.kind == OperationKind::TokenGeneration && names.contains(&o.subject));
    let made: Vec<(Stamp, Origin)> = generated
        .next()
        .and_then(|o| o.last_done())
        .map(|run| (run.last, run.last_origin.clone()))
        .into_iter()
        .collect();
    for (sign_in, holder) in app_sign_ins(case) {
        let Some(mut witness) = of_sign_in(sign_in, holder) else { continue };
        let near = made.iter().find(|(at, _)| holder == Holder::Browser && is_near(*at, sign_in.time));
        if let Some((_, origin)) = near {
            witness.origins.push(origin.clone());
            witnesses.push(witness);
        } else if is_right(&witness.user) {
            witnesses.push(witness);
        }
    }
    // Claims and moments decide over sign-ins of the right user at other times; of the same moment the token itself does.
    witnesses.sort_by_key(|w| (w.time.map(moment), w.holder == Holder::Token));
    witnesses
}

/// Within ten minutes: the browser's part of generating a token comes shortly before ECE's.
fn is_near(at: Stamp, other: Option<Stamp>) -> bool {
    const NEAR_MS: i64 = 10 * 60_000;
    let instants = at.instant().zip(other.and_then(Stamp::instant));
    instants.is_some_and(|(a, b)| a.since(b).abs() <= NEAR_MS)
}

/// Users that are none of ECE's mail users, and sign in to its app or at the mail server all the same: renewals first.
pub(super) fn strangers(case: &Case, directory: &Directory, right: &[&str]) -> Vec<Witness> {
    // A tenant's log has many rows of few users: each user is looked up once.
    let users = case.mail_users();
    let mut looked_up: BTreeMap<String, bool> = BTreeMap::new();
    let mut known = |user: &str| {
        *looked_up
            .entry(user.to_owned())
            .or_insert_with(|| right.iter().any(|r| directory.same(r, user)) || users.iter().any(|u| directory.same(u, user)))
    };
    let mut found: Vec<Witness> = Vec::new();
    let mut note = |witness: Witness| {
        if !known(&witness.user) && !found.iter().any(|f| f.user == witness.user && f.holder == witness.holder) {
            found.push(witness);
        }
    };
    for (sign_in, holder) in app_sign_ins(case) {
        of_sign_in(sign_in, holder).into_iter().for_each(&mut note);
    }
    let ids = case.ece_app_ids();
    for token in case.token_users() {
        if token.claims.app_id.as_ref().is_none_or(|id| ids.contains(id)) {
            note(Witness {
                user: token.user,
                holder: Holder::Token,
                time: token.time,
                confidence: Confidence::Medium,
                origins: vec![token.origin],
            });
        }
    }
    for event in &case.logs.events {
        if let LogEventKind::MailLogin { user, .. } = &event.kind
            && user.contains('@')
        {
            note(Witness {
                user: user.clone(),
                holder: Holder::Login,
                time: event.time,
                confidence: Confidence::Medium,
                origins: vec![event.origin.clone()],
            });
        }
    }
    found.sort_by_key(|w| match w.holder {
        Holder::Token | Holder::Refresh => 0,
        Holder::Login => 1,
        Holder::Browser => 2,
    });
    found
}
