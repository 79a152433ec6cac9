use super::*;
use crate::bundle::{Encoding, Text};
use crate::model::Scope;
use crate::syntax;
use std::sync::Arc;

fn read(name: &str, content: &str) -> Findings {
    let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
    let path: Arc<str> = Arc::from(name);
    let source = Source { path: &path, text: &text };
    let mut findings = Findings::default();
    for section in &syntax::sections(&text) {
        parse(&source, section, &mut findings);
    }
    findings
}

/// `key scope value` of each setting.
fn settings(name: &str, content: &str) -> Vec<(SettingKey, Scope, String)> {
    read(name, content)
        .facts
        .ece
        .settings
        .iter()
        .map(|s| {
            let value = match &s.value.value {
                Field::Absent => "(absent)".to_owned(),
                Field::Empty(_) => "(empty)".to_owned(),
                Field::Unreadable(_) => "(unreadable)".to_owned(),
                Field::Value(fact) => fact.value.clone(),
            };
            (s.key, s.scope.clone(), value)
        })
        .collect()
}

fn partition(name: &str) -> Scope {
    Scope::Partition(name.into())
}

use SettingKey::*;

#[test]
fn rows_of_name_and_value() {
    let sql = "group_name,department_id,setting_name,setting_val\nL10N_PARTITION,1,External URL of Application,https://ece.example.com\n\
        L10N_DEPARTMENT,1004,External URL of Application,https://other.example.com\nL10N_PARTITION,1,Web server URL or Load Balancer URL,NULL\n";
    assert_eq!(
        settings("x.csv", sql),
        [
            (ExternalUrl, partition("default"), "https://ece.example.com".into()),
            (ExternalUrl, Scope::Department("1004".into()), "https://other.example.com".into()),
            (WebServerUrl, partition("default"), "(empty)".into()),
        ]
    );
    let hand = "Setting,Value,Default,Level,Department\n\"Inbox sort field\",\"Activity ID\",\"Activity ID\",\"Partition\",\"\"\n\
        \"External URL of Application\",\" https://ece.example.com\",\"\",\"Partition\",\"\"\n";
    assert_eq!(
        settings("x.csv", hand),
        [(ExternalUrl, partition("default"), " https://ece.example.com".into())]
    );
    let several = "partition_id;Name;Value\n1;External URL of Application;https://a.example.com\n2;External URL of Application;\n";
    assert_eq!(
        settings("x.csv", several),
        [
            (ExternalUrl, partition("1"), "https://a.example.com".into()),
            (ExternalUrl, partition("2"), "(empty)".into()),
        ]
    );
    assert_eq!(
        settings("partition_2.csv", "Name,Value,Level\nExternal URL of Application,x,Partition\n")[0].1,
        partition("2")
    );
}

#[test]
fn an_export_without_known_rows_is_recorded() {
    let facts = read("x.csv", "setting_name,setting_val\ncommon.something,1\n").facts;
    assert_eq!((facts.ece.settings.len(), facts.ece.settings_exports.len()), (0, 1));
    let facts = read("x.csv", "Name,Value\nShow login time,Yes\n").facts;
    assert_eq!(facts.ece.settings_exports.len(), 1);
    let facts = read("x.csv", "Name,Value\nColour,red\n").facts;
    assert_eq!(facts.ece.settings_exports.len(), 0);
}

#[test]
fn dumps_without_headers() {
    let found = read(
        "x.csv",
        "L10N_PARTITION,Session time out,60\nL10N_PARTITION,External URL of Application,https://ece.example.com\n",
    );
    assert_eq!(found.facts.ece.settings.len(), 1);
    let setting = &found.facts.ece.settings[0];
    assert!(setting.guessed && setting.scope == partition("default"));
    assert_eq!(setting.origin.line, 2);
}

#[test]
fn json_of_any_nesting() {
    for json in [
        r#"[{"setting_name":"External URL of Application","setting_val":"https://ece.example.com","level":"partition"}]"#,
        r#"{"partition":{"settings":{"External URL of Application":"https://ece.example.com"}}}"#,
        r#"{"export":{"level":"Partition","items":[{"name":"external_url_of_application","value":"https://ece.example.com"}]}}"#,
        r#"{"partition":{"ExternalUrlOfApplication":{"value":"https://ece.example.com","default":""}}}"#,
        r#"{"External URL of Application":{"partition":"https://ece.example.com"}}"#,
    ] {
        assert_eq!(
            settings("x.json", json),
            [(ExternalUrl, partition("default"), "https://ece.example.com".into())],
            "{json}"
        );
    }
    let json = r#"{"partitions":[{"id":1,"settings":{"External URL of Application":"https://a.example.com"},"departments":{"Sales":{"External URL of Application":""}}},
        {"id":2,"settings":{"External URL of Application":"https://b.example.com"}}]}"#;
    let found = read("x.json", json).facts.ece.settings;
    let shown: Vec<_> = found.iter().map(|s| (s.scope.clone(), s.partition.clone())).collect();
    assert_eq!(
        shown,
        [
            (partition("1"), Some("1".into())),
            (Scope::Department("Sales".into()), Some("1".into())),
            (partition("2"), Some("2".into())),
        ]
    );
}

#[test]
fn lines_of_a_note() {
    for line in [
        "External URL of Application: https://ece.example.com",
        "- **External URL of Application**: https://ece.example.com",
        "External URL of Application = https://ece.example.com",
        "The External URL of Application is set to https://ece.example.com",
        "External URL of Application\nhttps://ece.example.com",
        "Partition > Apps > General Settings > External URL of Application: `https://ece.example.com`",
    ] {
        let note = format!("Dear all,\n\n{line}\n\nRegards\n");
        let found = settings("note.txt", &note);
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!((found[0].0, found[0].2.as_str()), (ExternalUrl, "https://ece.example.com"), "{line}");
    }
    assert_eq!(
        settings("note.txt", "We looked at the External URL of Application and found nothing.\n"),
        []
    );
    assert_eq!(settings("note.txt", "External URL of Application:\n\nbye\n").len(), 1);
}

#[test]
fn the_oauth_object_and_its_secret() {
    let json = r#"{"oauthApplication":{"Provider":"Microsoft Office 365","Client ID":"11111111-1111-1111-1111-111111111111","Client secret":"hunter-22-hidden",
        "Authorization URL":"https://login.microsoftonline.com/common/oauth2/v2.0/authorize","Token URL":"https://login.microsoftonline.com/common/oauth2/v2.0/token"}}"#;
    let found = read("x.json", json).facts;
    let keys: Vec<_> = found.ece.settings.iter().map(|s| s.key).collect();
    assert_eq!(keys, [OauthClientId, OauthClientSecret, OauthAuthorizeUrl, OauthTokenUrl]);
    assert_eq!(found.ece.settings[1].secret.as_ref().map(Secret::shape), Some(SecretShape::Other));
    assert_eq!(found.secrets.len(), 1);
    assert!(!format!("{:?}", found.ece.settings[1]).contains("hunter-22"));
    let csv = "Name,Value\nOAuth Client ID,11111111-1111-1111-1111-111111111111\nClient Secret,22222222-2222-2222-2222-222222222222\n";
    let found = read("x.csv", csv).facts.ece.settings;
    assert_eq!(found[1].secret.as_ref().map(Secret::shape), Some(SecretShape::Guid));
}

#[test]
fn other_objects_with_a_client_id_are_left() {
    for json in [
        r#"{"client_id":"11111111-1111-1111-1111-111111111111","scope":"x"}"#,
        r#"{"access_token":"x","client_id":"a","scope":"b","redirect_uri":"c"}"#,
        r#"{"issuer":"x","authorization_endpoint":"https://login.microsoftonline.com/a","token_endpoint":"https://login.microsoftonline.com/b"}"#,
    ] {
        assert_eq!(settings("x.json", json), [], "{json}");
    }
}

#[test]
fn broken_input_gives_what_is_whole() {
    let found = settings(
        "x.csv",
        "Name,Value,Level\nShow login time,Yes,Partition\nExternal URL of Application,https://ece.exa",
    );
    assert_eq!(found, [(ExternalUrl, Scope::Unknown, "(unreadable)".into())]);
    assert_eq!(settings("x.json", r#"{"External URL of Application":["a","b"]}"#)[0].2, "(unreadable)");
}

#[test]
fn a_column_per_scope_and_rows_that_null_was_left_out_of() {
    let matrix =
        "Setting,Partition,Department Sales\nShow login time,Yes,Yes\nExternal URL of Application,https://ece.example.com,https://b.example.com\n";
    assert_eq!(
        settings("x.csv", matrix),
        [
            (ExternalUrl, partition("default"), "https://ece.example.com".into()),
            (ExternalUrl, Scope::Department("Sales".into()), "https://b.example.com".into()),
        ]
    );
    let json =
        r#"[{"setting_name":"Show login time","setting_val":"Yes"},{"setting_name":"External URL of Application","group_name":"L10N_PARTITION"}]"#;
    assert_eq!(settings("x.json", json), [(ExternalUrl, partition("default"), "(empty)".into())]);
    let catalogue = r#"[{"setting_name":"Show login time"},{"setting_name":"External URL of Application"}]"#;
    assert_eq!(settings("x.json", catalogue), []);
    let xml = r#"<s><Setting name="Show login time">Yes</Setting><Setting name="External URL of Application"/></s>"#;
    assert_eq!(settings("x.xml", xml), [(ExternalUrl, Scope::Unknown, "(empty)".into())]);
}

#[test]
fn a_file_that_ends_within_null_says_nothing_of_the_last_value() {
    let value = |content: &str| settings("x.csv", content).pop().map(|(_, _, value)| value);
    for half in ["N", "NU", "NUL"] {
        let row = format!("setting_name,setting_val\nExternal URL of Application,{half}");
        assert_eq!(value(&row).as_deref(), Some("(unreadable)"), "{half}");
        assert_eq!(value(&format!("{row}\n")).as_deref(), Some(half));
    }
    for (end, read) in [("NULL", "(empty)"), ("https://ece.example.com", "https://ece.example.com")] {
        assert_eq!(
            value(&format!("setting_name,setting_val\nExternal URL of Application,{end}")).as_deref(),
            Some(read)
        );
    }
    assert_eq!(
        settings("x.txt", "External URL of Application: NUL"),
        [(ExternalUrl, Scope::Unknown, "(unreadable)".into())]
    );
}
