//! `keytool -list [-v|-rfc]` in any language: the words are translated, the entry types, fingerprints and file layout are not.

use super::certificate;
use super::output::Output;
use crate::model::{Excerpt, Fact, Origin, TrustEntry, TrustStore};
use crate::parse::Findings;
use crate::text;
use regex::Regex;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const KINDS: [&str; 3] = ["trustedCertEntry", "PrivateKeyEntry", "SecretKeyEntry"];

/// `alias, Aug 25, 2021, trustedCertEntry, `: the date is localised and may hold a comma of its own.
static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<a>[^,]+),\s*(?P<d>[^,]*\d[^,]*(?:,\s*\d{4})?),\s*(?P<k>trustedCertEntry|PrivateKeyEntry|SecretKeyEntry)\b")
        .expect("a constant pattern")
});
/// `Entry type: trustedCertEntry` of the verbose form.
static VERBOSE_ENTRY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[:：]\s*(?P<k>trustedCertEntry|PrivateKeyEntry|SecretKeyEntry)\s*$").expect("a constant pattern"));
static FINGERPRINT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9A-Fa-f:])(?P<v>(?:[0-9A-Fa-f]{2}:){19}(?:(?:[0-9A-Fa-f]{2}:){12})?[0-9A-Fa-f]{2})(?:$|[^0-9A-Fa-f:])")
        .expect("a constant pattern")
});
static OWNER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\p{L}[^:：]{0,40}[:：]\s*(?P<v>(?:CN|O|OU|C|DC|L|ST|EMAILADDRESS)=.+)$").expect("a constant pattern"));
static COMMAND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)keytool(?:\.exe)?["']?\s[^|]*?-keystore\s+(?:"(?P<q>[^"]+)"|(?P<v>\S+))"#).expect("a constant pattern"));

/// Reads listings of trust stores.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if !output.has(&KINDS) && !output.has(&["keytool"]) {
        return;
    }
    let lines: Vec<(u64, &str)> = output.lines().map(|(n, text)| (n, text.trim_end())).collect();
    let mut stores: Vec<Fact<TrustStore>> = Vec::new();
    let mut counts: Option<u64> = None;
    let mut file = keystore_of(output.command);
    for (index, &(line, text)) in lines.iter().enumerate() {
        file = keystore_of(text).or(file);
        if let Some(problem) = refusal(text) {
            stores.push(Fact::new(
                TrustStore {
                    problem: Some(problem),
                    ..empty(output, &file)
                },
                output.origin(line),
            ));
            continue;
        }
        if let Some(found) = ENTRY.captures(text) {
            entry(output, &mut stores, &mut counts, &file, line, found["a"].trim(), &found["k"]);
        } else if let Some(found) = VERBOSE_ENTRY.captures(text) {
            let alias = verbose_alias(&lines, index);
            entry(output, &mut stores, &mut counts, &file, line, alias, &found["k"]);
        } else if let Some(fingerprint) = FINGERPRINT.captures(text) {
            if let Some(open) = stores.last_mut().and_then(|s| s.value.entries.last_mut()) {
                open.fingerprints.push(fingerprint["v"].replace(':', "").to_ascii_uppercase());
            }
        } else if let Some(owner) = OWNER.captures(text) {
            if let Some(open) = stores.last_mut().and_then(|s| s.value.entries.last_mut()) {
                open.owner.get_or_insert_with(|| owner["v"].trim().to_owned());
            }
        } else if let Some(count) = announced(text) {
            counts = Some(count);
            // An empty store announces its entries and lists none.
            if count == 0 {
                let store = TrustStore {
                    announced: Some(0),
                    ..empty(output, &file)
                };
                stores.push(Fact::new(store, output.origin(line)));
            }
        } else if !text.trim().is_empty() && !text.contains([':', '：']) {
            counts = None;
        }
    }
    add_pem(&lines, &mut stores);
    if !stores.is_empty() {
        findings.recognise("trust-store", text!("a listing of keytool"));
    }
    findings.facts.network.trust_stores.extend(stores);
}

fn empty(output: &Output<'_>, file: &Option<String>) -> TrustStore {
    TrustStore {
        from: output.host.clone(),
        file: file.clone(),
        announced: None,
        entries: Vec::new(),
        problem: None,
    }
}

fn entry(
    output: &Output<'_>,
    stores: &mut Vec<Fact<TrustStore>>,
    counts: &mut Option<u64>,
    file: &Option<String>,
    line: u64,
    alias: &str,
    kind: &str,
) {
    if stores.last().is_none_or(|s| s.problem.is_some()) || counts.is_some() {
        let origin: Origin = output.origin(line);
        let store = TrustStore {
            announced: counts.take(),
            ..empty(output, file)
        };
        stores.push(Fact::new(store, origin));
    }
    if let Some(store) = stores.last_mut() {
        store.value.entries.push(TrustEntry {
            alias: alias.to_owned(),
            fingerprints: Vec::new(),
            owner: None,
            trusted: kind == KINDS[0],
        });
    }
}

/// The verbose form names the alias two lines above the entry's type (alias, creation date, type).
fn verbose_alias<'a>(lines: &[(u64, &'a str)], index: usize) -> &'a str {
    let above = index.checked_sub(2).and_then(|at| lines.get(at)).map_or("", |&(_, text)| text);
    above.split_once([':', '：']).map_or("", |(_, alias)| alias.trim())
}

/// `Your keystore contains 11 entries`: a sentence without a colon that holds one number.
fn announced(text: &str) -> Option<u64> {
    if text.contains([':', '：', ',', '=', '[', '*'])
        || text.split_whitespace().count() < 1
        || !text.chars().any(char::is_alphabetic)
        || text.len() > 120
    {
        return None;
    }
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
    let count = numbers.next()?.parse().ok()?;
    numbers.next().is_none().then_some(count)
}

/// The reason why keytool printed no entries: the exception's class is not translated.
fn refusal(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let reason = if lower.contains("keytool") && lower.contains("java.") {
        text.split_once("java.").map(|(_, reason)| reason)?
    } else {
        return None;
    };
    let reason = reason.split_once(':').map_or(reason, |(_, reason)| reason).trim();
    Some(Excerpt::capture(reason).as_str().to_owned())
}

fn keystore_of(command: &str) -> Option<String> {
    if command.contains("-cacerts") && command.contains("keytool") {
        return Some("cacerts".to_owned());
    }
    let found = COMMAND.captures(command)?;
    found.name("q").or(found.name("v")).map(|f| f.as_str().to_owned())
}

/// The `-rfc` form prints certificates instead of fingerprints.
fn add_pem(lines: &[(u64, &str)], stores: &mut [Fact<TrustStore>]) {
    if stores.iter().all(|s| s.entries.iter().all(|e| !e.fingerprints.is_empty())) {
        return;
    }
    let prints: Vec<String> = certificate::blocks(lines.iter().copied())
        .into_iter()
        .map(|(_, der)| Sha256::digest(&der).iter().map(|b| format!("{b:02X}")).collect())
        .collect();
    // One certificate per trusted entry, in the same order; a key entry with its chain breaks the count, and nothing is taken.
    let mut open: Vec<&mut TrustEntry> = stores
        .iter_mut()
        .flat_map(|s| s.value.entries.iter_mut())
        .filter(|e| e.fingerprints.is_empty())
        .collect();
    let cut_short = prints.len() < open.len();
    if prints.len() == open.len() || cut_short {
        for (entry, print) in open.iter_mut().zip(prints) {
            entry.fingerprints.push(print);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;
    use super::*;

    const SHA1: &str = "DF:3C:24:F9:BF:D6:66:76:1B:26:80:73:FE:06:D1:CC:8D:4F:82:A4";
    const SHA256: &str = "CB:3C:CB:B7:60:31:E5:E0:13:8F:8D:D3:9A:23:F9:DE:47:FF:C3:5E:43:C1:14:4C:EA:27:D4:6A:5A:B1:CB:5F";

    fn stores(text: &str) -> Vec<TrustStore> {
        read("", None, text).network.trust_stores.into_iter().map(|f| f.value).collect()
    }

    /// Headers and entry lines as OpenJDK 17 prints them in its languages.
    #[test]
    fn reads_listings_in_ten_languages() {
        for (header, date, label) in [
            (
                "Keystore type: JKS\nKeystore provider: SUN\n\nYour keystore contains 2 entries",
                "Aug 25, 2021",
                "Certificate fingerprint (SHA-256):",
            ),
            (
                "Keystore-Typ: PKCS12\nKeystore-Provider: SUN\n\nKeystore enthält 2 Einträge",
                "25.08.2021",
                "Zertifikat-Fingerprint (SHA-256):",
            ),
            (
                "Type de fichier de clés : PKCS12\nFournisseur de fichier de clés : SUN\n\nVotre fichier de clés d'accès contient 2 entrées",
                "25 août 2021",
                "Empreinte du certificat (SHA-256) :",
            ),
            (
                "Tipo keystore: PKCS12\nProvider keystore: SUN\n\nIl keystore contiene 2 voci",
                "25 ago 2021",
                "Copia di certificato (SHA-256):",
            ),
            (
                "Tipo de Almacén de Claves: PKCS12\nProveedor de Almacén de Claves: SUN\n\nSu almacén de claves contiene 2 entradas",
                "25 ago 2021",
                "Huella de certificado (SHA-256):",
            ),
            (
                "キーストアのタイプ: PKCS12\nキーストア・プロバイダ: SUN\n\nキーストアには2エントリが含まれます",
                "2021/08/25",
                "証明書のフィンガプリント(SHA-256):",
            ),
            (
                "키 저장소 유형: PKCS12\n키 저장소 제공자: SUN\n\n키 저장소에 2개의 항목이 포함되어 있습니다.",
                "2021. 8. 25.",
                "인증서 지문(SHA-256):",
            ),
            (
                "Tipo de área de armazenamento de chaves: PKCS12\nFornecedor: SUN\n\nSua área de armazenamento de chaves contém 2 entradas",
                "25 de ago. de 2021",
                "Fingerprint (SHA-256) do certificado:",
            ),
            (
                "Nyckellagertyp: PKCS12\nNyckellagerleverantör: SUN\n\nDitt nyckellager innehåller 2 poster",
                "2021 aug. 25",
                "Certifikatfingeravtryck (SHA-256):",
            ),
            (
                "密钥库类型: PKCS12\n密钥库提供方: SUN\n\n您的密钥库包含 2 个条目",
                "2021年8月25日",
                "证书指纹 (SHA-256):",
            ),
        ] {
            let text = format!(
                "{header}\n\ndigicertglobalrootg2 [jdk], {date}, trustedCertEntry, \n{label} {SHA256}\nece,{date}, PrivateKeyEntry, \n{label} {SHA1}\n"
            );
            let stores = stores(&text);
            assert_eq!(stores.len(), 1, "{text}");
            assert!(stores[0].is_complete(), "{text}\n{stores:?}");
            assert_eq!(stores[0].entries[0].alias, "digicertglobalrootg2 [jdk]");
            assert_eq!(stores[0].entries[0].fingerprints[0].len(), 64);
            assert!(stores[0].entries[0].trusted && !stores[0].entries[1].trusted);
        }
    }

    #[test]
    fn reads_the_verbose_form() {
        let text = format!(
            "Type de fichier de clés : PKCS12\nFournisseur de fichier de clés : SUN\n\nVotre fichier de clés d'accès contient 1 entrée\n\nNom d'alias : corp-root\nDate de création : 23 nov. 2026\nType d'entrée : trustedCertEntry\n\nPropriétaire : CN=DigiCert Global Root G2, O=DigiCert Inc\nEmetteur : CN=DigiCert Global Root G2, O=DigiCert Inc\nNuméro de série : 33af1e6a711a9a0bb2864b11d09fae5\nValide du Thu Aug 01 12:00:00 UTC 2013 au Fri Jan 15 12:00:00 UTC 2038\nEmpreintes du certificat :\n\t SHA 1: {SHA1}\n\t SHA 256: {SHA256}\nVersion : 3\n\n\n*******************************************\n*******************************************\n"
        );
        let stores = stores(&text);
        assert!(stores[0].is_complete(), "{stores:?}");
        assert_eq!(
            (stores[0].entries[0].alias.as_str(), stores[0].entries[0].fingerprints.len()),
            ("corp-root", 2)
        );
        assert!(stores[0].entries[0].owner.as_deref().unwrap().contains("DigiCert Inc"));
    }

    #[test]
    fn a_cut_listing_is_incomplete_and_a_refusal_no_evidence() {
        let cut = format!(
            "Your keystore contains 90 entries\n\na, Aug 25, 2021, trustedCertEntry, \nCertificate fingerprint (SHA1): {SHA1}\nb, Aug 25, 2021, trustedCertEntry, \n"
        );
        assert!(!stores(&cut)[0].is_complete());
        let filtered = format!("digicertglobalrootca, Aug 25, 2021, trustedCertEntry, \nCertificate fingerprint (SHA1): {SHA1}\n");
        assert!(!stores(&filtered)[0].is_complete());
        for text in [
            "keytool error: java.io.IOException: Keystore was tampered with, or password was incorrect",
            "keytool-Fehler: java.io.IOException: keystore password was incorrect",
            "Errore keytool: java.lang.Exception: Il file keystore non esiste: cacerts",
        ] {
            assert!(stores(text)[0].problem.is_some(), "{text}");
        }
    }

    #[test]
    fn reads_the_rfc_form_and_the_file() {
        let pem = include_str!("../../../fixtures/parse/certificate/ece.pem");
        let text = format!(
            "Your keystore contains 1 entry\n\nAlias name: corp-root\nCreation date: Nov 23, 2026\nEntry type: trustedCertEntry\n\n{pem}\n\n*******************************************\n"
        );
        let facts = read(
            "keytool -list -rfc -keystore \"C:\\ece\\jdk\\lib\\security\\cacerts\" -storepass x",
            None,
            &text,
        );
        let store = &facts.network.trust_stores[0];
        assert!(store.is_complete(), "{store:?}");
        assert_eq!(store.file.as_deref(), Some("C:\\ece\\jdk\\lib\\security\\cacerts"));
        assert_eq!(
            store.entries[0].fingerprints,
            ["3C1D0B23FCF33A4E813E79878B9724481450A6B23AA8CD465E9A8A7533808CB7"]
        );
    }
}
