//! The corpus of secrets against masking: none survives it, and diagnostic texts do.

use super::corpus::{CARRIERS, CLASSES, Dice, ENCODINGS, password};
use super::{find_all, is_harmless, mask, shapes};
use crate::model::Excerpt;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `text` without what `find_all` finds in it.
fn without(text: &str) -> String {
    let mut kept = String::new();
    let mut at = 0;
    for found in find_all(text) {
        kept.push_str(&text[at..found.range.start]);
        kept.push('•');
        at = found.range.end;
    }
    kept + &text[at..]
}

/// True if a piece of twelve characters of `value`, or the whole of a shorter one, stands in `text`.
fn leaks(text: &str, value: &str) -> bool {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    let letters: Vec<char> = value.chars().collect();
    letters
        .windows(letters.len().min(12))
        .any(|piece| text.contains(&piece.iter().collect::<String>()))
}

#[test]
fn no_secret_survives() {
    let mut dice = Dice(0x5eed_0000_0001);
    let mut leaked = Vec::new();
    let mut count = 0;
    for class in CLASSES {
        for written in class.written {
            for (carrier, carry) in CARRIERS {
                for (encoding, encode) in ENCODINGS {
                    // A text of several lines is decoded before its lines are told apart.
                    if written.contains('\n') && encoding.starts_with("UTF-16") {
                        continue;
                    }
                    let value = (class.value)(&mut dice);
                    let line = carry(&encode(&written.replace("{}", &value)));
                    count += 1;
                    let shown = encode(&value);
                    for (way, masked) in [
                        ("mask", mask(&line).into_owned()),
                        ("find_all", without(&line)),
                        ("excerpt", Excerpt::capture(&line).as_str().to_owned()),
                    ] {
                        if leaks(&masked, &value) || (shown != value && *encoding == "Base64" && leaks(&masked, &shown)) {
                            leaked.push(format!(
                                "{way}: {} / {written} / {carrier} / {encoding}:\n    {line}\n    {masked}",
                                class.name
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(count >= 1000, "{count}");
    let shown: Vec<&str> = leaked.iter().take(12).map(String::as_str).collect();
    assert!(leaked.is_empty(), "{} leaks over {count} secrets:\n{}", leaked.len(), shown.join("\n"));
}

/// The cheap look at a text lets through all that a pattern matches.
#[test]
fn no_pattern_is_spared_a_text_that_it_matches() {
    let mut dice = Dice(0x5eed_0000_0003);
    let mut matched = 0;
    for class in CLASSES {
        for written in class.written {
            for (carrier, carry) in CARRIERS {
                let line = carry(&written.replace("{}", &(class.value)(&mut dice)));
                for line in [line.to_uppercase(), line] {
                    let literals = shapes::literals_in(&line);
                    for shape in shapes::SHAPES.iter().filter(|shape| shape.pattern().is_match(&line)) {
                        matched += 1;
                        assert!(shape.may_match(literals, &line), "{carrier}: {line}");
                    }
                }
            }
        }
    }
    assert!(matched > 500, "{matched}");
}

#[test]
fn names_of_a_bundle_are_told_from_secrets() {
    let harmless = |before: &str, given: &str| {
        let text = format!("{before}{given}; password: changeit");
        is_harmless(&text, &(before.len()..before.len() + given.len()))
    };
    for (before, given) in [
        ("on ", "ECESVC01"),
        ("on each server: hostname; Test-NetConnection ", "smtp.office365.com"),
        ("the mailbox ", "sales@contoso.com"),
    ] {
        assert!(harmless(before, given), "{before}{given}");
    }
    let mut dice = Dice(0x5eed_0000_0004);
    for class in CLASSES {
        let value = (class.value)(&mut dice);
        assert!(value.len() < 20 || !harmless("on ", &value), "{}: {value}", class.name);
        assert!(!harmless("client secret: ", &value), "{value}");
    }
    for (before, given) in [
        ("password = ", "x1"),
        ("on ", "passwd=x1"),
        ("Authorization: ", "abc"),
        ("", "a%70b"),
        ("on ", "a\\u0070"),
        ("on ", "aB3dE6gH9~jK2mN5pQ8~sT1vW4yZ7~bC4eF7hJ0"),
    ] {
        assert!(!harmless(before, given), "{before}{given}");
    }
}

#[test]
fn structures_give_their_secrets_away() {
    let mut dice = Dice(0x5eed_0000_0002);
    let mut leaked = Vec::new();
    for _ in 0..40 {
        let value = password(&mut dice);
        for text in [
            format!("id,address,pop3_password,smtp_server\n1,sales@example.com,{value},smtp.office365.com\n2,info@example.com,{value},x\n"),
            format!("\"Name\";\"Client Secret\";\"Tenant\"\r\n\"ECE\";\"{value}\";\"contoso\"\r\n"),
            format!("Name   Password                       Host\n----   --------                       ----\nsales  {value}             smtp\n"),
            format!("| name | password | host |\n| --- | --- | --- |\n| sales | {value} | smtp |\n"),
            format!("setting_name,setting_value\nSMTP Password,{value}\n"),
            format!("{{\n  \"name\": \"client_secret\",\n  \"value\": \"{value}\"\n}}\n"),
            format!("<setting>\n  <name>smtp_password</name>\n  <value>{value}</value>\n</setting>\n"),
            format!("<Setting value=\"{value}\" name=\"Client secret\"/>\n"),
            format!("<S N=\"Password\">{value}</S>\n<SS N=\"x\">{value}</SS>\n"),
            format!("<tr><td>Client Secret</td><td>{value}</td></tr>\n"),
            format!("Password                  : {value}\nClient Secret             : {value}\n"),
            format!("[mail]\nsmtp_pwd = {value}\n"),
            format!("\"smtp\": {{ \"pass\": 1, \"passwd\": \"{value}\" }}\n"),
            format!("The password is {value} for both.\n"),
            format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----\n",
                STANDARD.encode(format!("{value}{value}{value}xxxxxxxxx")),
                STANDARD.encode(&value)
            ),
        ] {
            let masked = without(&text);
            if leaks(&masked, &value) || leaks(&masked, &STANDARD.encode(&value)) {
                leaked.push(format!("{text}\n-> {masked}"));
            }
        }
    }
    assert!(leaked.is_empty(), "{}: {}", leaked.len(), leaked[..leaked.len().min(6)].join("\n"));
}

#[test]
fn diagnostics_stay_readable() {
    for text in [
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '11111111-2222-3333-4444-555555555555'.",
        "AADSTS7000222: The provided client secret keys for app '11111111-2222-3333-4444-555555555555' are expired.",
        "AADSTS70008: The provided authorization code or refresh token has expired due to inactivity.",
        "AADSTS50011: The redirect URI 'https://ece.example.com/system/oauth2/callback' specified in the request does not match",
        "AADSTS50126: Error validating credentials due to invalid username or password.",
        "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
        "535 5.7.3 Authentication unsuccessful [AM0PR01CA0098.eurprd01.prod.exchangelabs.com 2025-01-05T17:04:23.001Z 08DD2D]",
        "javax.mail.AuthenticationFailedException: AUTHENTICATE failed.",
        "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==",
        "DEBUG IMAP: AUTHENTICATE XOAUTH2 command trace suppressed",
        "DEBUG SMTP: AUTH XOAUTH2 failed",
        "DEBUG POP3: protocolConnect login, host=outlook.office365.com, user=sales@example.com, password=<non-null>",
        "id,address,pop3_password,smtp_password,smtp_server",
        "Access token: 60 minutes; refresh token: 90 days",
        "trace id 0f2a1b3c-1111-2222-3333-444455556666, correlation id 9f2a1b3c-1111-2222-3333-444455556666",
        "Certificate fingerprint (SHA-256): CB:3C:CB:B7:60:31:E5:E0:13:8F:8D:D3:9A:23:F9:DE:47:FF:C3:5E:43:C1:14:4C:EA:27:D4:6A:5A:B1:CB:5F",
        "PasswordCredentials          : {}",
        "AllowBasicAuthPowershell     : False",
        "\tat com.egain.platform.module.security.password.PasswordPolicyManager.check(PasswordPolicyManager.java:120)",
        "GET /system/web/view/platform/common/login/root.jsp?partitionId=1 HTTP/1.1",
        "keytool error: java.io.IOException: Keystore was tampered with, or password was incorrect",
        "Token renewal of e-mail account Sales O365 was refused",
        "\"passwordCredentials\": [ { \"displayName\": \"ECE\", \"endDateTime\": \"2026-01-01T00:00:00Z\", \"keyId\": \"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee\", \"secretText\": null } ]",
        "scope=https%3A%2F%2Foutlook.office.com%2FIMAP.AccessAsUser.All%20offline_access",
        "SmtpClientAuthenticationDisabled : True",
        "https://login.microsoftonline.com/2f2a777e-4a6f-420a-97e9-104cec002f40/oauth2/v2.0/token",
        "Basic authentication is disabled",
        "550 5.7.30 Basic authentication is not supported for Client Submission.",
    ] {
        assert_eq!(mask(text), text);
    }
}
