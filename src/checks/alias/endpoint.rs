//! `alias.endpoint`

use super::{REACTIVATE, VERIFY, each, subject_of};
use crate::case::{AliasView, Case};
use crate::checks::{Check, Gap, wanted};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::ageing;
use crate::model::mail_host::{MailHost, mail_host};
use crate::model::{Alias, Inbound, Origin, Text};
use crate::text;

/// The check.
pub const CHECK: Check = Check {
    id: "alias.endpoint",
    title: "Server, port and encryption of the alias fit Office 365",
    severity: Severity::High,
    why: "Exchange Online takes IMAP on outlook.office365.com port 993, POP3 on port 995 (TLS from the start), and mail on smtp.office365.com port 587 with STARTTLS. Plain ports, other hosts and the `*-legacy` endpoints don't carry OAuth mail, or soon won't.",
    evidence: "host, port and connection type of the alias in EGML_MAILHOST or a table of aliases; address and server type of its e-mail account",
    remedy: &[
        "Put the alias into an e-mail account of provider Microsoft Office 365 (12.6 and later: Administration Console, <department> > Apps > Email > Accounts), whose server type sets host and port; or correct them at the alias: incoming outlook.office365.com with 993 (IMAP) or 995 (POP3) over TLS, outgoing smtp.office365.com with 587 and STARTTLS.",
        "Make sure that the services server may reach these hosts and ports, and restart the retriever and the dispatchers of the partition.",
        REACTIVATE,
        VERIFY,
    ],
    references: &[
        "Cisco tech note 218453, Ports",
        "Microsoft 365 URLs and IP address ranges, Exchange Online",
        "MC1293480",
    ],
    run,
};

/// What is wrong, and where it stands.
type Faults = Vec<(Text, Origin)>;

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    Ok(each(case, check, |alias| judge(check, alias)))
}

fn judge(check: &Check, alias: &AliasView<'_>) -> Finding {
    let subject = subject_of(alias);
    let inbound = alias.inbound();
    let by_account = alias
        .account
        .is_some_and(|account| account.server_type.get().is_some() || account.address.get().is_some());
    let mut faults: Faults = Vec::new();
    let mut leftovers: Faults = Vec::new();
    let mut shown: Vec<&Origin> = Vec::new();
    if let Some(address) = alias.account.and_then(|account| account.address.fact()) {
        shown.push(&address.origin);
        if let Some(fault) = host_fault(&address.value, Direction::Account) {
            faults.push((fault, address.origin.clone()));
        }
    }
    let is_graph = inbound.as_ref().is_some_and(|(inbound, _)| *inbound == Inbound::Graph);
    if !is_graph {
        for row in &alias.rows {
            incoming(row, inbound.as_ref().map(|(i, _)| *i), by_account, &mut faults, &mut leftovers);
            outgoing(row, by_account, &mut faults, &mut leftovers);
            shown.extend(
                [row.in_host.origin(), row.in_port.origin(), row.out_host.origin(), row.out_port.origin()]
                    .into_iter()
                    .flatten(),
            );
        }
    }
    let guessed = alias.rows.iter().any(|row| row.guessed);
    let sure = |finding: Finding| if guessed { finding.confidence(Confidence::Low) } else { finding };
    if !faults.is_empty() {
        let list = Text::joined(faults.iter().map(|(fault, _)| fault), Text::figure("; "));
        return sure(check.fail(subject, list)).at_all(faults.iter().map(|(_, origin)| origin));
    }
    if !leftovers.is_empty() {
        let list = Text::joined(leftovers.iter().map(|(fault, _)| fault), Text::figure("; "));
        return sure(check.warn(
            subject,
            text!(
                "{list}; its e-mail account decides, so that this is most likely left over from before OAuth: clean it up",
                list
            ),
        ))
        .at_all(leftovers.iter().map(|(_, origin)| origin))
        .at_all(alias.account.map(|a| &a.origin));
    }
    if is_graph {
        let finding = check.pass(
            subject,
            text!("the alias's e-mail account uses Graph API, which sets the endpoint itself"),
        );
        return finding.at_all(inbound.iter().map(|(_, origin)| origin));
    }
    let complete = |has: fn(&Alias) -> bool| alias.rows.iter().any(|row| has(row));
    let incoming_shown = complete(|row| row.in_host.get().is_some() && row.in_port.get().is_some());
    let outgoing_shown = complete(|row| row.out_host.get().is_some() && row.out_port.get().is_some());
    match (incoming_shown, outgoing_shown, by_account) {
        (true, true, _) => sure(check.pass(subject, text!("hosts and ports fit Office 365"))).at_all(shown.into_iter().take(4)),
        (_, _, true) => sure(check.pass(subject, text!("the e-mail account sets an endpoint of Office 365")))
            .at_all(shown.into_iter().take(4))
            .at_all(alias.account.map(|a| &a.origin)),
        (true, false, false) => sure(check.unknown(
            subject,
            text!("incoming host and port fit Office 365; the export doesn't show the outgoing ones"),
        ))
        .at_all(shown.into_iter().take(4))
        .want(wanted::aliases()),
        _ => sure(check.unknown(subject, text!("no export shows host and port of the alias")))
            .at_all(alias.rows.first().map(|row| &row.origin))
            .want(wanted::aliases()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Incoming,
    Outgoing,
    /// One address for both, as the product fills it in.
    Account,
}

/// What is wrong with a host.
fn host_fault(host: &str, direction: Direction) -> Option<Text> {
    let word = match direction {
        Direction::Incoming => text!("incoming server"),
        Direction::Outgoing => text!("outgoing server"),
        Direction::Account => text!("server address of the e-mail account"),
    };
    match (mail_host(host), direction) {
        (MailHost::Mailbox, _) | (MailHost::Submission, Direction::Outgoing) | (MailHost::Graph, Direction::Account) => None,
        // A host of Microsoft's that is not known may well be right.
        (MailHost::OtherMicrosoft, _) => None,
        (MailHost::Legacy, _) => {
            let when = ageing::dated("legacy-tls-endpoints-end").map(|fact| text!(": {fact}", fact = fact.sentence()));
            Some(text!("{word} `{host}` is a legacy endpoint that admits old TLS{when}", word, host, when))
        }
        (MailHost::HighVolume, _) => Some(text!(
            "{word} `{host}` is High Volume Email, which sends to internal recipients only",
            word,
            host
        )),
        (MailHost::Entrance, _) => Some(text!(
            "{word} `{host}` is a tenant's entrance for mail from outside: it takes no sign-in",
            word,
            host
        )),
        (MailHost::Consumer, _) => Some(text!(
            "{word} `{host}` belongs to the consumer service Outlook.com, not to Exchange Online",
            word,
            host
        )),
        (MailHost::Submission, _) => Some(text!(
            "{word} `{host}` only takes mail: mail is fetched from outlook.office365.com",
            word,
            host
        )),
        (MailHost::Graph, _) => Some(text!(
            "{word} `{host}` is Microsoft Graph, which speaks neither IMAP, POP3 nor SMTP",
            word,
            host
        )),
        (MailHost::Foreign, _) => Some(text!("{word} `{host}` is no host of Office 365", word, host)),
    }
}

/// A row's old host may stand beside an account that rules; a host of Microsoft's with a wrong port or name may not.
fn note(fault: Text, host: Option<&str>, origin: &Origin, by_account: bool, faults: &mut Faults, leftovers: &mut Faults) {
    let foreign = host.is_some_and(|h| mail_host(h) == MailHost::Foreign);
    let into = if foreign && by_account { leftovers } else { faults };
    if !into.iter().any(|(known, _)| *known == fault) {
        into.push((fault, origin.clone()));
    }
}

fn incoming(row: &Alias, inbound: Option<Inbound>, by_account: bool, faults: &mut Faults, leftovers: &mut Faults) {
    let host = row.in_host.get().map(String::as_str);
    if let Some(fact) = row.in_host.fact()
        && let Some(fault) = host_fault(&fact.value, Direction::Incoming)
    {
        note(fault, host, &fact.origin, by_account, faults, leftovers);
    }
    if let Some(port) = row.in_port.fact() {
        let fault = match (port.value, inbound) {
            (993, Some(Inbound::Pop3)) => Some(text!("port 993 is IMAP's, but the server type is POP3 (995)")),
            (995, Some(Inbound::Imap)) => Some(text!("port 995 is POP3's, but the server type is IMAP (993)")),
            (993 | 995, _) => None,
            (143 | 110, _) => Some(text!(
                "incoming port {port} is the plain one: Office 365 is used over TLS on {over_tls}",
                port = port.value,
                over_tls = if port.value == 143 { 993 } else { 995 }
            )),
            (other, Some(Inbound::Imap)) => Some(text!("incoming port {other} is not Office 365's for IMAP (993)", other)),
            (other, Some(Inbound::Pop3)) => Some(text!("incoming port {other} is not Office 365's for POP3 (995)", other)),
            (other, _) => Some(text!(
                "incoming port {other} is neither IMAP's (993) nor POP3's (995) at Office 365",
                other
            )),
        };
        if let Some(fault) = fault {
            note(fault, host, &port.origin, by_account, faults, leftovers);
        }
    }
    if let Some(security) = row.in_security.fact().filter(|f| is_plain_word(&f.value)) {
        let fault = text!(
            "incoming connection type is `{security}`: Office 365 asks for TLS",
            security = security.value
        );
        note(fault, host, &security.origin, by_account, faults, leftovers);
    }
}

fn outgoing(row: &Alias, by_account: bool, faults: &mut Faults, leftovers: &mut Faults) {
    let host = row.out_host.get().map(String::as_str);
    if let Some(fact) = row.out_host.fact()
        && let Some(fault) = host_fault(&fact.value, Direction::Outgoing)
    {
        note(fault, host, &fact.origin, by_account, faults, leftovers);
    }
    if let Some(port) = row.out_port.fact() {
        let fault = match port.value {
            587 => None,
            25 => Some(text!("outgoing port 25 is for mail between servers: signing in takes 587 with STARTTLS")),
            465 => Some(text!(
                "outgoing port 465 (TLS from the start) is not offered by Office 365: it takes 587 with STARTTLS"
            )),
            other => Some(text!("outgoing port {other} is not Office 365's (587 with STARTTLS)", other)),
        };
        if let Some(fault) = fault {
            note(fault, host, &port.origin, by_account, faults, leftovers);
        }
    }
    if let Some(security) = row.out_security.fact().filter(|f| is_plain_word(&f.value)) {
        let fault = text!(
            "outgoing connection type is `{security}`: Office 365 asks for STARTTLS",
            security = security.value
        );
        note(fault, host, &security.origin, by_account, faults, leftovers);
    }
}

/// Words for no encryption. Codes are left: only 0 is known, and the port says the same better.
fn is_plain_word(text: &str) -> bool {
    matches!(
        text.trim().to_lowercase().as_str(),
        "plain"
            | "plain text"
            | "plaintext"
            | "none"
            | "no"
            | "no encryption"
            | "unencrypted"
            | "not secure"
            | "nessuna"
            | "nessuno"
            | "non protetta"
            | "in chiaro"
    )
}
