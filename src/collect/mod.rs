//! The commands that yield the evidence still missing, as scripts to read and to run by hand. Nothing here runs anything.
//!
//! What a report wants is prose with commands in it, and it names hosts and addresses out of a bundle, which anybody may have
//! written. So a piece of it becomes a line of a script only if it is, as a whole, a command that reads (see `command`); everything
//! else stays a comment.

mod command;
mod script;

use crate::finding::Role;
use crate::model::{Language, Text};
use crate::text;
use command::Step;
use serde_json::Value;
use std::collections::BTreeMap;

/// A piece of evidence to collect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who has the rights.
    pub role: Role,
    /// What is missing, in words.
    pub evidence: String,
    /// The command or screen that yields it, as the finding words it.
    pub how: String,
    /// Ids of the checks that it settles.
    pub checks: Vec<String>,
}

/// A script, or a list of steps by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// File name: `collect-exchange-admin.ps1`.
    pub name: String,
    /// Who runs it.
    pub role: Role,
    /// Its text, with line ends as its interpreter wants them.
    pub text: String,
}

/// What a report in JSON (schema version 1) still wants: the wants of its unknown findings, each once, in the order of the report.
///
/// # Errors
/// A sentence, if the document is no report of this program.
pub fn requests_of_report(report: &Value) -> Result<Vec<Request>, String> {
    let findings = match (
        report.get("schema_version").and_then(Value::as_u64),
        report.get("findings").and_then(Value::as_array),
    ) {
        (Some(1), Some(findings)) => findings,
        (Some(version), _) if version != 1 => return Err(format!("the report has schema version {version}; version 1 is expected")),
        _ => return Err("this is no JSON report of ecelens (`ecelens scan … --format json`)".to_owned()),
    };
    let mut requests: Vec<Request> = Vec::new();
    for finding in findings.iter().filter(|f| f["verdict"] == "unknown") {
        let check = finding["check"].as_str().unwrap_or_default();
        for want in finding["wants"].as_array().into_iter().flatten() {
            let (Some(evidence), Some(how)) = (want["evidence"].as_str(), want["how"].as_str()) else {
                continue;
            };
            let role = match want["role"].as_str() {
                Some("entra-admin") => Role::EntraAdmin,
                Some("exchange-admin") => Role::ExchangeAdmin,
                Some("network") => Role::Network,
                _ => Role::EceAdmin,
            };
            match requests.iter_mut().find(|r| r.role == role && r.how == how) {
                Some(known) if known.checks.iter().any(|c| c == check) => {}
                Some(known) => known.checks.push(check.to_owned()),
                None => requests.push(Request {
                    role,
                    evidence: evidence.to_owned(),
                    how: how.to_owned(),
                    checks: vec![check.to_owned()],
                }),
            }
        }
    }
    Ok(requests)
}

/// What a first collection of evidence asks for, where no report exists yet.
pub fn first_requests(language: Language) -> Vec<Request> {
    let first = [
        (
            Role::EceAdmin,
            text!("the partition and department settings, the aliases and the e-mail accounts"),
            text!(
                "Administration Console: Partition > Apps > General Settings, and each department's Apps > Email > Aliases and Accounts, as tables"
            ),
        ),
        (
            Role::EceAdmin,
            text!("the aliases, without their passwords"),
            Text::figure(
                "SELECT alias_id, alias_name, recv_email_address, alias_status, department_id, instance_id, is_default_alias, pop3_server, mail_server_port, smtp_server, smtp_port, incoming_connection_type_flag, outgoing_connection_type_flag, delete_flag, last_modified FROM eGActiveDB.dbo.EGML_MAILHOST",
            ),
        ),
        (
            Role::EceAdmin,
            text!("the logs of every server"),
            text!(
                "Copy eg_log_*_rx-process.log*, eg_log_*_dx-process.log* and eg_log_*_ApplicationServer.log* from <ECE home>\\eService\\logs of every server"
            ),
        ),
        (
            Role::EntraAdmin,
            text!("the app registration that ECE uses"),
            Text::figure("Get-MgApplication -Filter \"appId eq '<client id of ECE>'\" | ConvertTo-Json -Depth 10"),
        ),
        (
            Role::EntraAdmin,
            text!("whether the mailbox's account may sign in, and its licences"),
            Text::figure(
                "Get-MgUser -UserId '<mailbox>' -Property UserPrincipalName,AccountEnabled,PasswordPolicies | Format-List UserPrincipalName,AccountEnabled,PasswordPolicies; Get-MgUserLicenseDetail -UserId '<mailbox>' | ConvertTo-Json -Depth 5",
            ),
        ),
        (
            Role::EntraAdmin,
            text!("the sign-ins of ECE's app"),
            text!(
                "Entra admin center > Identity > Monitoring & health > Sign-in logs > filter Application = ECE's app > Download JSON, interactive and non-interactive"
            ),
        ),
        (
            Role::ExchangeAdmin,
            text!("the protocol switches of the mailbox"),
            Text::figure("Get-CASMailbox '<mailbox>' | Format-List PrimarySmtpAddress,ImapEnabled,PopEnabled,SmtpClientAuthenticationDisabled"),
        ),
        (
            Role::ExchangeAdmin,
            text!("the organisation's SMTP AUTH setting"),
            Text::figure("Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled"),
        ),
        (
            Role::ExchangeAdmin,
            text!("type of the mailbox, and who may open it and send as it"),
            Text::figure(
                "Get-Mailbox '<mailbox>' | Format-List DisplayName,PrimarySmtpAddress,UserPrincipalName,RecipientTypeDetails,AccountDisabled,MailboxPlan,SKUAssigned,EmailAddresses; Get-MailboxPermission '<mailbox>' | Format-List Identity,User,AccessRights,IsInherited,Deny; Get-RecipientPermission '<mailbox>' | Format-List Identity,Trustee,AccessControlType,AccessRights",
            ),
        ),
        (
            Role::Network,
            text!("a port test from each server"),
            text!(
                "on each server: hostname; nslookup login.microsoftonline.com; Test-NetConnection login.microsoftonline.com -Port 443; Test-NetConnection smtp.office365.com -Port 587; Test-NetConnection outlook.office365.com -Port 993; netsh winhttp show proxy"
            ),
        ),
    ];
    let request = |(role, evidence, how): (Role, Text, Text)| Request {
        role,
        evidence: evidence.render(language),
        how: how.render(language),
        checks: Vec::new(),
    };
    first.into_iter().map(request).collect()
}

/// The scripts for `requests`, one per role, interpreter and server, in that order, with comments in `language`. The same requests
/// give the same bytes.
pub fn scripts(requests: &[Request], language: Language) -> Vec<Script> {
    let mut parts: BTreeMap<script::Target, Vec<script::Part>> = BTreeMap::new();
    for request in requests {
        for (target, steps) in by_target(request) {
            parts.entry(target).or_default().push(script::Part {
                evidence: request.evidence.clone(),
                checks: request.checks.clone(),
                steps,
            });
        }
    }
    parts.into_iter().map(|(target, parts)| script::write(&target, parts, language)).collect()
}

/// The steps of a request under the scripts that they belong to. What has to be done by hand stands in the list of its role.
fn by_target(request: &Request) -> BTreeMap<script::Target, Vec<Step>> {
    let mut targets: BTreeMap<script::Target, Vec<Step>> = BTreeMap::new();
    let read = command::read(&request.how);
    let mut last = None;
    for step in read.steps {
        let interpreter = match (&step, request.role) {
            (Step::Remark(_), _) => {
                if let Some(steps) = last.as_ref().and_then(|target| targets.get_mut(target)) {
                    steps.push(step);
                }
                continue;
            }
            // Every server's script names its server at the top.
            (Step::Cmd(command), _) if command == "hostname" => continue,
            (Step::Sql(_), _) => script::Interpreter::Sql,
            (Step::ByHand(_), _) => script::Interpreter::ByHand,
            // On a server everything runs in one window, the native tools and PowerShell alike.
            (Step::Cmd(_), _) => script::Interpreter::Cmd,
            (Step::PowerShell(_), Role::EntraAdmin | Role::ExchangeAdmin) => script::Interpreter::PowerShell,
            (Step::PowerShell(_), _) => script::Interpreter::Cmd,
        };
        let host = match interpreter {
            script::Interpreter::Cmd => read.host.clone(),
            _ => None,
        };
        // Whoever administers the servers may be the one or the other: a server has one script.
        let role = match interpreter {
            script::Interpreter::Cmd => Role::EceAdmin,
            _ => request.role,
        };
        let target = script::Target { role, interpreter, host };
        targets.entry(target.clone()).or_default().push(step);
        last = Some(target);
    }
    targets
}

#[cfg(test)]
mod tests;
