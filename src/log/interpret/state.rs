//! Changes that a record tells of: an alias taken out of service or brought back, a console opened under some name.

use super::subject::{Direction, head, subject};
use crate::model::LogEventKind;
use regex::Regex;
use std::sync::LazyLock;

static OFF: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\balias\b[^\r\n]{0,120}?\b(?:disabled|deactivated|inactivated|(?:set|made|marked|now|is|turned|switched)(?: to| as| it)? (?:inactive|off))\b|\b(?:disabl|deactivat|inactivat)(?:ed|ing) (?:the )?(?:e-?mail )?alias\b|\balias inactive\b")
        .expect("a constant pattern")
});
static ON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\balias\b[^\r\n]{0,120}?\b(?:activated|re-?activated|enabled|re-?enabled|(?:set|made|marked|now|is|turned|switched)(?: to| as| it)? (?:active|on)|active again)\b|\b(?:activat|re-?activat|enabl|re-?enabl)(?:ed|ing) (?:the )?(?:e-?mail )?alias\b")
        .expect("a constant pattern")
});
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\balias (?:disabled|activated|enabled|reactivated|re-activated)\s*[:\-]?\s*["']?([^"'\r\n,;]{1,80})"#)
        .expect("a constant pattern")
});

/// The change of an alias's state that `text` tells of, if it names the alias.
pub(super) fn alias_change(text: &str) -> Option<LogEventKind> {
    let head = head(text);
    if !super::exception::contains_ignore_case(head, "alias") {
        return None;
    }
    // Being disabled is told first: `Alias disabled, was enabled since …`.
    let off = OFF.find(head).map(|m| m.start());
    let on = ON.find(head).map(|m| m.start());
    let is_off = match (off, on) {
        (None, None) => return None,
        (Some(off), Some(on)) => off <= on,
        (off, _) => off.is_some(),
    };
    let named = || NAMED.captures(head).map(|c| c[1].trim().to_lowercase()).filter(|n| !n.is_empty());
    let address = subject(text, Direction::In).address.or_else(named)?;
    Some(if is_off {
        LogEventKind::AliasDisabled { address }
    } else {
        LogEventKind::AliasActivated { address }
    })
}

/// True if [`alias_change`] may find something in a text whose first line is like `line`: words that hold a digit may differ.
pub(super) fn may_tell_of_alias(line: &str) -> bool {
    let holds = |word: &str| super::exception::contains_ignore_case(line, word);
    holds("alias") && ["activ", "abled", "abling", " on", " off"].iter().any(|word| holds(word))
}

/// Hosts that are Microsoft's, not the product's.
const FOREIGN: &[&str] = &[
    "microsoftonline.com",
    "microsoftonline.us",
    "microsoft.com",
    "office365.com",
    "office.com",
    "office365.us",
    "windows.net",
    "aka.ms",
    "live.com",
];

static URL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\b(https?)://([a-z0-9][a-z0-9.-]*)(?::([0-9]{1,5}))?(/[^\s"'<>?]*)?(\?[^\s"'<>]*)?"#).expect("a constant pattern")
});

static NAMED_HOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\b(?:server ?name|host header|x-forwarded-host)\b["']?\s*[:=]\s*["']?([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)(?::([0-9]{1,5}))?"#)
        .expect("a constant pattern")
});
static CONSOLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bconsole\b|\blog ?[io]n page\b|\bbrowser\b|\breferer\b").expect("a constant pattern"));

/// The host under which a console was opened, as the application server logs it: lower case, with the port if it isn't 443.
pub(super) fn console_host(text: &str) -> Option<String> {
    let about_consoles = CONSOLE.is_match(text);
    let of_urls = URL.captures_iter(text).take(8).find_map(|url| {
        let path = url.get(4).map_or("", |p| p.as_str()).to_ascii_lowercase();
        let console = path.starts_with("/system/web/") || path.starts_with("/default/web/") || path.contains("/login/") || path.contains("/agent/");
        // Chat entry points are opened by customers, and web services by programs.
        let other = path.contains("/templates/") || path.contains("/egain/chat") || path.contains("/ws/") || path.contains("/oauth2/");
        let port = match url.get(3) {
            Some(port) => port.as_str().parse().ok()?,
            None if url[1].eq_ignore_ascii_case("https") => 443,
            None => 80,
        };
        (console || about_consoles && !other)
            .then(|| own_host(&url[2], port))
            .filter(|_| !other)?
    });
    of_urls.or_else(|| {
        let named = NAMED_HOST.captures(text)?;
        let port = named.get(2).map_or(Some(443), |p| p.as_str().parse().ok())?;
        own_host(&named[1], port)
    })
}

/// The host, unless it is Microsoft's or the machine itself.
fn own_host(host: &str, port: u16) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let foreign = FOREIGN.iter().any(|f| host == *f || host.ends_with(&format!(".{f}")));
    let local = host == "localhost" || host.starts_with("127.");
    if foreign || local {
        return None;
    }
    Some(if port == 443 { host } else { format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_changes_of_an_alias() {
        let off = |address: &str| Some(LogEventKind::AliasDisabled { address: address.into() });
        let on = |address: &str| Some(LogEventKind::AliasActivated { address: address.into() });
        assert_eq!(
            alias_change("RETRIEVER: Repeated Authentication Failure. Alias disabled: sales@example.com"),
            off("sales@example.com")
        );
        assert_eq!(
            alias_change("Alias sales@example.com was set to inactive after 3 attempts"),
            off("sales@example.com")
        );
        assert_eq!(alias_change("Deactivating alias sales@example.com"), off("sales@example.com"));
        assert_eq!(alias_change("Alias sales@example.com activated by user 12"), on("sales@example.com"));
        assert_eq!(alias_change("alias Sales@example.com is now active again"), on("sales@example.com"));
        assert_eq!(alias_change("Alias disabled: Sales"), off("sales"));
        assert_eq!(alias_change("Feature enabled for sales@example.com"), None);
        assert_eq!(alias_change("polling alias sales@example.com"), None);
    }

    #[test]
    fn reads_the_consoles_host() {
        assert_eq!(
            console_host("GET https://ECE.example.com/system/web/view/platform/common/login/root.jsp?partitionId=1 200").as_deref(),
            Some("ece.example.com")
        );
        assert_eq!(
            console_host("Referer: http://eceapp01.example.com/system/web/view/agent/x.jsp").as_deref(),
            Some("eceapp01.example.com:80")
        );
        assert_eq!(
            console_host("https://login.microsoftonline.com/t/oauth2/authorize?redirect_uri=https://x.example.com/system/web/a"),
            None
        );
        assert_eq!(console_host("https://ece.example.com/system/templates/chat/x/chat.html"), None);
    }
}
