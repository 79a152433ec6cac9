//! Labels of settings, from `data/setting-labels.toml`, and how a label is compared.

use crate::model::SettingKey;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// How far a label speaks for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelKind {
    /// The label says by itself which setting it is.
    Own,
    /// It says so only beside other settings of the same object.
    Generic,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    setting: Vec<LabelledSetting>,
    known: Known,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelledSetting {
    key: String,
    /// For people who read the file.
    #[serde(default, rename = "releases")]
    _releases: Option<String>,
    labels: Vec<String>,
    #[serde(default)]
    generic: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    labels: Vec<String>,
}

struct Table {
    keys: BTreeMap<String, (SettingKey, LabelKind)>,
    known: BTreeSet<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let labels: Labels = toml::from_str(include_str!("../../data/setting-labels.toml")).expect("data/setting-labels.toml is checked by a test");
    let mut keys = BTreeMap::new();
    for setting in &labels.setting {
        let key = setting_key(&setting.key).expect("data/setting-labels.toml is checked by a test");
        let own = setting.labels.iter().map(|l| (l, LabelKind::Own));
        for (label, kind) in own.chain(setting.generic.iter().map(|l| (l, LabelKind::Generic))) {
            keys.insert(fold_label(label), (key, kind));
        }
    }
    let known = labels.known.labels.iter().map(|l| fold_label(l)).collect();
    Table { keys, known }
});

fn setting_key(name: &str) -> Option<SettingKey> {
    use SettingKey::*;
    Some(match name {
        "external-url" => ExternalUrl,
        "web-server-url" => WebServerUrl,
        "default-smtp-server" => DefaultSmtpServer,
        "default-smtp-port" => DefaultSmtpPort,
        "default-smtp-user" => DefaultSmtpUser,
        "default-smtp-authentication" => DefaultSmtpAuthentication,
        "oauth-client-id" => OauthClientId,
        "oauth-client-secret" => OauthClientSecret,
        "oauth-authorize-url" => OauthAuthorizeUrl,
        "oauth-token-url" => OauthTokenUrl,
        "oauth-scope" => OauthScope,
        "oauth-redirect-url" => OauthRedirectUrl,
        "oauth-tenant" => OauthTenant,
        _ => return None,
    })
}

/// Folds a label: lower case, letters and digits only, without accents.
pub fn fold_label(label: &str) -> String {
    if label.is_ascii() {
        return label
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|b| char::from(b.to_ascii_lowercase()))
            .collect();
    }
    label
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            other => other,
        })
        .collect()
}

/// The setting that a label names. A label may stand at the end of a path (`Partition > Apps > General Settings > External URL
/// of Application`) or of a dotted name.
pub fn setting_of(label: &str) -> Option<(SettingKey, LabelKind)> {
    /// No label is longer; the cells of a wide export are.
    const LONGEST: usize = 200;
    if label.len() > LONGEST {
        return None;
    }
    let whole = TABLE.keys.get(&fold_label(label)).copied();
    whole.or_else(|| {
        let tail = label.rsplit(['>', '›', '»', '→', '/', '\\', '|']).next()?;
        let dotted = label.rsplit('.').next()?;
        [tail, dotted]
            .into_iter()
            .filter(|part| part.len() < label.len())
            .find_map(|part| TABLE.keys.get(&fold_label(part)).copied().filter(|(_, kind)| *kind == LabelKind::Own))
    })
}

/// True if the label is one of a partition's or department's settings, whether or not a check looks at it.
pub fn is_known_label(label: &str) -> bool {
    label.len() <= 200 && (TABLE.known.contains(&fold_label(label)) || setting_of(label).is_some_and(|(_, kind)| kind == LabelKind::Own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_label_meet() {
        for label in [
            "External URL of Application",
            "external_url_of_application",
            "ExternalUrlOfApplication",
            "  External URL of Application: *",
            "Partition > Apps > General Settings > External URL of Application",
            "URL esterno dell’applicazione",
            "common.general.external_url_of_application",
        ] {
            assert_eq!(setting_of(label), Some((SettingKey::ExternalUrl, LabelKind::Own)), "{label}");
        }
        assert_eq!(
            setting_of("URL server Web o URL servizio di bilanciamento del carico").map(|s| s.0),
            Some(SettingKey::WebServerUrl)
        );
        assert_eq!(setting_of("Client ID"), Some((SettingKey::OauthClientId, LabelKind::Generic)));
        assert_eq!(setting_of("Show login time"), None);
        assert!(is_known_label("Show login time") && !is_known_label("Client ID"));
        assert_eq!(setting_of(&"x".repeat(10_000)), None);
    }
}
