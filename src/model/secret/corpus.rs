//! A generated corpus of secrets: classes × carriers × encodings, the same in every run.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A small generator of numbers.
pub struct Dice(pub u64);

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

/// A kind of secret: how its value looks, and the ways in which its class is written where nothing else names it (`{}` is the value).
pub struct Class {
    pub name: &'static str,
    pub value: fn(&mut Dice) -> String,
    pub written: &'static [&'static str],
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

pub fn password(dice: &mut Dice) -> String {
    format!("{}{}{}!", dice.text(ALNUM, 9), dice.text("0123456789", 2), dice.text(ALNUM, 5))
}

pub const CLASSES: &[Class] = &[
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
pub type Way = (&'static str, fn(&str) -> String);

/// How a line comes to stand in a file.
pub const CARRIERS: &[Way] = &[
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

pub const ENCODINGS: &[Way] = &[
    ("plain", |t| t.to_owned()),
    ("URL", |t| url::form_urlencoded::byte_serialize(t.as_bytes()).collect()),
    ("JSON in JSON", |t| serde_json::to_string(&serde_json::to_string(t).unwrap()).unwrap()),
    ("Base64", |t| STANDARD.encode(t)),
    ("UTF-16 read as bytes", |t| t.chars().flat_map(|c| [c, '\0']).collect()),
    ("Base64 of UTF-16", |t| {
        STANDARD.encode(t.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    }),
];
