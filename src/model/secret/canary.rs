//! A generated corpus of secrets: classes × carriers × encodings. None survives masking, and diagnostic texts do.

use super::{find_all, mask};
use crate::model::Excerpt;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A small generator of numbers: the corpus is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.roll(letters.len())]).collect()
    }
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const URLSAFE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &str = "0123456789ABCDEF";

/// A secret's value, and the ways in which its class is written where nothing else names it (`{}` is the value).
struct Class {
    name: &'static str,
    value: fn(&mut Dice) -> String,
    written: &'static [&'static str],
}

fn jwt(dice: &mut Dice) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256","kid":"x5t"}"#);
    let payload = URL_SAFE_NO_PAD.encode(format!(
        r#"{{"aud":"https://outlook.office.com","upn":"{}@example.com"}}"#,
        dice.text("abcdef", 8)
    ));
    format!("{header}.{payload}.{}", dice.text(URLSAFE, 86))
}

fn refresh(dice: &mut Dice) -> String {
    let first = ["0.A", "1.A"][dice.roll(2)];
    format!("{first}{}.AgABAAEAAAD{}", dice.text(URLSAFE, 60), dice.text(URLSAFE, 90))
}

fn password(dice: &mut Dice) -> String {
    format!("{}{}{}!", dice.text(ALNUM, 9), dice.text("0123456789", 2), dice.text(ALNUM, 5))
}

const CLASSES: &[Class] = &[
    Class {
        name: "access token",
        value: jwt,
        written: &["{}", "access_token={}", "Token store update: {}"],
    },
    Class {
        name: "id token",
        value: jwt,
        written: &["id_token={}", "#id_token={}&state=x"],
    },
    Class {
        name: "refresh token",
        value: refresh,
        written: &["{}", "refresh_token={}", "token is {} now"],
    },
    Class {
        name: "personal refresh token",
        value: |d| format!("M.C{}_BL2.-{}", d.text("0123456789", 3), d.text(URLSAFE, 60)),
        written: &["refresh_token={}", "{}"],
    },
    Class {
        name: "authorization code",
        value: refresh,
        written: &["https://ece.example.com/cb?code={}&state=1", "code={}"],
    },
    Class {
        name: "client secret",
        value: |d| format!("{}8Q~{}", d.text(ALNUM, 3), d.text(ALNUM, 34)),
        written: &["{}", "client_secret={}", "clientSecret: {}", "secret {} was stored"],
    },
    Class {
        name: "old client secret",
        value: |d| format!("{}=", d.text(ALNUM, 43)),
        written: &["client_secret={}", "Client Secret: {}", "clientSecretValue={}"],
    },
    Class {
        name: "password",
        value: password,
        written: &[
            "password={}",
            "Password : {}",
            "smtp.password={} user=x",
            "Kennwort: {}",
            "opening session with password={} user=svc",
            "-Djavax.net.ssl.trustStorePassword={}",
        ],
    },
    Class {
        name: "password on a command line",
        value: password,
        written: &[
            "keytool -list -storepass {} -keystore x",
            "sqlcmd -S db -U sa -P {} -Q x",
            "tool --password={} run",
            "cmdkey /add:x /user:y /pass:{}",
        ],
    },
    Class {
        name: "password of net use",
        value: password,
        written: &[
            r"net use \\filesrv\upload /user:CONTOSO\svc {}",
            r"net use Z: \\filesrv\upload {} /user:CONTOSO\svc",
        ],
    },
    Class {
        name: "password of a database URL",
        value: password,
        written: &[
            "jdbc:sqlserver://db:1433;databaseName=eGActiveDB;user=sa;password={};encrypt=true",
            "Server=db;Uid=sa;Pwd={};",
        ],
    },
    Class {
        name: "password in a URL",
        value: |d| d.text(ALNUM, 16),
        written: &["https://admin:{}@ece.example.com/x", "http://proxyuser:{}@proxy.example.com:8080"],
    },
    Class {
        name: "secure string",
        value: password,
        written: &[
            "$p = ConvertTo-SecureString '{}' -AsPlainText -Force",
            "ConvertTo-SecureString -AsPlainText -Force -String {}",
            "[Net.NetworkCredential]::new; New-Object Net.NetworkCredential('svc','{}')",
        ],
    },
    Class {
        name: "product-encrypted password",
        value: |d| d.text(HEX, 60).bytes().map(|b| format!("{b:02X}")).collect(),
        written: &["{}", "POP3_PASSWORD={}", "x,{},y"],
    },
    Class {
        name: "XOAUTH2",
        value: |d| STANDARD.encode(format!("user=sales@example.com\u{1}auth=Bearer {}\u{1}\u{1}", jwt(d))),
        written: &["{}", "A1 AUTHENTICATE XOAUTH2 {}", "AUTH XOAUTH2 {}"],
    },
    Class {
        name: "AUTH PLAIN",
        value: |d| STANDARD.encode(format!("\0svc\0{}", password(d))),
        written: &["AUTH PLAIN {}", "A2 AUTHENTICATE PLAIN {}"],
    },
    Class {
        name: "AUTH LOGIN",
        value: |d| STANDARD.encode(password(d)),
        written: &["334 UGFzc3dvcmQ6\n{}", "AUTH LOGIN {}"],
    },
    Class {
        name: "basic authorization",
        value: |d| STANDARD.encode(format!("svc:{}", password(d))),
        written: &["Authorization: Basic {}", "authorization=Basic {}"],
    },
    Class {
        name: "bearer authorization",
        value: |d| d.text(URLSAFE, 48),
        written: &["Authorization: Bearer {}", "> authorization: bearer {}", "Bearer {}"],
    },
    Class {
        name: "session cookie",
        value: |d| d.text(HEX, 32),
        written: &[
            "Cookie: JSESSIONID={}; lang=en",
            "Set-Cookie: JSESSIONID={}; Path=/",
            "jsessionid={}",
            "HttpSessionId:{} <@> x",
        ],
    },
    Class {
        name: "sign-in cookie",
        value: |d| d.text(URLSAFE, 70),
        written: &["Cookie: x=1; ESTSAUTHPERSISTENT={}; y=2", "ESTSAUTH={}"],
    },
    Class {
        name: "code verifier",
        value: |d| d.text(URLSAFE, 43),
        written: &["code_verifier={}", "client_assertion={}"],
    },
    Class {
        name: "TLS secret",
        value: |d| d.text(HEX, 96),
        written: &["    Master-Key: {}", "    Resumption PSK: {}", "    Session-ID: {}"],
    },
    Class {
        name: "API key",
        value: |d| d.text(ALNUM, 32),
        written: &["x-api-key: {}", "Ocp-Apim-Subscription-Key: {}", "AccountKey={};EndpointSuffix=x"],
    },
    Class {
        name: "shared access signature",
        value: |d| STANDARD.encode(d.text(ALNUM, 32)),
        written: &["https://x.blob.core.windows.net/c?sv=2020&sig={}"],
    },
    Class {
        name: "opaque token",
        value: |d| format!("{}7aZ", d.text(ALNUM, 61)),
        written: &["{}", "received {} from peer"],
    },
];

/// A name, and how a text is written that way.
type Way = (&'static str, fn(&str) -> String);

/// How a line comes to stand in a file.
const CARRIERS: &[Way] = &[
    ("log", |t| {
        format!("2025-01-05 17:04:23.001 GMT+0100 <@> ERROR <@> [12:x] <@> ProcessId:1 <@> com.egain.X <@> run <@> {t} <@> ")
    }),
    ("note", |t| format!("The customer sent:\n{t}\nand asks why.\n")),
    ("CSV", |t| format!("1,\"{}\",2\n", t.replace('"', "\"\""))),
    ("JSON", |t| {
        format!("{{\"a\":1,\"message\":{},\"b\":2}}", serde_json::to_string(t).unwrap())
    }),
    ("XML", |t| {
        format!("<row><message>{}</message></row>", t.replace('&', "&amp;").replace('<', "&lt;"))
    }),
    ("HTML", |t| {
        format!(
            "<tr><td>{}</td></tr>",
            t.replace('&', "&amp;").replace('"', "&quot;").replace('=', "&#61;")
        )
    }),
    ("Format-List", |t| format!("Message : {t}\nOther   : x\n")),
    ("Markdown", |t| format!("| message | {t} |\n")),
    ("quoted-printable mail", |t| format!("Hello,=20\n{}\n", t.replace('=', "=3D"))),
    ("stack trace", |t| format!("java.io.IOException: {t}\n\tat a.b.C.d(C.java:1)\n")),
];

const ENCODINGS: &[Way] = &[
    ("plain", |t| t.to_owned()),
    ("URL", |t| url::form_urlencoded::byte_serialize(t.as_bytes()).collect()),
    ("JSON in JSON", |t| serde_json::to_string(&serde_json::to_string(t).unwrap()).unwrap()),
    ("Base64", |t| STANDARD.encode(t)),
    ("UTF-16 read as bytes", |t| t.chars().flat_map(|c| [c, '\0']).collect()),
    ("Base64 of UTF-16", |t| {
        STANDARD.encode(t.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    }),
];

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
