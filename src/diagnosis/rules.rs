//! What a fault leads to: data that a support engineer can read and mend.
//!
//! Mail over OAuth is a chain: the registration and the sign-in give a token, the token opens the mailbox, an open mailbox is
//! fetched from and sent through. A fault early in the chain shows at every later link, so each check has a place in it.

use crate::model::{LogFacts, SignatureHit};

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

/// The class of a check.
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

/// Checks whose failure may be a cause when nothing else explains it, though it mostly is a symptom.
pub const MAY_BE_CAUSE: &[&str] = &[
    "log.retriever-polling",
    "alias.state",
    "token.refresh",
    "token.observed-lifetime",
    "signin.failures",
    "log.dispatcher",
];

/// Checks that never are a cause: they summarise what others say.
pub const NEVER_A_CAUSE: &[&str] = &[
    "log.known-errors",
    "log.coverage",
    "log.secrets",
    "url.single-fqdn",
    "version.documentation",
];

/// One fact, seen by two checks: where both fail, the first is the cause and explains the second.
pub const SAME_FACT: &[(&str, &[&str])] = &[
    // The setting of another release holds the address: that is why the right one is empty.
    (
        "url.setting-for-release",
        &["url.external-url", "url.redirect-host", "url.redirect-exact", "url.console-host"],
    ),
    // A wrong external URL has no matching redirect URI, and no console is opened under it.
    (
        "url.external-url",
        &["url.redirect-host", "url.redirect-exact", "url.console-host", "url.scopes-agree"],
    ),
    ("url.scopes-agree", &["url.redirect-host", "url.console-host"]),
    ("url.redirect-host", &["url.redirect-exact", "url.console-host"]),
    ("url.redirect-exact", &["app.redirect-form"]),
    ("app.redirect-platform", &["url.redirect-exact"]),
    ("app.cloud", &["app.tenant", "app.audience", "network.hosts"]),
    // A foreign authority knows neither the client id nor its accounts.
    ("app.tenant", &["app.client-id", "app.audience"]),
    ("app.client-id", &["app.secret"]),
    ("app.enabled", &["app.consent", "app.assignment"]),
    ("app.permission-identity", &["app.permissions", "app.consent", "token.scopes"]),
    ("app.permissions", &["app.consent", "token.scopes"]),
    ("app.consent", &["token.scopes"]),
    // What the shared account's user may open decides, not that he is another user.
    ("mailbox.full-access", &["token.identity"]),
    ("token.identity", &["mailbox.full-access", "mailbox.send-as"]),
    (
        "mailbox.exists",
        &["mailbox.licence", "mailbox.account", "mailbox.inbound-protocol", "mailbox.smtp-auth"],
    ),
    ("mailbox.licence", &["mailbox.inbound-protocol"]),
    ("signin.mfa", &["signin.conditional-access"]),
    ("signin.conditional-access", &["signin.mfa"]),
    ("network.proxy", &["network.hosts", "network.ports"]),
    ("network.hosts", &["network.ports"]),
    ("network.tls-trust", &["network.tls-version"]),
    ("alias.account", &["alias.endpoint"]),
    ("alias.retriever-instance", &["log.retriever-polling", "alias.state"]),
];

/// What a failing check of `cause` may lead to, besides the signatures that bear on it by name.
pub fn leads_to_check(cause: &str, symptom: &str) -> bool {
    if SAME_FACT.iter().any(|(first, others)| *first == cause && others.contains(&symptom)) {
        return true;
    }
    let shows = |any: &[&str]| any.contains(&symptom);
    match class_of_check(cause) {
        // Only the first token is made with the redirect URI; renewals go on, so mail that flows may still fail later.
        Class::Settings => shows(&["signin.failures", "token.refresh", "alias.state", "log.known-errors"]),
        Class::Network | Class::Registration | Class::SignIn => shows(&[
            "signin.failures",
            "token.refresh",
            "token.scopes",
            "token.observed-lifetime",
            "alias.state",
            "log.dispatcher",
            "log.known-errors",
            "log.retriever-polling",
        ]),
        Class::Token => shows(&[
            "signin.failures",
            "alias.state",
            "log.dispatcher",
            "log.known-errors",
            "log.retriever-polling",
            "token.refresh",
        ]),
        Class::Mailbox => match cause {
            "mailbox.smtp-auth" | "mailbox.send-as" => shows(&["log.dispatcher", "log.known-errors"]),
            "mailbox.inbound-protocol" => shows(&["alias.state", "log.known-errors", "log.retriever-polling"]),
            _ => shows(&[
                "alias.state",
                "log.dispatcher",
                "log.known-errors",
                "log.retriever-polling",
                "signin.failures",
                "token.refresh",
            ]),
        },
        Class::Alias => shows(&["alias.state", "log.dispatcher", "log.retriever-polling", "log.known-errors"]),
        Class::Symptom => match cause {
            "token.refresh" => shows(&["alias.state", "log.dispatcher", "log.known-errors", "signin.failures"]),
            "log.retriever-polling" => shows(&["alias.state"]),
            "alias.state" | "log.dispatcher" | "signin.failures" => shows(&["log.known-errors"]),
            _ => false,
        },
    }
}

/// What Exchange Online and the mail library say when a token is refused or a mailbox doesn't open: it names no reason.
pub fn is_refusal_without_reason(signature: &str) -> bool {
    signature.starts_with("imap.authenticate_failed")
        || signature.starts_with("imap.no_authenticate_failed")
        || signature.starts_with("java.mail.authentication_failed")
        || signature.starts_with("java.mail.auth_failed")
        || signature.starts_with("java.mail.oauth2_asked")
        || signature.starts_with("java.mail.debug_auth")
        || signature.starts_with("java.mail.imap_xoauth2")
        || signature.starts_with("java.mail.pop3_oauth2")
        || signature.starts_with("oauth.xoauth2_")
        || matches!(
            signature,
            "imap.bad_authenticated_not_connected"
                | "imap.authenticationfailed_code"
                | "pop.err_authentication_failure"
                | "smtp.535_5_7_3"
                | "smtp.535_5_7_139_other"
        )
}

/// True if a signature merely shows what a fault of `cause`'s class leads to.
pub fn leads_to_signature(cause: &str, signature: &str) -> bool {
    let is = |any: &[&str]| any.iter().any(|prefix| signature.starts_with(prefix));
    let alias_down = signature.starts_with("ece.");
    let wrapped_oauth = is(&[
        "oauth.error.",
        "oauth.suberror.",
        "oauth.trace_context",
        "java.http.server_returned",
        "java.http.status_token",
        "java.msal",
        "java.nimbus",
    ]);
    match class_of_check(cause) {
        Class::Network => is(&["java.net.", "java.ssl.", "java.http.", "java.mail.", "wildfly."]) || alias_down,
        Class::Settings => wrapped_oauth && cause.starts_with("url."),
        Class::Registration | Class::SignIn => wrapped_oauth || is_refusal_without_reason(signature) || alias_down,
        Class::Token => is_refusal_without_reason(signature) || alias_down || wrapped_oauth,
        Class::Mailbox => match cause {
            "mailbox.smtp-auth" => signature.starts_with("smtp.535") || signature.starts_with("java.mail.authentication_failed"),
            "mailbox.send-as" => signature.contains("send_as") || signature.starts_with("java.mail.smtp_send"),
            _ => is_refusal_without_reason(signature) || alias_down || signature.starts_with("graph."),
        },
        Class::Alias => alias_down || is(&["java.mail.", "java.net.", "imap.login_failed", "imap.no_login_failed", "pop.err_logon"]),
        Class::Symptom => cause == "token.refresh" && (wrapped_oauth || is_refusal_without_reason(signature) || alias_down),
    }
}

/// True if the operations that a signature stands in work again at the end of the evidence: it healed.
pub fn healed(hit: &SignatureHit, logs: &LogFacts) -> bool {
    let failing_now = |signature: &str| {
        logs.operations.iter().any(|operation| {
            operation
                .failing_tail()
                .iter()
                .any(|run| matches!(&run.outcome, crate::model::Outcome::Failed(ids) if ids.iter().any(|id| id == signature)))
        })
    };
    let in_operations = logs.operations.iter().any(|operation| {
        operation
            .runs
            .iter()
            .any(|run| matches!(&run.outcome, crate::model::Outcome::Failed(ids) if ids.contains(&hit.id)))
    });
    in_operations && !failing_now(&hit.id)
}
