//! The map of names: under which hosts the evidence knows ECE, and which of them agree with the external URL.

use super::EvidenceRow;
use crate::case::{Case, EceApplication};
use crate::model::redirect_uri::{Difference, differences, split_uri};
use crate::model::secret::mask;
use crate::model::{LogEventKind, Origin};
use crate::word;
use std::collections::BTreeSet;

/// A name of ECE, where it stands, and whether it agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRow {
    /// `external URL`, `registered redirect URI`, `redirect URI that ECE sent`, `host of the console`.
    pub what: &'static str,
    /// As it stands there.
    pub text: String,
    /// Its host, lower case, if it can be told.
    pub host: Option<String>,
    /// True if the host is one of the external URLs', false also for what ECE sent and isn't registered; `None` where no external URL
    /// is known, and for the external URLs.
    pub agrees: Option<bool>,
    /// In what it differs from the registered redirect URI that is nearest to it.
    pub differs: Vec<Difference>,
    /// Where it stands.
    pub at: EvidenceRow,
}

/// Every name of ECE that the evidence shows, each once per kind.
pub fn names(case: &Case) -> Vec<NameRow> {
    let external: Vec<_> = case.external_urls();
    let hosts: BTreeSet<String> = external.iter().filter_map(|url| url.host()).collect();
    let mut rows: Vec<NameRow> = Vec::new();
    let registered: Vec<_> = match case.application() {
        EceApplication::Chosen { exports, .. } => exports.iter().filter_map(|app| app.redirect_uris.get()).flatten().collect(),
        _ => Vec::new(),
    };
    let mut note = |what: &'static str, text: &str, host: Option<String>, origin: &Origin| {
        let differs = match what {
            SENT => nearest(text, registered.iter().map(|uri| uri.uri.as_str())),
            _ => Vec::new(),
        };
        let text = mask(text).into_owned();
        if rows.iter().any(|row| row.what == what && row.text == text) {
            return;
        }
        let agrees = match (&host, what) {
            _ if !differs.is_empty() => Some(false),
            (_, EXTERNAL) | (None, _) => None,
            _ if hosts.is_empty() => None,
            (Some(host), _) => Some(hosts.contains(host)),
        };
        rows.push(NameRow {
            what,
            text,
            host,
            agrees,
            differs,
            at: EvidenceRow::from(origin),
        });
    };
    for url in &external {
        note(EXTERNAL, &url.url, url.host(), &url.origin);
    }
    for uri in &registered {
        note(word!("registered redirect URI"), &uri.uri, host_of(&uri.uri), &uri.origin);
    }
    for event in &case.logs.events {
        match &event.kind {
            LogEventKind::Authorize(request) => {
                if let Some(uri) = &request.redirect_uri {
                    note(SENT, uri, host_of(uri), &event.origin);
                }
            }
            LogEventKind::ConsoleHost { host } => {
                let bare = host.split(':').next().unwrap_or(host).to_owned();
                note(word!("host of the console"), host, Some(bare), &event.origin);
            }
            _ => {}
        }
    }
    rows
}

/// What the external URL itself is called.
pub const EXTERNAL: &str = word!("external URL");

/// What ECE sends along with a sign-in.
const SENT: &str = word!("redirect URI that ECE sent");

/// In what `sent` differs from the registered URI that it differs least from; nothing where none is known.
fn nearest<'a>(sent: &str, registered: impl Iterator<Item = &'a str>) -> Vec<Difference> {
    let all = registered.map(|uri| differences(sent, uri));
    all.min_by_key(|found| (found.iter().max().copied(), found.len())).unwrap_or_default()
}

fn host_of(uri: &str) -> Option<String> {
    split_uri(uri).map(|parts| parts.host.to_ascii_lowercase())
}
