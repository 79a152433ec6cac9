//! Hosts and ports of Microsoft's mail services (`exchange.md`: Microsoft endpoint sets; clouds by their own host names).

/// What a mail host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailHost {
    /// IMAP and POP of Exchange Online; the worldwide one also takes SMTP.
    Mailbox,
    /// SMTP submission of Exchange Online.
    Submission,
    /// Microsoft Graph.
    Graph,
    /// The opt-in endpoints for TLS 1.0 and 1.1, which are being switched off.
    Legacy,
    /// High Volume Email: sends to recipients of the own organisation only.
    HighVolume,
    /// A tenant's own entrance for mail from outside (MX, direct send): takes no sign-in.
    Entrance,
    /// Outlook.com's consumer service: its mailboxes are no Exchange Online mailboxes.
    Consumer,
    /// Below Microsoft's mail domains, but no host that is known.
    OtherMicrosoft,
    /// Not Microsoft's.
    Foreign,
}

/// What `host` (lower case) is.
pub fn mail_host(host: &str) -> MailHost {
    let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_microsoft = [
        "office365.com",
        "office.com",
        "office365.us",
        "office.de",
        "outlook.com",
        "outlook.cn",
        "sovcloud.fr",
        "sovcloud.de",
        "apps.mil",
        "cloud.microsoft",
    ]
    .iter()
    .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")));
    if !is_microsoft {
        return match host.as_str() {
            "graph.microsoft.com" | "graph.microsoft.us" | "dod-graph.microsoft.us" | "microsoftgraph.chinacloudapi.cn" | "graph.microsoft.de" => {
                MailHost::Graph
            }
            _ => MailHost::Foreign,
        };
    }
    match host.as_str() {
        _ if host.split('.').next().is_some_and(|label| label.ends_with("-legacy")) => MailHost::Legacy,
        _ if host.starts_with("smtp-hve") => MailHost::HighVolume,
        _ if host.ends_with(".mail.protection.outlook.com")
            || host.ends_with(".mail.protection.partner.outlook.cn")
            || host.ends_with(".mx.microsoft") =>
        {
            MailHost::Entrance
        }
        "imap-mail.outlook.com" | "pop-mail.outlook.com" | "smtp-mail.outlook.com" | "pop3.live.com" | "smtp.live.com" => MailHost::Consumer,
        "outlook.office365.com"
        | "outlook.office.com"
        | "outlook.cloud.microsoft"
        | "outlook.office365.us"
        | "outlook-dod.office365.us"
        | "webmail.apps.mil"
        | "partner.outlook.cn"
        | "outlook.office.de"
        | "outlook.sovcloud.fr"
        | "outlook.sovcloud.de" => MailHost::Mailbox,
        "smtp.office365.com" | "smtp.office365.us" | "smtp.partner.outlook.cn" | "smtp.office.de" | "smtp-dod.office365.us" => MailHost::Submission,
        "graph.sovcloud.fr" | "graph.svc.sovcloud.fr" | "graph.svc.sovcloud.de" => MailHost::Graph,
        _ => MailHost::OtherMicrosoft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_microsofts_hosts() {
        for (host, what) in [
            ("Outlook.Office365.com", MailHost::Mailbox),
            ("outlook.office365.com.", MailHost::Mailbox),
            ("smtp.office365.com", MailHost::Submission),
            ("partner.outlook.cn", MailHost::Mailbox),
            ("imap-legacy.office365.com", MailHost::Legacy),
            ("smtp-legacy.partner.outlook.cn", MailHost::Legacy),
            ("smtp-hve.office365.com", MailHost::HighVolume),
            ("contoso-com.mail.protection.outlook.com", MailHost::Entrance),
            ("smtp-mail.outlook.com", MailHost::Consumer),
            ("graph.microsoft.com", MailHost::Graph),
            ("mail.office365.com", MailHost::OtherMicrosoft),
            ("mail.contoso.com", MailHost::Foreign),
            ("notoffice365.com", MailHost::Foreign),
            ("outlook.office365.com.evil.example", MailHost::Foreign),
        ] {
            assert_eq!(mail_host(host), what, "{host}");
        }
    }
}
