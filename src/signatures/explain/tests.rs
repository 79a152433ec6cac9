use super::*;
use crate::checks::{Check, Gap};

const REDIRECT: Check = Check {
    id: "url.redirect-exact",
    title: "The redirect URI that is sent is registered",
    severity: Severity::Critical,
    why: "Microsoft compares the redirect URI exactly.",
    evidence: "logs and manifest",
    remedy: &["Register it.", "Generate the token again."],
    references: &["https://example.com"],
    run: |_, _| Err(Gap::default()),
};

fn ask(question: &str) -> Answer {
    explain_with(&Catalogue::builtin(), &[&REDIRECT], question)
}

fn found(question: &str) -> Vec<Explanation> {
    match ask(question) {
        Answer::Found(found) => found,
        Answer::Similar(similar) => panic!("{question}: only {similar:?}"),
    }
}

fn ids(question: &str) -> Vec<String> {
    found(question).into_iter().map(|explanation| explanation.id).collect()
}

fn similar(question: &str) -> Vec<String> {
    match ask(question) {
        Answer::Found(found) => panic!("{question}: {:?}", found.iter().map(|e| &e.id).collect::<Vec<_>>()),
        Answer::Similar(similar) => similar.into_iter().map(|suggestion| suggestion.id).collect(),
    }
}

#[test]
fn a_code_is_found_in_every_spelling() {
    for question in ["AADSTS50011", "50011", "entra.aadsts50011", "aadsts 50011"] {
        let explanations = found(question);
        let [one] = explanations.as_slice() else { panic!("{question}") };
        assert_eq!((one.id.as_str(), one.subject), ("entra.aadsts50011", Subject::Code));
        assert!(one.related.contains(&String::from("url.redirect-exact")) && one.remedy.last().is_some_and(|step| step.starts_with("Verify")));
        assert!(one.touches.iter().any(|side| side.contains("redirect")), "{:?}", one.touches);
    }
    assert!(found("98765").first().is_some_and(|one| one.what.contains("does not list")));
}

#[test]
fn replies_words_and_messages_are_found() {
    assert!(ids("5.7.139").contains(&String::from("smtp.535_5_7_139_tenant")));
    assert_eq!(ids("535 5.7.3"), ["smtp.535_5_7_3"]);
    assert!(ids("535").len() > 5);
    assert_eq!(ids("invalid_grant"), ["oauth.error.invalid_grant"]);
    assert_eq!(ids("ErrorSendAsDenied").first().map(String::as_str), Some("graph.error_send_as_denied"));
    assert_eq!(
        ids("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."),
        ["smtp.535_5_7_139_tenant"]
    );
    assert_eq!(ids("smtp.535_5_7_139_tenant"), ["smtp.535_5_7_139_tenant"]);
}

#[test]
fn codes_inside_a_sentence_are_found() {
    assert_eq!(ids("why do I get AADSTS700016 here?"), ["entra.aadsts700016"]);
    assert_eq!(ids("535 5.7.3 Authentication unsuccesful"), ["smtp.535_5_7_3"]);
    assert!(ids("the server says 5.7.60 to us").contains(&String::from("smtp.550_5_7_60")));
}

#[test]
fn a_check_is_explained_with_what_proves_it() {
    let explanations = found("URL.Redirect-Exact");
    let [one] = explanations.as_slice() else { panic!("{explanations:?}") };
    assert_eq!(
        (one.subject, one.what.as_str()),
        (Subject::Check, "The redirect URI that is sent is registered")
    );
    assert!(one.related.contains(&String::from("entra.aadsts50011")));
}

#[test]
fn words_find_what_they_describe() {
    let tokens = similar("refresh token expired");
    assert!(
        tokens
            .iter()
            .any(|id| ["entra.aadsts700082", "entra.aadsts70008", "entra.aadsts700081"].contains(&id.as_str())),
        "{tokens:?}"
    );
    let secrets = similar("client secret expired");
    assert!(secrets.contains(&String::from("entra.aadsts7000222")), "{secrets:?}");
    let redirects = similar("redirect uri mismatch not registered");
    assert!(redirects.contains(&String::from("url.redirect-exact")), "{redirects:?}");
}

#[test]
fn a_slip_of_the_finger_is_understood() {
    assert_eq!(similar("url.redirct-exact").first().map(String::as_str), Some("url.redirect-exact"));
    assert_eq!(similar("invlaid_grant").first().map(String::as_str), Some("oauth.error.invalid_grant"));
}

#[test]
fn nonsense_gives_nothing_and_does_no_harm() {
    for question in ["", " ", "zzzzqqqq", "\u{0}\u{1b}[31m", &"x".repeat(100_000), "….…", "🙂🙂🙂"] {
        assert!(matches!(ask(question), Answer::Similar(similar) if similar.is_empty()), "{question:.20}");
    }
}

#[test]
fn every_entry_says_what_why_what_to_do_and_who_says_so() {
    let catalogue = Catalogue::builtin();
    let texts = catalogue.signatures().map(|signature| signature.id.clone());
    let codes = catalogue.codes().map(|code| Described::Code(code).id());
    let mut seen = 0;
    for id in texts.chain(codes) {
        seen += 1;
        let explained = found(&id).into_iter().find(|one| one.id == id);
        let Some(one) = explained else { panic!("{id} isn't found by its id") };
        let said = [&one.what, &one.why, &one.evidence]
            .into_iter()
            .chain(one.remedy.iter())
            .chain(&one.references)
            .chain(&one.causes);
        assert!(said.clone().all(|text| !text.trim().is_empty()), "{id}: an empty field");
        assert!(!one.remedy.is_empty() && !one.references.is_empty(), "{id}: nothing to do, or no source");
        let only_after = one
            .remedy
            .first()
            .is_some_and(|step| step.starts_with("Re-activate") || step.starts_with("Verify"));
        assert!(!only_after, "{id}: what comes afterwards, and not what to do");
        let idle = one.remedy.first().is_some_and(|step| step.starts_with("No action"));
        assert!(!idle || one.remedy.len() == 1, "{id}: no action, and yet steps: {:?}", one.remedy);
    }
    assert!(seen > 1_100, "{seen}");
}
