//! What a fault leads to: data that a support engineer can read and mend. Each rule has a bundle of its own below
//! `fixtures/diagnosis/<name>/`, and a test that fails without it.
//!
//! Besides the rules, three things join a fault and what it explains: the check names it (`Finding::explains`), the catalogue says
//! that a text bears on a check, and a bare symptom (an inactive alias, a refusal without a reason) is explained by any fault that
//! reaches it. All of them join two things only where they can have to do with each other: the same mailbox, server and function,
//! and not the symptom before the fault (`scope`).

use super::chain::{Class, class_of_check};
use super::clue::Clue;

/// Something that a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// The failing check with this id, or a known text that takes its place.
    Check(&'static str),
    /// Any failing check of the class.
    Class(Class),
    /// A known text whose id begins so.
    Text(&'static str),
    /// A refusal of a mail server that names no reason.
    Refusal,
}

/// One rule: where any of `faults` stands beside any of `symptoms`, the fault explains the symptom.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, and that of its folder of fixtures.
    pub name: &'static str,
    /// Why, in a sentence.
    pub why: &'static str,
    /// What is the cause.
    pub faults: &'static [Is],
    /// What it explains.
    pub symptoms: &'static [Is],
}

use Is::{Check, Refusal, Text};

/// The rules. Of two that contradict each other the fault that names the symptom wins, then the one earlier in the chain.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // One fact, seen by two checks.
    Rule {
        name: "wrong-external-url",
        why: "a wrong external URL has no matching redirect URI, and no console is opened under it",
        faults: &[Check("url.external-url")],
        symptoms: &[Check("url.redirect-host"), Check("url.redirect-exact"), Check("url.console-host"), Check("url.scopes-agree")],
    },
    Rule {
        name: "scopes-disagree",
        why: "of two external URLs one is wrong, and disagrees with the registration and the console",
        faults: &[Check("url.scopes-agree")],
        symptoms: &[Check("url.redirect-host"), Check("url.console-host")],
    },
    Rule {
        name: "redirect-host-differs",
        why: "the name under which the console is opened is the registered one, and the external URL another",
        faults: &[Check("url.redirect-host")],
        symptoms: &[Check("url.console-host")],
    },
    Rule {
        name: "sent-uri-malformed",
        why: "what is sent and not registered is told; that the registered one is malformed is why",
        faults: &[Check("url.redirect-exact")],
        symptoms: &[Check("app.redirect-form")],
    },
    Rule {
        name: "wrong-platform",
        why: "a redirect URI under another platform is not registered for the web",
        faults: &[Check("app.redirect-platform")],
        symptoms: &[Check("url.redirect-exact")],
    },
    Rule {
        name: "another-cloud",
        why: "another cloud knows neither the tenant nor the kind of account, and its hosts are others",
        faults: &[Check("app.cloud")],
        symptoms: &[Check("app.tenant"), Check("app.audience"), Check("network.hosts")],
    },
    Rule {
        name: "unknown-client",
        why: "the secret of another application doesn't fit",
        faults: &[Check("app.client-id")],
        symptoms: &[Check("app.secret")],
    },
    Rule {
        name: "application-disabled",
        why: "a disabled application has no consent and nobody assigned that counts",
        faults: &[Check("app.enabled")],
        symptoms: &[Check("app.consent"), Check("app.assignment")],
    },
    Rule {
        name: "permission-under-wrong-resource",
        why: "a permission under the wrong resource is neither asked for nor granted where it is needed",
        faults: &[Check("app.permission-identity")],
        symptoms: &[Check("app.permissions"), Check("app.consent"), Check("token.scopes")],
    },
    Rule {
        name: "permission-not-requested",
        why: "what the registration doesn't ask for is not granted, and not in the token",
        faults: &[Check("app.permissions")],
        symptoms: &[Check("app.consent"), Check("token.scopes")],
    },
    Rule {
        name: "not-consented",
        why: "what is not consented to is not in the token",
        faults: &[Check("app.consent")],
        symptoms: &[Check("token.scopes")],
    },
    Rule {
        name: "token-of-another-user",
        why: "the person whose token it is has no rights on the mailbox, and needs none",
        faults: &[Check("token.identity")],
        symptoms: &[Check("mailbox.full-access"), Check("mailbox.send-as")],
    },
    Rule {
        name: "no-mailbox",
        why: "what is no mailbox has neither licence nor protocols",
        faults: &[Check("mailbox.exists")],
        symptoms: &[Check("mailbox.licence"), Check("mailbox.account"), Check("mailbox.inbound-protocol"), Check("mailbox.smtp-auth")],
    },
    Rule {
        name: "no-licence",
        why: "a plan without a full mailbox has no IMAP and POP",
        faults: &[Check("mailbox.licence")],
        symptoms: &[Check("mailbox.inbound-protocol")],
    },
    Rule {
        name: "policy-demands-mfa",
        why: "a policy that demands a second factor is one thing, told by the check that the sign-in names",
        faults: &[Check("signin.mfa")],
        symptoms: &[Check("signin.conditional-access")],
    },
    Rule {
        name: "policy-blocks",
        why: "the policy that blocks is one thing, told by the check that the sign-in names",
        faults: &[Check("signin.conditional-access")],
        symptoms: &[Check("signin.mfa")],
    },
    Rule {
        name: "proxy-in-the-way",
        why: "where only a proxy leads out, names don't resolve and ports are closed to those who don't ask it",
        faults: &[Check("network.proxy")],
        symptoms: &[Check("network.hosts"), Check("network.ports")],
    },
    Rule {
        name: "account-serves-the-alias",
        why: "an alias that belongs to no OAuth account keeps the server and port of its former one",
        faults: &[Check("alias.account")],
        symptoms: &[Check("alias.endpoint")],
    },
    Rule {
        name: "alias-without-instance",
        why: "an instance that never runs polls nobody",
        faults: &[Check("alias.retriever-instance")],
        symptoms: &[Check("log.retriever-polling")],
    },
    // What a fault leads to further down the chain, besides bare symptoms.
    Rule {
        name: "no-way-to-microsoft",
        why: "whatever closes the way shows as time-outs, resets and failed handshakes",
        faults: &[Is::Class(Class::Network)],
        symptoms: &[Text("java.net."), Text("java.ssl."), Text("java.http."), Text("java.mail.")],
    },
    // What one symptom leads to.
    Rule {
        name: "renewal-stands-still",
        why: "without a renewed token mail servers refuse the old one within the hour",
        faults: &[Check("token.refresh")],
        symptoms: &[Check("signin.failures"), Check("token.observed-lifetime"), Check("alias.state"), Check("log.dispatcher"), Refusal],
    },
    Rule {
        name: "refusal-takes-the-alias-out",
        why: "after three refusals ECE takes an alias out of service; what is refused is not sent",
        faults: &[Refusal],
        symptoms: &[Check("alias.state"), Check("log.dispatcher")],
    },
];

/// Checks that sum up what others say: they never stand as a cause, and are explained by any.
pub const SUMMARIES: &[&str] = &[
    "log.known-errors",
    "log.coverage",
    "log.secrets",
    "url.single-fqdn",
    "version.documentation",
];

impl Is {
    /// True if `clue` is meant, on the fault's side: a known text may take the place of the check that it bears on most.
    pub(super) fn causes(self, clue: &Clue<'_>) -> bool {
        match self {
            Self::Check(id) => clue.acts_as == id && clue.names_a_fault(),
            Self::Class(class) => class_of_check(&clue.acts_as) == class && clue.names_a_fault(),
            Self::Text(_) | Self::Refusal => clue.is_reason && self.shows(clue),
        }
    }

    /// True if `clue` is meant, on the symptom's side.
    pub(super) fn shows(self, clue: &Clue<'_>) -> bool {
        match self {
            Self::Check(id) => clue.check() == Some(id),
            Self::Class(class) => clue.check().is_some_and(|check| class_of_check(check) == class),
            Self::Text(prefix) => clue.signature().is_some_and(|id| id.starts_with(prefix)),
            Self::Refusal => clue.is_refusal(),
        }
    }
}

/// What Exchange Online and the mail library say when a token is refused or a mailbox doesn't open: it names no reason.
pub fn is_refusal_without_reason(signature: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "imap.authenticate_failed",
        "imap.no_authenticate_failed",
        "java.mail.authentication_failed",
        "java.mail.auth_failed",
        "java.mail.oauth2_asked",
        "java.mail.debug_auth",
        "java.mail.imap_xoauth2",
        "java.mail.pop3_oauth2",
        "oauth.xoauth2_",
    ];
    BEGINNINGS.iter().any(|beginning| signature.starts_with(beginning))
        || matches!(
            signature,
            "imap.bad_authenticated_not_connected"
                | "imap.authenticationfailed_code"
                | "pop.err_authentication_failure"
                | "smtp.535_5_7_3"
                | "smtp.535_5_7_139_other"
        )
}
