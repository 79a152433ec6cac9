//! The chain that mail over OAuth hangs on: registration and sign-in give a token, the token opens the mailbox, an open mailbox is
//! fetched from and sent through. A fault early in the chain shows at every later link.

use crate::model::OperationKind;
use OperationKind::{Fetch, Send, TokenGeneration, TokenRefresh};

/// Where in the chain a check looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Product and settings: version, external URL.
    Settings,
    /// The way to Microsoft: ports, names, proxy, TLS.
    Network,
    /// The app registration and its consent.
    Registration,
    /// The sign-in of the user: Conditional Access, MFA, the account itself.
    SignIn,
    /// Whose token it is and what it may do.
    Token,
    /// The mailbox: protocols, licence, rights.
    Mailbox,
    /// Objects of ECE: aliases, accounts, alarm.
    Alias,
    /// What merely shows that something is wrong.
    Symptom,
}

/// The class of a check; an unknown id, or none, is a symptom.
pub fn class_of_check(id: &str) -> Class {
    match id {
        "token.refresh" | "token.observed-lifetime" | "signin.failures" | "alias.state" => Class::Symptom,
        "mailbox.account" => Class::SignIn,
        _ => match id.split('.').next().unwrap_or_default() {
            "version" | "url" => Class::Settings,
            "network" => Class::Network,
            "app" => Class::Registration,
            "signin" => Class::SignIn,
            "token" => Class::Token,
            "mailbox" => Class::Mailbox,
            "alias" | "alarm" => Class::Alias,
            _ => Class::Symptom,
        },
    }
}

/// Everything that ECE does with mail and tokens.
pub const ALL: &[OperationKind] = &[TokenGeneration, TokenRefresh, Fetch, Send];

/// What stops where the check fails.
pub fn stopped_by(check: &str) -> &'static [OperationKind] {
    match check {
        "mailbox.smtp-auth" | "mailbox.send-as" | "log.dispatcher" | "alias.smtp-fallback" | "alarm.default-smtp" => &[Send],
        "mailbox.inbound-protocol" | "log.retriever-polling" | "alias.retriever-instance" | "alias.state" => &[Fetch],
        "token.refresh" | "token.observed-lifetime" | "token.clock" => &[TokenRefresh, Fetch, Send],
        "app.redirect-form" => &[TokenGeneration],
        // Whoever is no mailbox of its own, or one without a sign-in, gets no token either.
        "mailbox.exists" => ALL,
        _ => match class_of_check(check) {
            // Only the first token is made with the redirect URI; renewals go on without it.
            Class::Settings if check.starts_with("url.") => &[TokenGeneration],
            Class::Token | Class::Mailbox | Class::Alias => &[Fetch, Send],
            _ => ALL,
        },
    }
}

/// What a failing check shows to stand still, where it is the symptom of something else.
pub fn shown_by(check: &str) -> &'static [OperationKind] {
    match check {
        "token.refresh" | "token.observed-lifetime" => &[TokenRefresh],
        "signin.failures" => &[TokenGeneration, TokenRefresh],
        _ => stopped_by(check),
    }
}

/// Checks whose fault hits every mailbox alike (on the servers concerned): where one alias of several works on, it isn't the reason
/// of what another one meets.
pub fn hits_all_alike(check: &str) -> bool {
    matches!(
        check,
        "app.secret" | "app.enabled" | "app.client-id" | "app.tenant" | "app.cloud" | "app.audience"
    ) || class_of_check(check) == Class::Network
}

/// True if the fault reaches mail of aliases; alarm mail leaves by a way of its own.
pub fn concerns_mail(check: &str) -> bool {
    !check.starts_with("alarm.")
}
