//! What some sink would act on, and how it gets into every field of a bundle.

use serde_json::{Value, json};

/// Stands in every attack, and nowhere else.
pub const MARK: &str = "xpoison";

/// What some sink would act on. `MARK` is where the harm would be done.
pub const ATTACKS: &[&str] = &[
    "<xpoison onload=alert(1)>",
    "\" onmouseover=\"xpoison\" x=\"",
    "' onfocus='xpoison' x='",
    "</script></style></title></textarea><xpoison>",
    "]]></failure><xpoison/>-->",
    "<img src=x onerror=xpoison>&lt;xpoison&gt;&#60;xpoison>",
    "[xpoison](javascript:xpoison) ![xpoison](https://evil.example/xpoison)",
    "`<xpoison>` ``xpoison`` **xpoison** _xpoison_ ~~xpoison~~ $xpoison$ [^xpoison]",
    "\n# xpoison\n\n- xpoison\n\n| xpoison |\n| --- |\n\n```\nxpoison\n",
    "\r\n> xpoison\r\n<xpoison>\r\n=xpoison",
    "=cmd|' /C xpoison'!A0",
    "@SUM(1+1)*xpoison;=xpoison,+xpoison|-xpoison\t=xpoison",
    "＝xpoison\n＋xpoison",
    "\u{1b}]0;xpoison\u{7}\u{1b}[2J\u{1b}]8;;http://xpoison\u{1b}\\xpoison\u{1b}]52;c;eHBvaXNvbg==\u{7}",
    "\u{9b}31mxpoison\u{9d}0;xpoison\u{9c}\u{90}xpoison\u{8}\u{8}\u{7f}\u{0}xpoison",
    "\u{202e}xpoison\u{2066}xpoison\u{2069}\u{200f}\u{61c}xpoison",
    "xp\u{200b}oison xpoison\u{feff}\u{2028}xpoison\u{2029}\u{e0041}\u{fff9}xpoison\u{ffff}\u{fffe}",
    "'; xpoison; '\"; xpoison; \"$(xpoison)`xpoison;",
    "\u{2019}; xpoison; \u{2018}\u{201d}; xpoison",
    "%xpoison% & xpoison | xpoison > xpoison ^& xpoison\nxpoison /s",
    "*/ xpoison -- \nxpoison; DROP TABLE xpoison",
    "{{xpoison}} ${xpoison} <%= xpoison %>",
    "_x001B_xpoison_x000D_",
];

/// Files of a bundle: name and content.
pub type Files = Vec<(String, Vec<u8>)>;

/// Which values an attack is put into: bundles stay what they are where the others are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// Whatever is free text: names, messages, states.
    Words,
    /// Addresses of mail.
    Addresses,
    /// Hosts, URLs, paths.
    Hosts,
    /// Every value, whatever it was.
    All,
}

pub const FIELDS: [Fields; 4] = [Fields::Words, Fields::Addresses, Fields::Hosts, Fields::All];

/// What kind of field a value makes its own.
fn kind(value: &str) -> Option<Fields> {
    let typed = value.is_empty()
        || value.chars().all(|c| c.is_ascii_digit() || "-:.TZ+/ ".contains(c))
        || value.len() == 36 && value.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        || ["true", "false", "null", "yes", "no"].contains(&value.to_lowercase().as_str());
    match value {
        _ if typed => None,
        _ if value.contains('@') => Some(Fields::Addresses),
        _ if value.contains("://") || value.contains('.') && !value.contains(' ') => Some(Fields::Hosts),
        _ => Some(Fields::Words),
    }
}

/// A value with an attack in it, if it is one of `fields`: before it and behind it, since some attacks need the beginning.
fn poisoned(value: &str, attack: &str, fields: Fields) -> Option<String> {
    if fields != Fields::All && kind(value) != Some(fields) {
        return None;
    }
    Some(match (fields, value.split_once('@')) {
        (Fields::Addresses, Some((local, domain))) => format!("{local}{attack}@{domain}"),
        (Fields::Hosts, _) => format!("{value}{attack}"),
        _ => format!("{attack}{value}{attack}"),
    })
}

fn poison_json(value: &mut Value, attack: &str, fields: Fields) {
    match value {
        Value::String(text) => *text = poisoned(text, attack, fields).unwrap_or_else(|| text.clone()),
        Value::Array(items) => items.iter_mut().for_each(|item| poison_json(item, attack, fields)),
        Value::Object(map) => map.values_mut().for_each(|item| poison_json(item, attack, fields)),
        _ => {}
    }
}

/// Rows of a table, as its header has them: the header stays.
fn poison_csv(text: &str, attack: &str, fields: Fields) -> Option<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for (number, row) in reader.records().enumerate() {
        let row = row.ok()?;
        let cells = row.iter().map(|cell| match number {
            0 => cell.to_owned(),
            _ => poisoned(cell, attack, fields).unwrap_or_else(|| cell.to_owned()),
        });
        writer.write_record(cells).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

/// Lines of a log, a console, a settings file: what stands behind a label, the last field of a record, or the words themselves.
fn poison_lines(text: &str, attack: &str, fields: Fields) -> String {
    let attack = attack.replace(['\r', '\n'], " ");
    let line = |line: &str| -> String {
        let (head, value) = match (line.rsplit_once(" <@> "), line.split_once(": ")) {
            (Some((head, value)), _) => (format!("{head} <@> "), value),
            (None, Some((head, value))) => (format!("{head}: "), value),
            (None, None) => (String::new(), line),
        };
        match (value.trim(), head.is_empty() && fields != Fields::All) {
            ("", _) | (_, true) => line.to_owned(),
            _ => {
                let words: Vec<String> = value
                    .split(' ')
                    .map(|word| match fields {
                        Fields::Words | Fields::All => word.to_owned(),
                        _ => poisoned(word, &attack, fields).unwrap_or_else(|| word.to_owned()),
                    })
                    .collect();
                match fields {
                    Fields::Words | Fields::All => format!("{head}{attack}{value}{attack}"),
                    _ => format!("{head}{}", words.join(" ")),
                }
            }
        }
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

/// A bundle with the attack in its fields and in the names of its files.
pub fn poison(whole: &Files, attack: &str, fields: Fields) -> Files {
    let content = |name: &str, bytes: &[u8]| -> Option<Vec<u8>> {
        let text = std::str::from_utf8(bytes).ok()?;
        Some(match name.rsplit('.').next().unwrap_or_default() {
            "json" => {
                let mut value: Value = serde_json::from_str(text).ok()?;
                poison_json(&mut value, attack, fields);
                value.to_string().into_bytes()
            }
            "csv" => poison_csv(text, attack, fields)?.into_bytes(),
            "xml" | "html" => text
                .replace("</", &format!("{}</", attack.replace('&', "&amp;").replace('<', "&lt;")))
                .into_bytes(),
            _ => poison_lines(text, attack, fields).into_bytes(),
        })
    };
    whole
        .iter()
        .map(|(name, bytes)| (format!("{attack}{name}"), content(name, bytes).unwrap_or_else(|| bytes.clone())))
        .collect()
}

pub const RECORD: &str = "2026-05-04 09:00:00.000 GMT+0200 <@> ERROR <@> [12:RxInstance id : 999] <@> ProcessId:77 <@> PID:1 <@> UID:12 <@> HttpSessionId:  <@> com.egain.X <@> run <@>";

/// A bundle in which every string of a list names an alias, an application, a file, and stands in a log.
pub fn bundle_of(strings: &[String]) -> Files {
    let mut aliases = csv::Writer::from_writer(Vec::new());
    let header = ["alias_name", "recv_email_address", "alias_status", "pop3_server", "smtp_server"];
    aliases.write_record(header).expect("a row");
    let mut log = String::new();
    let mut files = Files::new();
    for (number, text) in strings.iter().enumerate() {
        let host = format!("{text}.example.com");
        aliases
            .write_record([text, &format!("a{number}@contoso.com"), text, &host, text])
            .expect("a row");
        let line = text.replace(['\r', '\n'], " ");
        log += &format!("{RECORD} {line} AADSTS50011: The redirect URI '{line}' specified in the request does not match <@>\n");
        files.push((format!("{text}.txt"), b"ECE 12.6(1) ES5\n".to_vec()));
    }
    files.push(("EGML_MAILHOST.csv".into(), aliases.into_inner().expect("a table")));
    files.push(("eg_log_ECESVC01_rx-process.log".into(), log.into_bytes()));
    let applications = strings.iter().map(|text| {
        json!({"appId": "11111111-2222-4333-8444-555555555555", "displayName": text, "web": {"redirectUris": [text]}, "passwordCredentials": [{"displayName": text, "hint": text}]})
    });
    files.push(("apps.json".into(), Value::Array(applications.collect()).to_string().into_bytes()));
    files
}
