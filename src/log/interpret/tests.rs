//! Interpretation end to end: log text through the engine, the interpreter and the assembly.

use crate::log::assemble::{Assembled, Known, MemberLog, assemble};
use crate::log::interpret::{Interpreter, anchors};
use crate::log::{Clocks, Filter, LogReader};
use crate::model::{LogEventKind, LogFacts, OperationKind, Outcome, Process, Reach};
use crate::signatures::Catalogue;
use std::sync::Arc;

const ENDPOINT: &str = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/oauth2/v2.0/token";
const RETRIEVER: &str = "com.egain.mail.module.retriever.net.Box";
const DISPATCHER: &str = "com.egain.mail.module.dispatcher.net.Out";
const TOKENS: &str = "com.egain.mail.token.Keeper";

/// A record at minute `minute` of a morning.
fn record(minute: u32, level: &str, thread: &str, class: &str, message: &str) -> String {
    format!(
        "2025-03-04 {:02}:{:02}:00.000 GMT+0100 <@> {level} <@> [{thread}] <@> ProcessId:1 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> {class} <@> run <@> {message} <@> \r\n",
        8 + minute / 60,
        minute % 60
    )
}

fn read_as(members: &[(&str, String)], known: &Known) -> Assembled {
    let catalogue = Catalogue::builtin();
    let filter = Filter::new(&anchors(&catalogue));
    let members = members.iter().map(|(name, text)| {
        let path: Arc<str> = Arc::from(*name);
        let mut interpreter = Interpreter::new(&catalogue, &path);
        let mut reader = LogReader::new(&filter, &mut interpreter);
        reader.feed(text.as_bytes());
        let digest = reader.finish();
        MemberLog {
            path,
            identity: None,
            counted: digest,
            meaning: interpreter.finish(),
        }
    });
    assemble(members.collect(), Vec::new(), known, &Clocks::default(), &filter, &catalogue)
}

fn read(name: &str, records: &[String]) -> LogFacts {
    read_as(&[(name, records.concat())], &Known::default()).facts
}

/// Kind, subject and outcomes (`+` worked, `-` failed) of every operation.
fn told(facts: &LogFacts) -> Vec<String> {
    let runs = |o: &crate::model::Operation| -> String { o.runs.iter().map(|r| if r.outcome == Outcome::Done { '+' } else { '-' }).collect() };
    facts
        .operations
        .iter()
        .map(|o| format!("{:?} {} {}", o.kind, o.subject, runs(o)))
        .collect()
}

const RX: &str = "eg_log_SVC1_rx-process.log";
const DX: &str = "eg_log_SVC1_dx-process.log";
const APP: &str = "eg_log_APP1_ApplicationServer.log";

#[test]
fn a_renewal_fails_however_the_refusal_is_printed() {
    for message in [
        format!(
            "Renewal for account Sales O365 went wrong\r\njava.io.IOException: Server returned HTTP response code: 400 for URL: {ENDPOINT}\r\n\tat a.b.C.d(C.java:1)"
        ),
        format!("Renewal for account Sales O365 went wrong\r\njava.io.FileNotFoundException: {ENDPOINT}\r\n\tat a.b.C.d(C.java:1)"),
        "Renewal of the token of account Sales O365 went wrong\r\njava.net.ConnectException: Connection timed out: connect\r\n\tat a.b.C.d(C.java:1)"
            .to_owned(),
        format!("account Sales O365: {ENDPOINT} said {{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50173: x\"}}"),
        "Account 'Sales O365': AADSTS50173: The provided grant has expired".to_owned(),
    ] {
        let facts = read(RX, &[record(0, "ERROR", "4:Timer-1", TOKENS, &message)]);
        assert_eq!(told(&facts), ["TokenRefresh sales o365 -"], "{message}");
    }
}

#[test]
fn the_mail_library_decides_between_a_token_and_a_mailbox() {
    let message = "RETRIEVER: mailbox sales@example.com did not take the token\r\njavax.mail.AuthenticationFailedException: AUTHENTICATE failed.\r\n\tat com.sun.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:1)";
    assert_eq!(
        told(&read(RX, &[record(0, "ERROR", "4:RxInstance id : 9", RETRIEVER, message)])),
        ["Fetch sales@example.com -"]
    );
    // Renamed, and of a class that nobody knows: the library tells.
    assert_eq!(
        told(&read("1.txt", &[record(0, "ERROR", "4:W", "x.Y", message)])),
        ["Fetch sales@example.com -"]
    );
}

#[test]
fn first_tokens_come_from_the_application_server() {
    let answer = format!("Code of account Sales O365 redeemed at {ENDPOINT}: {{\"token_type\":\"Bearer\",\"expires_in\":3599}}");
    let thread = "12:ajp-app1.example.com%2F10.0.0.5-15006-3";
    assert_eq!(
        told(&read("2.txt", &[record(0, "INFO", thread, TOKENS, &answer)])),
        ["TokenGeneration sales o365 +"]
    );
    let refused = "Authorization came back with error=access_denied&error_description=AADSTS65004%3a+declined";
    assert_eq!(told(&read(APP, &[record(0, "ERROR", thread, TOKENS, refused)])), ["TokenGeneration  -"]);
}

#[test]
fn errors_of_other_systems_are_no_business_of_mail() {
    let refused = "Connection to SQL01 failed\ncom.microsoft.sqlserver.jdbc.SQLServerException: The TCP/IP connection to the host SQL01, port 1433 has failed.\nCaused by: java.net.ConnectException: Connection refused: connect";
    let untrusted = "Sync with https://crm.example.com/api failed\njavax.net.ssl.SSLHandshakeException: PKIX path building failed: x";
    let renewal =
        "OAuth token renewal failed at https://login.microsoftonline.com/t/oauth2/v2.0/token\njava.net.ConnectException: Connection refused: connect";
    for (text, aside) in [(refused, 1), (untrusted, 1), (renewal, 0)] {
        let facts = read(RX, &[record(0, "ERROR", "12:db", "com.egain.platform.framework.Client", text)]);
        assert_eq!(told(&facts).len(), usize::from(aside == 0), "{text}: {:?}", told(&facts));
        assert!(facts.hits.iter().all(|hit| (hit.count, hit.aside) == (1, aside)), "{:?}", facts.hits);
        assert!(!facts.hits.is_empty(), "{text}");
    }
}

#[test]
fn single_sign_on_of_agents_is_no_business_of_mail() {
    let refused = format!(
        "SSO login of agent jdoe: {ENDPOINT} said {{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50105: app 'bbbbbbbb-0000-4000-8000-000000000000' not assigned\"}}"
    );
    let facts = read(
        APP,
        &[record(0, "ERROR", "12:ajp-app1%2F1", "com.egain.platform.sso.OidcFilter", &refused)],
    );
    assert_eq!(told(&facts), [""; 0]);
    assert!(facts.events.is_empty(), "{:?}", facts.events);
    let hit = facts.hits.iter().find(|h| h.id == "entra.aadsts50105").unwrap();
    assert_eq!((hit.count, hit.aside), (1, 1));
    assert!(hit.fields.is_empty());
    let agents =
        "Redirecting to https://login.microsoftonline.com/t/oauth2/v2.0/authorize?client_id=b&redirect_uri=https%3A%2F%2Fx&scope=openid%20profile";
    assert!(
        read(APP, &[record(0, "INFO", "12:ajp-app1%2F1", "com.egain.platform.Web", agents)])
            .events
            .is_empty()
    );
}

#[test]
fn alarms_and_recipients_faults_are_no_failure_of_an_alias() {
    let alarm = "Alarm mail not sent\r\njavax.mail.AuthenticationFailedException: 535 5.7.3 Authentication unsuccessful\r\n\tat com.sun.mail.smtp.SMTPTransport.x(S.java:1)";
    assert_eq!(
        told(&read(APP, &[record(0, "ERROR", "4:Alarm", "com.egain.platform.Alarm", alarm)])),
        [""; 0]
    );
    let unknown = "Item 4 from sales@example.com not sent\r\ncom.sun.mail.smtp.SMTPAddressFailedException: 550 5.1.10 RESOLVER.ADR.RecipientNotFound";
    assert_eq!(told(&read(DX, &[record(0, "ERROR", "4:DxWorker 1", DISPATCHER, unknown)])), [""; 0]);
}

#[test]
fn subjects_are_those_that_the_bundle_knows() {
    let known = Known {
        addresses: ["sales@example.com".to_owned()].into(),
        services: ["SVC7".to_owned()].into(),
        accounts: [("sales o365 west".to_owned(), ["sales@example.com".to_owned()].into())].into(),
        ..Known::default()
    };
    let failed = "E-mail account Sales O365 West can't send\r\njavax.mail.AuthenticationFailedException: 535 5.7.3 Authentication unsuccessful\r\n\tat a.b.C.d(C.java:1)";
    let text = [
        record(2, "ERROR", "4:DxWorker 1", DISPATCHER, failed),
        record(3, "ERROR", "4:T", TOKENS, "Token of sales@example.com: AADSTS50173: gone"),
        record(0, "INFO", "4:DxWorker 1", DISPATCHER, "Mail for bob@customer.test accepted; 250 2.0.0 OK"),
        record(
            1,
            "INFO",
            "4:T",
            TOKENS,
            &format!("account Sales O365 West renewed its token at {ENDPOINT}: {{\"expires_in\":3599}}"),
        ),
    ];
    let facts = read_as(&[("renamed.txt", text.concat())], &known).facts;
    assert_eq!(facts.streams[0].host.as_deref(), Some("SVC7"));
    assert_eq!(told(&facts), ["TokenRefresh sales o365 west +-", "Send  +", "Send sales@example.com -"]);
}

#[test]
fn a_failure_of_nobody_heals_with_everybody() {
    let failed = record(
        0,
        "ERROR",
        "4:DxWorker 1",
        DISPATCHER,
        "No connection\r\njavax.mail.MessagingException: [EOF]\r\n\tat com.sun.mail.smtp.SMTPTransport.x(S.java:1)",
    );
    let sent = record(5, "INFO", "4:DxWorker 1", DISPATCHER, "Mail for sales@example.com accepted; 250 2.0.0 OK");
    assert_eq!(told(&read(DX, &[failed.clone(), sent])), ["Send  -+", "Send sales@example.com +"]);
    assert_eq!(told(&read(DX, &[failed])), ["Send  -"]);
}

#[test]
fn a_healed_fault_is_seen_as_healed_across_rotated_files() {
    let refused = record(
        10,
        "ERROR",
        "4:RxInstance id : 9",
        RETRIEVER,
        "Box sales@example.com\r\njavax.mail.MessagingException: Connection dropped by server?\r\n\tat a.b.C.d(C.java:1)",
    );
    let first = record(0, "INFO", "4:RxInstance id : 9", RETRIEVER, "2 messages stored for sales@example.com") + &refused;
    let second = record(20, "INFO", "4:RxInstance id : 9", RETRIEVER, "1 message stored for sales@example.com");
    // The older file has the name that sorts last.
    let facts = read_as(&[("logs/a.txt", second), ("logs/b.txt", first)], &Known::default()).facts;
    assert_eq!(told(&facts), ["Fetch sales@example.com +-+"]);
    assert_eq!(facts.streams.len(), 1);
    assert_eq!(facts.streams[0].members, [Arc::from("logs/b.txt"), Arc::from("logs/a.txt")]);
    assert!(!facts.operations[0].ends_failing());
}

#[test]
fn a_record_cut_by_rotation_is_one_record() {
    let whole = record(
        5,
        "ERROR",
        "4:RxInstance id : 9",
        RETRIEVER,
        "Box sales@example.com\r\njavax.mail.AuthenticationFailedException: AUTHENTICATE failed.\r\n\tat a.b.C.d(C.java:1)",
    );
    let (a, b) = whole.split_at(whole.find("\tat ").unwrap());
    let assembled = read_as(
        &[
            ("eg_log_S_rx-process.log.1", a.to_owned()),
            ("eg_log_S_rx-process.log", b.to_owned() + &record(6, "INFO", "4:x", RETRIEVER, "y")),
        ],
        &Known::default(),
    );
    assert_eq!(assembled.members.iter().map(|m| m.records).sum::<u64>(), 2);
    let hit = assembled.facts.hits.iter().find(|h| h.id == "imap.authenticate_failed_generic").unwrap();
    assert_eq!(hit.count, 1);
}

#[test]
fn copies_count_once_and_their_order_is_no_matter() {
    let catalogue = Catalogue::builtin();
    let filter = Filter::new(&anchors(&catalogue));
    let text = record(0, "ERROR", "4:Timer-1", TOKENS, "account Sales O365: AADSTS50173: gone");
    let member = |name: &str| {
        let mut interpreter = Interpreter::new(&catalogue, name);
        let mut reader = LogReader::new(&filter, &mut interpreter);
        reader.feed(text.as_bytes());
        let digest = reader.finish();
        MemberLog {
            path: name.into(),
            identity: Some(text.as_bytes().into()),
            counted: digest,
            meaning: interpreter.finish(),
        }
    };
    let assembled = assemble(
        vec![member("z.log"), member("copy/a.log")],
        Vec::new(),
        &Known::default(),
        &Clocks::default(),
        &filter,
        &catalogue,
    );
    assert_eq!(assembled.facts.hits.iter().find(|h| h.id == "entra.aadsts50173").unwrap().count, 1);
    assert_eq!(
        assembled.members.iter().find(|m| &*m.path == "z.log").unwrap().copy_of.as_deref(),
        Some("copy/a.log")
    );
}

#[test]
fn thread_dumps_and_their_words_do_not_count() {
    let text = record(0, "INFO", "4:x", RETRIEVER, "before")
        + "Full thread dump OpenJDK 64-Bit Server VM:\r\n\"main\" AADSTS50011 javax.mail.AuthenticationFailedException: AUTHENTICATE failed.\r\n\r\n"
        + &record(1, "INFO", "4:x", RETRIEVER, "after");
    let facts = read_as(&[(RX, text)], &Known::default()).facts;
    assert!(facts.hits.is_empty(), "{:?}", facts.hits);
}

#[test]
fn exceptions_prove_ports() {
    let refused = "Box sales@example.com\r\ncom.sun.mail.util.MailConnectException: Couldn't connect to host, port: outlook.office365.com, 993; timeout 6000;\r\n  nested exception is:\r\n\tjava.net.SocketTimeoutException: connect timed out\r\n\tat a.b.C.d(C.java:1)";
    let facts = read(RX, &[record(0, "ERROR", "4:RxInstance id : 9", RETRIEVER, refused)]);
    let closed = LogEventKind::Connection {
        host: "outlook.office365.com".into(),
        port: 993,
        reach: Reach::Closed,
    };
    assert!(
        facts.events.iter().any(|e| e.kind == closed && e.host.as_deref() == Some("SVC1")),
        "{:?}",
        facts.events
    );
    assert_eq!(told(&facts), ["Fetch sales@example.com -"]);
}

#[test]
fn a_trace_inside_a_record_names_who_signed_in() {
    let trace = "trace follows\r\nDEBUG IMAP: trying to connect to host \"outlook.office365.com\", port 993, isSSL true\r\n* OK ready\r\nDEBUG IMAP: protocolConnect login, host=outlook.office365.com, user=sales@example.com, password=<non-null>\r\nDEBUG IMAP: AUTHENTICATE XOAUTH2 command trace suppressed\r\nDEBUG IMAP: AUTHENTICATE XOAUTH2 command result: A1 NO AUTHENTICATE failed.";
    let facts = read(RX, &[record(0, "DEBUG", "4:RxInstance id : 9", RETRIEVER, trace)]);
    let login = facts.events.iter().find_map(|e| match &e.kind {
        LogEventKind::MailLogin { user, worked, .. } => Some((user.as_str(), *worked)),
        _ => None,
    });
    assert_eq!(login, Some(("sales@example.com", Some(false))));
}

#[test]
fn errors_that_nobody_knows_are_grouped() {
    let unknown = |minute, n| {
        record(
            minute,
            "ERROR",
            "4:x",
            "com.egain.db.Pool",
            &format!("Case {n} not written\r\njava.lang.IllegalStateException: pool {n} closed\r\n\tat com.egain.db.Pool.get(Pool.java:5)"),
        )
    };
    let facts = read(RX, &[unknown(0, 17), unknown(1, 4), unknown(2, 99)]);
    assert_eq!(facts.unexplained.len(), 1, "{:?}", facts.unexplained);
    assert_eq!(facts.unexplained[0].count, 3);
    assert_eq!(facts.unexplained[0].samples.len(), 3);
    assert_eq!(
        facts.unexplained[0].template,
        "Case <n> not written | java.lang.IllegalStateException: pool <n> closed | at com.egain.db.Pool.get"
    );
}

#[test]
fn secrets_in_records_reach_no_fact() {
    let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlLmNvbSIsInVwbiI6InNhbGVzQGV4YW1wbGUuY29tIn0.c2VjcmV0c2lnbmF0dXJl";
    let message = format!(
        "account Sales O365: {ENDPOINT} said {{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"{token}\",\"refresh_token\":\"0.AAAAbbbbCCCCddddEEEEffffGGGGhhhh.IIIIjjjjKKKKllll\"}}"
    );
    let assembled = read_as(&[(RX, record(0, "DEBUG", "4:T", TOKENS, &message))], &Known::default());
    let shown = format!("{assembled:?}");
    assert!(shown.contains("sales@example.com"), "the user is named");
    assert!(
        !shown.contains("c2VjcmV0") && !shown.contains("eyJ0eXAi") && !shown.contains("0.AAAA"),
        "{shown}"
    );
}

#[test]
fn processes_show_without_names() {
    let dispatcher = record(
        0,
        "INFO",
        "4:Worker",
        "com.egain.mail.module.dispatcher.service.DxInstance",
        "nothing to send",
    ) + &record(
        1,
        "INFO",
        "4:Worker",
        "com.egain.mail.module.dispatcher.service.DxInstance",
        "nothing to send",
    );
    let consoles = record(0, "INFO", "4:ajp-app1%2F1", "com.egain.platform.ui.servlet.ViewServlet", "GET /x")
        + &record(1, "INFO", "4:ajp-app1%2F1", "com.cisco.ipcc.Hook", "y");
    let facts = read_as(&[("1.txt", dispatcher), ("2.txt", consoles)], &Known::default()).facts;
    let processes: Vec<&Process> = facts.streams.iter().map(|s| &s.process).collect();
    assert_eq!(processes, [&Process::Dispatcher, &Process::ApplicationServer]);
    assert_eq!(facts.operations.iter().filter(|o| o.kind == OperationKind::Send).count(), 0);
}
