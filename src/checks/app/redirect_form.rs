//! `app.redirect-form`: redirect URIs are of a form that Microsoft accepts and ECE can use.

use super::redirect_platform::ece_uris;
use super::registration::{judge, undecided};
use crate::case::Case;
use crate::checks::{Check, Gap};
use crate::finding::{Finding, Severity, Subject};
use crate::model::{Application, Fact, Text};
use crate::text;
use url::{Host, Url};

/// Longest redirect URI, in characters (Microsoft: redirect URI restrictions).
const LONGEST: usize = 256;
/// Characters that Microsoft doesn't support in redirect URIs.
const FORBIDDEN: &[char] = &['!', '$', '\'', '(', ')', ',', ';'];

/// The check.
pub const CHECK: Check = Check {
    id: "app.redirect-form",
    title: "Redirect URIs have a form that Microsoft accepts",
    severity: Severity::High,
    why: "Microsoft sends the browser back only to https addresses (http on localhost alone), without wildcards, of at most 256 characters. ECE's address must be the FQDN under which its console is opened: no IP address has the certificate or the name that ECE sends.",
    evidence: "app registration (redirect URIs)",
    remedy: &[
        "Entra admin center > App registrations > the app > Authentication > Web: replace the URI by https://<FQDN of the external URL><ECE's redirect path>.",
        "In ECE generate the token again, in a private browser window opened under that FQDN.",
        "Verify: the browser comes back to ECE, and the account shows a token.",
    ],
    references: &[
        "Cisco 218453, section Azure AD application",
        "Microsoft: Redirect URI (reply URL) best practices and limitations",
    ],
    run,
};

fn run(case: &Case, check: &Check) -> Result<Vec<Finding>, Gap> {
    judge(case, check, |app, subject| judge_one(case, check, app, subject))
}

fn judge_one(case: &Case, check: &Check, app: &Fact<Application>, subject: Subject) -> Finding {
    let Some(uris) = app.redirect_uris.get() else {
        return match app.redirect_uris.is_empty() && !app.cut {
            true => check
                .unknown(subject, text!("the registration has no redirect URI on any platform"))
                .at_all(app.redirect_uris.origin()),
            false => undecided(check, subject, app, &app.redirect_uris, text!("the redirect URIs")),
        };
    };
    let ours = ece_uris(case, uris);
    let wrong = |u: &&&Fact<crate::model::RedirectUri>| fault(&u.uri).is_some();
    let faulty: Vec<_> = ours.iter().filter(wrong).collect();
    let sound = ours.len() > faulty.len();
    if let Some(first) = faulty.first() {
        let message = text!(
            "redirect URI {uri} {fault}",
            uri = first.uri,
            fault = fault(&first.uri).unwrap_or_default()
        );
        let finding = match sound {
            // Another URI of ECE's host is right: which of them ECE sends decides.
            true => check.warn(subject, text!("{message}; another redirect URI of the same host is in order", message)),
            false => check.fail(subject, message),
        };
        return finding.at_all(faulty.iter().map(|u| &u.origin));
    }
    let stray: Vec<_> = uris.iter().filter(|u| fault(&u.uri).is_some()).collect();
    if let Some(first) = stray.first() {
        let message = text!(
            "ECE's redirect URI is in order, but {uri} {fault}",
            uri = first.uri,
            fault = fault(&first.uri).unwrap_or_default()
        );
        return check.warn(subject, message).at_all(stray.iter().map(|u| &u.origin));
    }
    if app.cut && app.redirect_uris.get().is_none() {
        return undecided(check, subject, app, &app.redirect_uris, text!("the redirect URIs"));
    }
    let message = match ours.as_slice() {
        [only] => text!("redirect URI {uri} is of a form that Microsoft accepts", uri = only.uri),
        many => text!("{count} redirect URIs are of a form that Microsoft accepts", count = many.len()),
    };
    check.pass(subject, message).at_all(ours.iter().map(|u| &u.origin).take(3))
}

/// What is wrong with a redirect URI, as the end of a sentence.
fn fault(uri: &str) -> Option<Text> {
    if uri.contains('*') {
        return Some(text!("has a wildcard: ECE's own address must stand there in full"));
    }
    if uri.chars().count() > LONGEST {
        return Some(text!(
            "is longer than {longest} characters: Microsoft doesn't accept it",
            longest = LONGEST
        ));
    }
    if let Some(c) = uri.chars().find(|c| FORBIDDEN.contains(c)) {
        return Some(text!("holds the character {c}, which Microsoft doesn't support in redirect URIs", c));
    }
    if let Some(c) = uri.chars().find(|c| c.is_whitespace() || c.is_control()) {
        let what = if c == ' ' {
            text!("a blank")
        } else {
            text!("white space or a control character")
        };
        return Some(text!("holds {what}: it never equals the URI that ECE sends", what));
    }
    let Ok(url) = Url::parse(uri) else {
        return Some(text!("is no absolute URI"));
    };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match (url.scheme(), url.host()) {
        ("https", Some(Host::Ipv4(_) | Host::Ipv6(_))) if !local => {
            Some(text!("names an IP address: it must be the FQDN under which the console is opened"))
        }
        ("https", _) => None,
        ("http", _) if local => None,
        ("http", _) => Some(text!("is plain http: Microsoft accepts http for localhost only")),
        // urn:ietf:wg:oauth:2.0:oob, msal…://auth and the like belong to mobile and desktop clients.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_microsoft_refuses() {
        for good in [
            "https://ece.example.com/x?y=1",
            "http://localhost:8080/x",
            "http://127.0.0.1/x",
            "urn:ietf:wg:oauth:2.0:oob",
            "https://ece.example.com:8443/a/b",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (bad, word) in [
            ("http://ece.example.com/x", "plain http"),
            ("https://*.example.com/x", "wildcard"),
            ("https://10.1.2.3/x", "IP address"),
            ("https://ece.example.com/x;y", "character ;"),
            ("https://ece.example.com/x ", "blank"),
            ("ece.example.com/x", "absolute"),
        ] {
            assert!(fault(bad).unwrap().english().contains(word), "{bad}");
        }
        assert!(
            fault(&format!("https://ece.example.com/{}", "x".repeat(300)))
                .unwrap()
                .english()
                .contains("256")
        );
    }
}
