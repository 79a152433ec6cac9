//! What ECE tried to do in a record, and how it ended: token operations by the protocol's own texts, fetching and sending by the
//! process that speaks and the exception that it met.

use super::exception::Chain;
use super::oauth::{EndpointKind, OAuth};
use crate::log::Record;
use crate::model::cloud::clouds_of;
use crate::model::mail_host::{MailHost, mail_host};
use crate::model::{OperationKind, Process};
use crate::signatures::Match;
use regex::Regex;
use std::sync::LazyLock;

/// Packages of the clients of other systems: databases, directories, queues, other Java processes.
const OTHER_CLIENTS: [&str; 12] = [
    "java.sql.",
    "javax.sql.",
    "com.microsoft.sqlserver.",
    "org.hibernate.",
    "javax.naming.",
    "com.sun.jndi.",
    "com.unboundid.",
    "javax.jms.",
    "jakarta.jms.",
    "org.apache.activemq.",
    "java.rmi.",
    "javax.management.",
];

/// How loud a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loudness {
    /// INFO and the levels that are more verbose, and unknown ones.
    Quiet,
    /// WARN.
    Warning,
    /// ERROR, FATAL.
    Error,
}

impl Loudness {
    /// Of a level as written.
    pub fn of(level: &[u8]) -> Self {
        if crate::log::is_error(level) || level.eq_ignore_ascii_case(b"SEVERE") || level.eq_ignore_ascii_case(b"CRITICAL") {
            Self::Error
        } else if level.eq_ignore_ascii_case(b"WARN") || level.eq_ignore_ascii_case(b"WARNING") {
            Self::Warning
        } else {
            Self::Quiet
        }
    }
}

/// A record with what was read out of it.
pub(super) struct Scene<'s, 'r> {
    pub record: &'s Record<'r>,
    pub text: &'s str,
    /// The text without stack frames.
    pub words: &'s str,
    /// Process that the record shows, else that of the file's name.
    pub process: Option<Process>,
    pub loudness: Loudness,
    /// Signatures found, those of role context left out.
    pub hits: &'s [Match],
    pub chain: &'s Chain,
    pub oauth: &'s OAuth,
}

/// What a record attempts, and whether it worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub kind: OperationKind,
    pub worked: bool,
}

impl Scene<'_, '_> {
    /// What the record attempts. A failed refresh that the retriever meets on its own thread is a failed fetch too.
    pub fn attempts(&self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        let token = self.token_operation();
        attempts.extend(token);
        let mail = self.mail_operation();
        if token.is_none_or(|t| !t.worked && self.mail_class()) {
            attempts.extend(mail);
        }
        attempts
    }

    /// True if the record says that something went wrong: by its level, or by a warning with a known error or an exception.
    fn fails(&self) -> bool {
        match self.loudness {
            Loudness::Error => true,
            Loudness::Warning => !self.hits.is_empty() || !self.chain.links.is_empty(),
            Loudness::Quiet => false,
        }
    }

    fn token_operation(&self) -> Option<Attempt> {
        // Where the mail library speaks, fetching or sending failed, whatever words stand around it.
        let mail_library = self.chain.links.iter().any(|(class, _)| class.contains("mail."));
        let at_endpoint = self.oauth.endpoints.iter().any(|e| e.kind == EndpointKind::Token);
        let worked = match &self.oauth.answer {
            Some(answer) if answer.error.is_some() || !answer.codes.is_empty() => false,
            Some(_) => true,
            // A URL in an error is a request that got no answer, unless the mail library speaks.
            None if self.fails()
                && (at_endpoint
                    || self.names_codes()
                    || !mail_library && self.speaks_of_tokens() && self.names_reason() && !self.is_other_system()) =>
            {
                false
            }
            None => return None,
        };
        (!self.is_other_sign_in()).then(|| Attempt {
            kind: self.token_kind(),
            worked,
        })
    }

    fn token_kind(&self) -> OperationKind {
        match self.oauth.grant.as_deref() {
            Some("authorization_code") => return OperationKind::TokenGeneration,
            Some("refresh_token") => return OperationKind::TokenRefresh,
            _ => {}
        }
        let words = format!("{} {}", String::from_utf8_lossy(self.record.method), super::subject::head(self.text)).to_ascii_lowercase();
        let redeems = ["exchangecode", "authorization code", "auth code", "authorization_code"]
            .iter()
            .any(|w| words.contains(w));
        // The first token comes into being on the application server, all later ones on the services server (tech note
        // "Token generation").
        if redeems || self.process == Some(Process::ApplicationServer) {
            OperationKind::TokenGeneration
        } else {
            OperationKind::TokenRefresh
        }
    }

    /// True for the sign-in of agents and chat customers, and of connectors to knowledge bases and CRM systems: other registrations,
    /// with the same kind of codes.
    pub fn is_other_sign_in(&self) -> bool {
        static CLASS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i:[.$_](?:sso|saml2?|openid|oidc|live|chat|ipcc|authenticate|kb|knowledge|crm|connector|crawler)[.$_])|Sso|SSO|Saml|SAML|OpenId|Oidc|OIDC")
                .expect("a constant pattern")
        });
        static WORDS: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?i)\b(?:sso|saml2?|openid|oidc|single sign-?on)\b").expect("a constant pattern"));
        static MAIL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)mail|imap|smtp|pop3|outlook|office ?365|o365").expect("a constant pattern"));
        let class = String::from_utf8_lossy(self.record.class);
        let head = super::subject::head(self.text);
        (CLASS.is_match(&class) || WORDS.is_match(head)) && !MAIL.is_match(&class) && !MAIL.is_match(head)
    }

    /// True for what the product does besides mail and its tokens: its database, directories, queues, other web services. Their
    /// errors have the same texts, and say nothing of the way to Microsoft.
    pub fn is_other_system(&self) -> bool {
        if self.chain.links.iter().any(|(class, _)| class.contains("mail.")) {
            return false;
        }
        let of_others = |class: &str| OTHER_CLIENTS.iter().any(|client| class.starts_with(client));
        if self.chain.links.iter().any(|(class, _)| of_others(class)) {
            return true;
        }
        // Links to help pages aside, all that is named is elsewhere.
        static SERVER: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i)\b[a-z][a-z0-9+.-]{1,15}://(?:[^\s/@]{1,80}@)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)").expect("a constant pattern")
        });
        let mut servers = SERVER
            .captures_iter(self.words)
            .filter_map(|found| found.get(1))
            .filter(|host| host.as_str() != "aka.ms")
            .peekable();
        let is_foreign = |host: &str| mail_host(host) == MailHost::Foreign && clouds_of(host).is_empty() && !host.ends_with("microsoft.com");
        let only_java = self.hits.iter().all(|hit| hit.id.starts_with("java."));
        only_java && !self.speaks_of_tokens() && servers.peek().is_some() && servers.all(|host| is_foreign(host.as_str()))
    }

    fn names_codes(&self) -> bool {
        let word = |id: &str| id.starts_with("oauth.error.") || id.starts_with("oauth.suberror.");
        self.hits.iter().any(|hit| hit.code.is_some() || word(&hit.id))
    }

    fn names_reason(&self) -> bool {
        !self.hits.is_empty() || self.chain.concerns_connection()
    }

    /// True if class, thread or the record's own words speak of tokens.
    fn speaks_of_tokens(&self) -> bool {
        let own = super::subject::head(self.text).to_ascii_lowercase();
        let words = [self.record.class, self.record.thread].map(|w| String::from_utf8_lossy(w).to_ascii_lowercase());
        words.iter().chain([&own]).any(|w| w.contains("oauth") || w.contains("token"))
    }

    /// True if the retriever's or dispatcher's own class speaks.
    fn mail_class(&self) -> bool {
        let class = self.record.class;
        [".retriever.", ".dispatcher."]
            .iter()
            .any(|part| memchr::memmem::find(class, part.as_bytes()).is_some())
    }

    fn mail_operation(&self) -> Option<Attempt> {
        if !self.fails() || self.is_other_system() {
            return None;
        }
        // `Repeated Authentication Failure. Alias disabled` tells what came of the attempts before it; it is none itself.
        let reason = self.chain.concerns_connection() || self.hits.iter().any(|hit| !hit.id.starts_with("ece."));
        if !reason {
            return None;
        }
        let kind = self.mail_kind()?;
        if kind == OperationKind::Send && self.is_recipients_fault() {
            return None;
        }
        Some(Attempt { kind, worked: false })
    }

    /// Fetching or sending: by the process, else by the part of the mail library that speaks. The application server only sends
    /// alarms: that is neither.
    fn mail_kind(&self) -> Option<OperationKind> {
        match &self.process {
            Some(Process::Retriever) => Some(OperationKind::Fetch),
            Some(Process::Dispatcher) => Some(OperationKind::Send),
            Some(Process::ApplicationServer) => None,
            Some(Process::Other(_)) | None => {
                let says = |parts: &[&str]| parts.iter().any(|part| self.text.contains(part));
                if says(&["mail.smtp", "SMTPTransport", "SMTPSend"]) {
                    Some(OperationKind::Send)
                } else if says(&["mail.imap", "mail.pop3", "IMAPStore", "POP3Store", "mail.iap"]) {
                    Some(OperationKind::Fetch)
                } else {
                    None
                }
            }
        }
    }

    /// True if one mail could not be delivered because of its recipient: nothing is wrong with the alias that sends.
    fn is_recipients_fault(&self) -> bool {
        static RECIPIENT: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"SMTPAddressFailedException|SendFailedException: Invalid Addresses|\b5[0-9][0-9] 5\.1\.(?:0|1|2|3|6|10)\b|\b550 5\.4\.1\b")
                .expect("a constant pattern")
        });
        RECIPIENT.is_match(self.words)
    }
}
