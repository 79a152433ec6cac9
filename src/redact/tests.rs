//! What learning and replacing do together.

use super::*;
use std::collections::BTreeSet;

fn redacted(text: &str) -> String {
    let mut learner = Learner::new(Map::new([7; 32]));
    learner.text(text);
    learner.finish().block(text)
}

#[test]
fn equality_and_structure_stay() {
    let text = "URL https://ece.contoso.com/x ECE.CONTOSO.COM chat.contoso.com contoso.com other.fabrikam.org sales@contoso.com SALES@contoso.com sales@contoso.onmicrosoft.com";
    let words: Vec<String> = redacted(text).split_whitespace().map(str::to_owned).collect();
    let [_, url, upper, chat, domain, other, mail, mail_upper, tenant] = words.try_into().unwrap();
    let host = url.trim_start_matches("https://").trim_end_matches("/x").to_owned();
    assert_eq!(upper, host.to_uppercase());
    assert!(
        chat.ends_with(&format!(".{domain}")) && host.ends_with(&format!(".{domain}")) && chat != host,
        "{host} {chat} {domain}"
    );
    assert!(domain.ends_with(".com") && other.ends_with(".org") && !other.contains(domain.split('.').next().unwrap()));
    assert!(mail.ends_with(&format!("@{domain}")));
    assert_eq!(mail.to_lowercase(), mail_upper.to_lowercase());
    assert!(tenant.ends_with(".onmicrosoft.com") && tenant.split('@').next() == mail.split('@').next());
    let all = redacted(text).to_lowercase();
    assert!(!all.contains("contoso") && !all.contains("fabrikam") && !all.contains("sales"), "{all}");
}

#[test]
fn names_are_found_in_any_clothes() {
    let known = "ece.contoso.com sales@contoso.com ecesvc01.contoso.com ECESVC01 anna.rossi@contoso.com 7922ef35-4a6c-422a-b185-5b3eb50a7edf firm.consulting x@firm.consulting\n";
    let coded = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    for (text, expected) in [
        ("https%3A%2F%2Fece.contoso.com%2Fx", "https%3A%2F%2Fhost1.domain1.com%2Fx"),
        ("https%253A%252F%252Fece.contoso.com%252Fx", "https%253A%252F%252Fhost1.domain1.com%252Fx"),
        ("login_hint=sales%40contoso.com&x", "login_hint=user1%40domain1.com&x"),
        (r#""sales\u0040contoso.com""#, r#""user1\u0040domain1.com""#),
        ("sales&#64;contoso&#x2e;com", "user1&#64;domain1&#x2e;com"),
        ("_x000A_sales@contoso.com_x000D_", "_x000A_user1@domain1.com_x000D_"),
        (r#"{"m":"a\nECESVC01\tb"}"#, r#"{"m":"a\nHOST2\tb"}"#),
        ("ece.con=\r\ntoso.com", "host1.domain1.com"),
        ("ece.contoso=\r\n.com", "host1.domain1=\r\n.com"),
        (
            "eg_log_ECESVC01_rx-process.log ContosoMail CN=contoso-CA svc-ecesvc01",
            "eg_log_HOST2_rx-process.log Domain1Mail CN=domain1-CA svc-host2",
        ),
        ("Anna Rossi, Rossi, Anna wrote", "User2, User2 wrote"),
        (r"CONTOSO\anna.rossi C:\Users\anna.rossi\x", r"DOMAIN1\user2 C:\Users\user2\x"),
        (
            "to mail.firm.consulting and www.firm.consulting",
            "to mail.domain2.consulting and www.domain2.consulting",
        ),
        (
            &coded("see https://ece.contoso.com, please"),
            &coded("see https://host1.domain1.com, please"),
        ),
    ] {
        let mut learner = Learner::new(Map::new([7; 32]));
        learner.text(known);
        learner.text(text);
        assert_eq!(learner.finish().block(text), *expected, "{text}");
    }
    let guid = redacted("7922ef35-4a6c-422a-b185-5b3eb50a7edf 7922ef354a6c422ab1855b3eb50a7edf 7922EF35-4A6C-422A-B185-5B3EB50A7EDF");
    let ids: Vec<&str> = guid.split(' ').collect();
    assert!(
        ids[0].replace('-', "") == ids[1] && ids[2].to_lowercase() == ids[0] && !guid.contains("7922"),
        "{guid}"
    );
}

#[test]
fn text_of_two_encodings_keeps_both() {
    let wide: String = "ece.contoso.com\r\n".chars().flat_map(|c| [c, '\0']).collect();
    let made: String = "host1.domain1.com\r\n".chars().flat_map(|c| [c, '\0']).collect();
    assert_eq!(redacted(&format!("ece.contoso.com\r\n{wide}")), format!("host1.domain1.com\r\n{made}"));
}

#[test]
fn what_is_not_the_customers_stays() {
    for text in [
        "https://login.microsoftonline.com/common/oauth2/v2.0/token outlook.office365.com:993 smtp.office365.com",
        "00000003-0000-0000-c000-000000000000 00000002-0000-0ff1-ce00-000000000000",
        "javax.mail.AuthenticationFailedException: AUTHENTICATE failed. at com.egain.mail.module.retriever.Net.connect(Net.java:540)",
        "com.egain.platform.Session@1a2b3c.close java.lang.Thread@7f.run",
        "Cisco ECE 12.6(1) ES5, build 21.22.0.4, version 10.0.17763.5830, 12.6.1.0",
        "rx-process.log keytool.exe web.config standalone.xml ASP.NET java.net.SocketException",
        "127.0.0.1 0.0.0.0 255.255.255.0 TLSv1.2 535 5.7.139",
        "2025-01-05 17:04:23.001 GMT+0100 <@> INFO <@> 12:34:56",
        "SHA1: CB:3C:CB:B7:60:31:E5:E0:13:8F:8D:D3:9A:23:F9:DE:47:FF:C3:5E Serial 03:3a:f1:e6:a7:11:a9:a0",
        r#"xmlns:dc="http://purl.org/dc/elements/1.1/" C:\\Windows\\System32 HKLM\SOFTWARE\Cisco "NT AUTHORITY\SELF""#,
        "warranty@x: the warranty ended; sales and support",
    ] {
        assert_eq!(redacted(text), text);
    }
    assert_eq!(
        redacted("warranty@contoso.com: the warranty ends, \"Warranty\""),
        "user1@domain1.com: the warranty ends, \"User1\""
    );
}

#[test]
fn bare_host_names_follow_their_domains() {
    let text = "Machine: ECESVC01 (Microsoft Windows NT 10.0)\neg_log_ECESVC01_rx-process.log\necesvc01.contoso.com 10.1.2.3\nECESVC01 <@> ajp-ECESVC01.contoso.com\nhttp://intranet7:80/ \\\\filesrv\\logs\n";
    let out = redacted(text);
    assert!(
        out.starts_with("Machine: HOST1 (Microsoft Windows NT 10.0)\neg_log_HOST1_rx-process.log\nhost1.domain1.com 10."),
        "{out}"
    );
    assert!(out.contains("HOST1 <@> ajp-host1.domain1.com\nhttp://host"), "{out}");
    assert!(
        !out.contains("10.1.2.3") && !out.contains("intranet7") && !out.contains("filesrv"),
        "{out}"
    );
}

#[test]
fn secrets_are_gone_and_tokens_open_nothing() {
    let out = redacted("client_secret=Abc8Q~abcdefghijklmnopqrstuvwxyz012345 password: Sommer2024!");
    assert_eq!(out, "client_secret=[masked client secret] password: [masked password]");
    let code = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
    let token = format!(
        "{}.{}.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
        code(r#"{"typ":"JWT","alg":"RS256"}"#),
        code(r#"{"aud":"https://outlook.office.com","upn":"sales@contoso.com","name":"Anna Rossi","scp":"IMAP.AccessAsUser.All"}"#)
    );
    let text = format!("sales@contoso.com access_token={token} x");
    let out = redacted(&text);
    let made = out.split("access_token=").nth(1).unwrap().trim_end_matches(" x");
    let claims = crate::model::claims_of(made).unwrap();
    assert_eq!(claims.user.as_deref(), Some("user1@domain1.com"));
    assert!(made.ends_with('.') && !made.contains(&code(r#""name""#)[..4]), "{made}");
}

#[test]
fn the_map_gives_the_same_pseudonyms_again() {
    let first = "ece.contoso.com sales@contoso.com 10.1.2.3 7922ef35-4a6c-422a-b185-5b3eb50a7edf";
    let mut learner = Learner::new(Map::new([7; 32]));
    learner.text(first);
    let mut redactor = learner.finish();
    let made = redactor.block(first);
    let map = redactor.map();
    for (kind, original) in [
        (Kind::Domain, "contoso"),
        (Kind::Host, "ece"),
        (Kind::User, "sales"),
        (Kind::Ip, "10.1.2.3"),
    ] {
        assert!(
            map.entries()
                .iter()
                .any(|e| e.kind == kind && e.original == original && e.pseudonym != original),
            "{original}: {:?}",
            map.entries()
        );
    }
    let mut learner = Learner::new(Map::from_json(&map.to_json().unwrap()).unwrap());
    learner.text(&format!("new.fabrikam.com host1.fabrikam.com {first}"));
    let mut redactor = learner.finish();
    assert_eq!(redactor.block(first), made);
    assert!(Map::from_json("{}").is_err());
}

#[test]
fn the_leak_check_finds_what_was_left() {
    let text = "ece.contoso.com sales@contoso.com warranty@contoso.com 10.1.2.3 7922ef35-4a6c-422a-b185-5b3eb50a7edf ECESVC01.contoso.com";
    let mut learner = Learner::new(Map::new([1; 32]));
    learner.text(text);
    let mut redactor = learner.finish();
    let safe = redactor.block(text);
    let mut check = LeakCheck::new(&redactor.map());
    assert_eq!(check.block(&safe), BTreeSet::new());
    assert_eq!(check.block("our sales team and its warranty").len(), 0);
    let coded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "see https://ece.contoso.com, please");
    for leak in [
        "at ECE.contoso.com",
        "Contoso",
        "sales@x",
        "sales&#64;x",
        "on \\nECESVC01",
        "10.1.2.3",
        "7922EF35-4A6C-422A-B185-5B3EB50A7EDF",
        "password=Sommer2024!",
        &coded,
    ] {
        assert!(!check.block(leak).is_empty(), "{leak}");
    }
}
