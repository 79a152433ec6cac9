//! Hosts, URLs, addresses and distinguished names.

use super::{halves, text};
use ecelens::model::fqdn::problems_of_external_url;
use ecelens::model::redirect_uri::{differences, host_matches, split_uri};
use ecelens::model::{cloud, common_name, fold_address, mail_host, organisation};

/// Redirect URIs as Microsoft compares them, and what else is told from names.
pub fn uri(bytes: &[u8]) {
    let (sent, registered) = halves(bytes);
    let (sent, registered) = (text(sent), text(registered));
    assert!(differences(sent, sent).is_empty(), "{sent:?} differs from itself");
    let _ = differences(sent, registered);
    if let Some(parts) = split_uri(sent) {
        assert!(host_matches(&parts.host, &parts.host) || parts.host.starts_with("*."), "{}", parts.host);
        cloud::clouds_of(&parts.host);
    }
    problems_of_external_url(sent);
    mail_host::mail_host(sent);
    fold_address(sent);
    common_name(sent);
    organisation(sent);
}
