use super::*;
use serde_json::json;

fn request(role: Role, how: &str) -> Request {
    Request {
        role,
        evidence: "the evidence".to_owned(),
        how: how.to_owned(),
        checks: vec!["mailbox.smtp-auth".to_owned()],
    }
}

fn only(role: Role, how: &str) -> Script {
    let mut scripts = scripts(&[request(role, how)], Language::English);
    assert_eq!(scripts.len(), 1, "{scripts:#?}");
    scripts.remove(0)
}

#[test]
fn exchange_commands_become_a_script_that_names_each_command_above_its_output() {
    let script = only(
        Role::ExchangeAdmin,
        "Get-CASMailbox sales@contoso.com | Format-List PrimarySmtpAddress,ImapEnabled",
    );
    assert_eq!(script.name, "collect-exchange-admin.ps1");
    assert!(script.text.contains("# the evidence (settles mailbox.smtp-auth)\r\n'PS> Get-CASMailbox sales@contoso.com | Format-List PrimarySmtpAddress,ImapEnabled'\r\nGet-CASMailbox sales@contoso.com | Format-List PrimarySmtpAddress,ImapEnabled\r\n"));
    assert!(script.text.contains("#   Connect-ExchangeOnline"));
}

#[test]
fn what_has_to_be_filled_in_becomes_a_variable() {
    let script = only(
        Role::EntraAdmin,
        "Get-MgApplication -Filter \"appId eq '<client id of ECE>'\" | ConvertTo-Json -Depth 10",
    );
    assert!(script.text.contains("$ClientIdOfEce = '<client id of ECE>'  # fill in"));
    assert!(
        script
            .text
            .contains("Get-MgApplication -Filter \"appId eq '$ClientIdOfEce'\" | ConvertTo-Json -Depth 10\r\n")
    );
    let script = only(
        Role::EntraAdmin,
        "Get-MgUser -UserId <mailbox address> | Select-Object Id,UserPrincipalName | ConvertTo-Json",
    );
    assert!(script.text.contains("Get-MgUser -UserId $MailboxAddress |"));
}

#[test]
fn servers_get_a_cmd_script_each_and_queries_a_file_of_their_own() {
    let script = only(
        Role::EceAdmin,
        "on ECESVC01: hostname; Test-NetConnection outlook.office365.com -Port 993",
    );
    assert_eq!(script.name, "collect-server-ecesvc01.cmd");
    assert!(
        script
            .text
            .contains("\r\npowershell -NoProfile -Command \"Test-NetConnection outlook.office365.com -Port 993\"\r\n")
    );
    let script = only(
        Role::EceAdmin,
        "SQL on the active database (passwords left out on purpose): SELECT alias_id, delete_flag FROM eGActiveDB.dbo.EGML_MAILHOST",
    );
    assert_eq!(script.name, "collect-database.sql");
    assert!(
        script
            .text
            .ends_with("SELECT alias_id, delete_flag FROM eGActiveDB.dbo.EGML_MAILHOST;\n\n")
    );
}

#[test]
fn remarks_stay_beside_their_command() {
    let script = only(
        Role::EceAdmin,
        "on ECESVC01: hostname; \"<ECE>\\jdk\\bin\\keytool\" -list -v -keystore \"<ECE>\\cacerts\" > truststore_ECESVC01.txt (password: changeit, unless it was changed; the whole output, no filter)",
    );
    let command = "\"%Ece%\\jdk\\bin\\keytool\" -list -v -keystore \"%Ece%\\cacerts\" > truststore_ECESVC01.txt\r\n:: password: changeit, unless it was changed; the whole output, no filter\r\n";
    assert!(script.text.contains(command), "{}", script.text);
}

#[test]
fn screens_stay_prose() {
    let how = "Entra admin center > Identity > Sign-in logs > filter Application = ECE's app; interactive and non-interactive > Download JSON";
    let script = only(Role::EntraAdmin, how);
    assert_eq!(script.name, "collect-entra-admin-by-hand.txt");
    assert!(script.text.contains(&format!("    {how}\n")));
    let both = scripts(
        &[request(
            Role::EntraAdmin,
            "Entra admin center, App registrations > (the ECE app) > Manifest > Download; or PowerShell: Get-MgApplication -Filter \"appId eq 'x'\" | ConvertTo-Json -Depth 10",
        )],
        Language::English,
    );
    assert_eq!(both.len(), 2, "a screen, and the command in its place");
}

#[test]
fn text_of_a_bundle_never_becomes_a_command_of_its_own() {
    for how in [
        "Get-CASMailbox sales@contoso.com; Remove-Mailbox sales@contoso.com",
        "Get-CASMailbox sales@contoso.com | Remove-Mailbox",
        "Get-CASMailbox $(Remove-Item C:\\x) | Format-List",
        "Get-CASMailbox a@contoso.com`nRemove-Item x",
        "Get-CASMailbox a@contoso.com & calc",
        "Get-CASMailbox 'a@contoso.com | Format-List\u{2028}Remove-Item x",
        "Get-TransportConfig | Out-File C:\\Windows\\x; Set-TransportConfig -x",
        "on ECESVC01 & del x: hostname; Remove-Item x",
        "on ECESVC01: nslookup x & del y",
        "SELECT 1 FROM t; DROP TABLE t",
        "SELECT * INTO u FROM t",
        "SELECT 1 FROM t -- x",
    ] {
        for script in scripts(&[request(Role::EceAdmin, how), request(Role::ExchangeAdmin, how)], Language::English) {
            if script.name.ends_with(".txt") {
                continue;
            }
            for line in script.text.lines().filter(|l| !l.starts_with(['#', ':']) && !l.starts_with("--")) {
                for bad in ["Remove", "calc", "del ", "DROP", "INTO", "Set-Transport", "Windows"] {
                    assert!(!line.contains(bad), "{how}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_line_break_out_of_a_bundle_begins_no_line() {
    let script = only(Role::ExchangeAdmin, "Get-CASMailbox a@contoso.com\r\nRemove-Item x | Format-List");
    assert!(
        script.text.lines().all(|line| !line.trim_start().starts_with("Remove")),
        "{}",
        script.text
    );
}

#[test]
fn takes_the_wants_of_unknown_findings_once_each() {
    let want = json!({"evidence": "e", "how": "Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled", "role": "exchange-admin"});
    let report = json!({"schema_version": 1, "findings": [
        {"check": "a.b", "verdict": "unknown", "wants": [want]},
        {"check": "c.d", "verdict": "unknown", "wants": [want]},
        {"check": "e.f", "verdict": "fail", "wants": [{"evidence": "x", "how": "y", "role": "network"}]}]});
    let requests = requests_of_report(&report).unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].checks, ["a.b", "c.d"]);
    assert_eq!(requests[0].role, Role::ExchangeAdmin);
    assert!(requests_of_report(&json!({"x": 1})).unwrap_err().contains("no JSON report"));
    assert_eq!(scripts(&requests, Language::English), scripts(&requests, Language::English));
}

#[test]
fn a_first_collection_is_all_commands_that_read() {
    let scripts = scripts(&first_requests(Language::English), Language::English);
    let names: Vec<&str> = scripts.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "collect-each-server.cmd",
            "collect-database.sql",
            "collect-ece-admin-by-hand.txt",
            "collect-entra-admin.ps1",
            "collect-entra-admin-by-hand.txt",
            "collect-exchange-admin.ps1"
        ]
    );
    let exchange = scripts.last().map(|s| s.text.as_str()).unwrap_or_default();
    assert!(exchange.contains("Get-RecipientPermission $Mailbox | Format-List"));
}

/// A report in Italian names the same commands.
#[test]
#[allow(clippy::disallowed_methods)]
fn translations_keep_the_commands() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/lang/it");
    let commands = |how: &str| -> Vec<Step> {
        let steps = super::command::read(how).steps.into_iter();
        steps
            .filter(|step| matches!(step, Step::PowerShell(_) | Step::Sql(_) | Step::Cmd(_)))
            .collect()
    };
    let mut compared = 0;
    for file in std::fs::read_dir(folder).expect("the catalogue").flatten() {
        if !file.file_name().to_string_lossy().starts_with("messages-") {
            continue;
        }
        let catalogue: toml::Value = toml::from_str(&std::fs::read_to_string(file.path()).expect("a file")).expect("TOML");
        for text in catalogue["text"].as_array().expect("texts") {
            let (english, italian) = (text["en"].as_str().expect("English"), text["it"].as_str().expect("Italian"));
            assert_eq!(commands(english), commands(italian), "{english}\n{italian}");
            compared += commands(english).len();
        }
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn an_address_of_a_bundle_begins_no_command_and_hides_nothing() {
    let hostile = [
        "x; Get-Content C:\\Users\\admin\\secrets.txt; x@example.com",
        "x | Get-ChildItem@example.com",
        "x\u{2019}; Get-Process; \u{2018}@example.com",
        "x\u{202e}\u{2066}moc.elpmaxe@selas",
    ];
    for address in hostile {
        let how = format!("Get-MgUser -UserId {address} | Format-List Id");
        for script in scripts(&[request(Role::EntraAdmin, &how)], Language::English) {
            let is_text = script.name.ends_with(".txt");
            let commands: String = script.text.lines().filter(|line| !is_text && !line.starts_with('#')).collect();
            let word = ["Content", "ChildItem", "Process"].into_iter().find(|word| commands.contains(word));
            assert_eq!(word, None, "{address}: {commands}");
            assert!(!script.text.contains(['\u{202e}', '\u{2066}']), "{}", script.text);
        }
    }
}
