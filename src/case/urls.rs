//! The external URL of each partition and department.

use super::Case;
use crate::model::{Fact, Origin, Scope, SettingKey};

/// A value of the setting that holds the external URL.
#[derive(Clone, Debug)]
pub struct ExternalUrl {
    /// Which of the two settings holds it.
    pub setting: SettingKey,
    /// Where it counts.
    pub scope: Scope,
    /// As written, without surrounding blanks.
    pub url: String,
    /// The URL, if it is one.
    pub parsed: Option<url::Url>,
    /// Where it stands.
    pub origin: Origin,
}

impl ExternalUrl {
    /// Its host, lower case, without a trailing dot.
    pub fn host(&self) -> Option<String> {
        self.parsed.as_ref()?.host_str().map(|h| h.trim_end_matches('.').to_ascii_lowercase())
    }

    /// Its port; that of the scheme where none is written.
    pub fn port(&self) -> Option<u16> {
        self.parsed.as_ref()?.port_or_known_default()
    }
}

impl Case {
    /// The setting that counts in the running release: `Web server URL or Load Balancer URL` up to 12.5, `External URL of
    /// Application` from 12.6 on (tech note "System configuration"). `None` while the release is unknown.
    pub fn external_url_setting(&self) -> Option<SettingKey> {
        let version = self.version().ok()?;
        Some(if version.value.release() >= (12, 6) {
            SettingKey::ExternalUrl
        } else {
            SettingKey::WebServerUrl
        })
    }

    /// Every filled value of either setting, in the order of the evidence.
    fn filled_urls(&self, key: SettingKey) -> Vec<ExternalUrl> {
        let rows = self.facts.ece.settings.iter().filter(|s| s.key == key);
        let mut urls: Vec<ExternalUrl> = Vec::new();
        for row in rows {
            let Some(Fact { value, origin }) = row.value.value.fact() else {
                continue;
            };
            let url = value.trim().to_owned();
            if url.is_empty() || urls.iter().any(|u| u.scope == row.scope && u.url == url) {
                continue;
            }
            urls.push(ExternalUrl {
                setting: key,
                scope: row.scope.clone(),
                parsed: url::Url::parse(&url).ok(),
                url,
                origin: origin.clone(),
            });
        }
        urls
    }

    /// The external URLs in force: the filled values of the setting that counts in the running release. Where that one is
    /// nowhere filled, or the release is unknown, the values of the other setting: they still are the best witness of the
    /// address that people use (that the wrong setting holds them is `url.setting-for-release`'s business).
    pub fn external_urls(&self) -> Vec<ExternalUrl> {
        let order = match self.external_url_setting() {
            Some(SettingKey::WebServerUrl) => [SettingKey::WebServerUrl, SettingKey::ExternalUrl],
            _ => [SettingKey::ExternalUrl, SettingKey::WebServerUrl],
        };
        order
            .into_iter()
            .map(|key| self.filled_urls(key))
            .find(|urls| !urls.is_empty())
            .unwrap_or_default()
    }
}
