//! Browsers' recordings (HAR): under which host the console was opened, and what was asked of the sign-in service. Headers,
//! cookies and bodies are not read.

use super::entra_records::Reader;
use crate::model::{AuthorizeRequest, Fact, Stamp, authorize_request};
use crate::syntax::Node;
use crate::text;
use std::collections::BTreeSet;
use url::Url;

/// True for a HAR document.
pub(super) fn is_archive(bag: &Node) -> bool {
    bag.at(&["log", "entries"]).is_some()
}

/// Reads a HAR document.
pub(super) fn read(reader: &mut Reader<'_, '_>, bag: &Node) {
    let source = reader.source;
    let mut consoles = BTreeSet::new();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let entries = bag.at(&["log", "entries"]).map(Node::items).unwrap_or_default();
    for entry in entries {
        let Some(node) = entry.at(&["request", "url"]) else { continue };
        let Some(url) = node.text().and_then(|t| Url::parse(t).ok()) else {
            continue;
        };
        let Some(host) = url.host_str().map(str::to_ascii_lowercase) else {
            continue;
        };
        // The excerpt is the address without its query: codes and states stand there.
        let shown = format!("{}://{host}{}", url.scheme(), url.path());
        let mut origin = source.origin_of(node);
        origin.excerpt = crate::model::Excerpt::capture(&shown);
        if let Some(request) = authorize_request(&url) {
            if asked.insert(url.as_str().to_owned()) {
                origin.excerpt = crate::model::Excerpt::capture(&shown_request(&shown, &request));
                reader.found.facts.entra.authorize_requests.push(Fact::new(request, origin));
            }
        } else if is_console(url.path()) {
            let with_port = match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host,
            };
            if consoles.insert(with_port.clone()) {
                reader.found.facts.network.console_hosts.push(Fact::new(with_port, origin));
            }
        }
        let started = entry.get("startedDateTime");
        if let Some((node, stamp)) = started.and_then(|n| Some((n, Stamp::parse(n.text()?)?))) {
            let origin = source.origin_of(node);
            let dated = &mut reader.found.facts.dated;
            if dated
                .last()
                .is_none_or(|last| last.origin.path != origin.path || last.value.local_ms < stamp.local_ms)
            {
                dated.push(Fact::new(stamp, origin));
            }
        }
    }
    reader.found.recognise("har", text!("a browser's recording (log.entries)"));
}

fn shown_request(shown: &str, request: &AuthorizeRequest) -> String {
    let redirect = request.redirect_uri.as_deref().unwrap_or("(none)");
    format!(
        "{shown} client_id={} redirect_uri={redirect}",
        request.client_id.as_deref().unwrap_or("(none)")
    )
}

/// Paths under which ECE's consoles live: `/system/…` and the partition's context root with `/web/view/`.
fn is_console(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.starts_with("/system/") || path.contains("/web/view/") || path.contains("/web/apps/")
}
