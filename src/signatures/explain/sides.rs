//! What the catalogue's entries leave unsaid because it holds for many of them: why it matters to ECE, what to do after the fix, what
//! else a change touches.

use crate::finding::Severity;
use crate::signatures::Described;

/// Why an error matters to mail over OAuth in ECE.
pub fn why(described: &Described<'_>) -> String {
    let text = match described {
        Described::Code(code) if code.phase == "token_generation" => {
            "It arises in the browser while an administrator generates a token in the console (application server): the e-mail account gets no token."
        }
        Described::Code(code) if code.phase == "token_endpoint" => {
            "It arises when ECE redeems a code or renews a token: the access token in use runs out within an hour, and then mail stands still."
        }
        Described::Code(code) if code.phase == "both" => {
            "It arises while a token is generated in the console and when it is renewed later: without a token ECE neither fetches nor sends."
        }
        _ => match described.component() {
            "entra" => "Microsoft's token service answers with it; without a token ECE neither fetches nor sends.",
            "oauth_token_endpoint" => {
                "ECE meets it at the token endpoint, when it generates or renews a token; where an AADSTS code stands beside it, that names the reason."
            }
            "sasl_xoauth2" => "Mail servers answer so when the token that ECE presents is refused.",
            "browser" => "It is what the administrator sees while generating a token in the console.",
            "exchange_online_smtp" | "smtp_generic" => "The dispatcher meets it when it sends mail of an alias.",
            "exchange_online_imap" | "imap_generic" | "exchange_online_pop3" | "pop3_generic" => {
                "The retriever meets it when it fetches mail of an alias."
            }
            "java_mail" => "It is how the mail library of the retriever and the dispatcher reports a failure.",
            "java_net" | "java_tls" | "java_http" => {
                "It is how Java reports that a connection to the sign-in service or to a mail server failed; one server may be affected and the other not."
            }
            "jvm" => "The process itself is ill; polling and sending stop with it.",
            "microsoft_graph" => "Releases that use Microsoft Graph for mail get it as the answer to fetching or sending.",
            "ece_egain" => "ECE writes it about an alias or a service instance.",
            _ => "It stands in logs that belong to ECE's servers.",
        },
    };
    text.to_owned()
}

/// What to do where the catalogue knows a code's meaning only: Microsoft's own record of the sign-in says more.
pub fn without_a_remedy(described: &Described<'_>) -> Option<String> {
    let listed = matches!(described, Described::Code(_) | Described::Unlisted(_));
    (listed && described.remedy().is_empty()).then(|| {
        String::from(
            "Entra administrator: open the sign-in with the same correlation ID in the sign-in log; its details name what was refused. Then settle the checks named under \"related\".",
        )
    })
}

/// What to do once the reason is mended, ending with how to verify it. Nothing, where there is nothing to mend.
pub fn afterwards(described: &Described<'_>) -> Vec<String> {
    if described.severity() == Severity::Info {
        return Vec::new();
    }
    let mail = |direction: &str| {
        vec![
            String::from("Re-activate every alias that became inactive: ECE does that by itself only after network faults."),
            format!("Verify: {direction}, and the text doesn't come back in the log."),
        ]
    };
    match described.component() {
        "entra" | "oauth_token_endpoint" | "browser" => {
            mail("generate the token again where it was lost, and see that the next renewal (within the hour) and the next poll work")
        }
        "exchange_online_smtp" | "smtp_generic" => mail("send a test message from the alias"),
        "exchange_online_imap" | "imap_generic" | "exchange_online_pop3" | "pop3_generic" | "sasl_xoauth2" => {
            mail("send a test message to the alias and see the retriever fetch it within a minute")
        }
        "java_mail" | "java_net" | "java_tls" | "java_http" | "microsoft_graph" | "ece_egain" => {
            mail("send a test message to the alias and answer it from ECE")
        }
        _ => vec![String::from(
            "Verify: collect the logs again after some minutes and see that the text doesn't come back.",
        )],
    }
}

/// What else a change touches that settles these checks; each side effect once.
pub fn of_checks(checks: &[&str]) -> Vec<String> {
    let mut sides: Vec<String> = Vec::new();
    for check in checks {
        let side = match *check {
            "url.external-url" | "url.setting-for-release" | "url.scopes-agree" | "url.single-fqdn" => {
                "The external URL also drives single sign-on and the chat entry points: change it in a maintenance window and test both."
            }
            "url.redirect-host" | "url.redirect-exact" | "app.redirect-platform" | "app.redirect-form" => {
                "Other sign-ins may share the registration (single sign-on of agents): add redirect URIs, and remove none that is still in use."
            }
            "app.secret" => "A new secret must be entered in ECE before the old one is removed; every e-mail account of this application uses it.",
            "app.client-id" | "app.tenant" | "app.audience" | "app.cloud" => {
                "After a change of application or tenant every token must be generated again, by the right mailbox user each."
            }
            "app.permissions" | "app.consent" | "token.scopes" => {
                "Tokens carry the permissions of the day they were made: generate them again after consent."
            }
            "app.assignment" | "app.enabled" => "It opens the application to the people concerned; other applications are not touched.",
            "token.refresh" | "token.identity" => {
                "Generating a token replaces the one in use; do it in a private browser window, signed in as the mailbox's user."
            }
            "token.access-lifetime" => "A token lifetime policy applies to every application that it is assigned to.",
            "mailbox.smtp-auth" => {
                "Allow SMTP AUTH on the mailboxes concerned rather than for the organisation: the switch for the organisation reaches every mailbox."
            }
            "mailbox.account" => "A password reset revokes refresh tokens: generate the token again afterwards.",
            "signin.conditional-access" | "signin.mfa" => {
                "Exclude only the service user, and only together with a rule that ties it to the servers' addresses."
            }
            "network.tls-trust" => "The trust store is that of ECE's Java on each server; an upgrade may replace it.",
            _ => continue,
        };
        if !sides.iter().any(|known| known == side) {
            sides.push(side.to_owned());
        }
    }
    sides
}
