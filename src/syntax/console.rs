//! Consoles: prompts and the commands typed at them, transcripts, and the host that they prove.

use crate::model::{Stamp, secret::mask};
use regex::Regex;
use std::sync::LazyLock;

/// A prompt and what was typed at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt<'v> {
    /// The command, without the prompt; empty if nothing was typed.
    pub(super) command: &'v str,
    /// The host that the prompt itself names (`[HOST]: PS C:\>`, `user@host:~$`).
    pub(super) host: Option<&'v str>,
}

/// PowerShell (also the Exchange shell and remote sessions), cmd.exe, POSIX shells, SQL tools.
static PROMPTS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"^(?:\[(?P<host>[A-Za-z0-9._-]+)\]:\s*)?(?:\[PS\]\s*|PS\s+)(?:[A-Za-z]:(?:\\[^>\r\n]*)?|\\\\[^>\r\n]+|[A-Za-z]+:\\?|/[^>\r\n]*|~[^>\r\n]*)>\s?(?P<command>.*)$",
        r"^(?:\[(?P<host>[A-Za-z0-9._-]+)\]:\s*)?PS>\s?(?P<command>.*)$",
        r#"^[A-Za-z]:\\[^>|"*?<\r\n]*>\s?(?P<command>.*)$"#,
        r"^[a-z_][\w.-]*@(?P<host>[A-Za-z0-9.-]+)(?::[^\s$#]{0,120})?[$#] ?(?P<command>.*)$",
        r"^\[[a-z_][\w.-]*@(?P<host>[A-Za-z0-9.-]+)(?:[: ][^\]$#\r\n]{0,120})?\][$#] ?(?P<command>.*)$",
        r"^(?:\$|#) (?P<command>(?:sudo |\./|/)?(?:keytool|openssl|curl|telnet|nc|nslookup|dig|host|hostname|cat|grep|ping|java|netstat|ss|ls|az|pwsh|sqlcmd)\b.*)$",
        r"^(?:SQL|\d{1,3})> ?(?P<command>.*)$",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).expect("a constant pattern"))
    .collect()
});

/// The prompt at the beginning of `line`, if there is one.
pub(super) fn prompt(line: &str) -> Option<Prompt<'_>> {
    /// Commands are short, prompts shorter: a long line is looked at no further.
    const LONG: usize = 16 * 1024;
    let line = line.trim_start_matches(['\u{FEFF}']);
    if line.len() > LONG || !line.get(..line.len().min(400)).unwrap_or(line).contains(['>', '$', '#']) {
        return None;
    }
    PROMPTS.iter().find_map(|pattern| {
        let found = pattern.captures(line)?;
        Some(Prompt {
            command: found.name("command").map_or("", |m| m.as_str()).trim(),
            host: found.name("host").map(|m| m.as_str()),
        })
    })
}

/// The text of a continuation line `>> …`.
pub(super) fn continued(line: &str) -> Option<&str> {
    line.strip_prefix(">>").map(str::trim)
}

/// The command as it may be shown.
pub(super) fn shown(command: &str) -> String {
    /// What is longer is a script pasted into a console.
    const LONG: usize = 4000;
    let short: String = command.chars().take(LONG).collect();
    mask(&short).into_owned()
}

/// True if the command prints the name of the computer and nothing else.
pub(super) fn asks_for_host(command: &str) -> bool {
    let folded = command.trim().to_ascii_lowercase();
    matches!(
        folded.as_str(),
        "hostname"
            | "hostname.exe"
            | "$env:computername"
            | "echo %computername%"
            | "[system.net.dns]::gethostname()"
            | "hostname -f"
            | "hostname -s"
            | "write-host $env:computername"
    )
}

/// True if `line` can be a computer's name alone.
pub(super) fn is_host(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty()
        && line.len() <= 255
        && line.starts_with(|c: char| c.is_ascii_alphanumeric())
        && line.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
        && line.chars().any(|c| c.is_ascii_alphabetic())
}

/// True if the command prints with `Format-List`.
pub(super) fn prints_list(command: &str) -> bool {
    let folded = command.to_ascii_lowercase();
    folded.contains("format-list") || folded.split(['|', ' ']).any(|word| word == "fl")
}

/// What stands between two lines of stars in a transcript.
#[derive(Debug, PartialEq)]
pub(super) enum Stars {
    /// The header: machine and start.
    Header { host: Option<String>, printed: Option<Stamp> },
    /// `Command start time:` above a prompt.
    CommandStart(Stamp),
    /// The end of the transcript.
    End,
}

/// True for the line of 22 stars.
pub(super) fn is_star_line(line: &str) -> bool {
    let line = line.trim_start_matches('\u{FEFF}').trim();
    line.len() >= 20 && line.bytes().all(|b| b == b'*')
}

/// Reads what stands between two star lines. The words are localised: a time of 14 digits and the machine's version in brackets
/// are not.
pub(super) fn stars<'v>(inner: impl Iterator<Item = &'v str>) -> Option<Stars> {
    static MACHINE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[^:]+:\s*(?P<host>[A-Za-z0-9][A-Za-z0-9._-]*)\s+\((?:Microsoft|Unix|Darwin|Linux)[^)]*\d+\.\d+").expect("a constant pattern")
    });
    let mut printed = None;
    let mut host = None;
    let mut count = 0;
    for line in inner {
        count += 1;
        let line = line.trim();
        if printed.is_none()
            && let Some(value) = line.rsplit([':', '\u{FF1A}', ' ']).next().map(str::trim)
            && value.len() == 14
        {
            printed = Stamp::parse(value);
        }
        if host.is_none() {
            host = MACHINE.captures(line).map(|m| m["host"].to_owned());
        }
    }
    match (printed, host) {
        (Some(start), None) if count == 1 => Some(Stars::CommandStart(start)),
        (Some(_), None) if count == 2 => Some(Stars::End),
        (None, None) => None,
        (printed, host) => Some(Stars::Header { host, printed }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_prompts() {
        for (line, command, host) in [
            ("PS C:\\Windows\\system32> Get-CASMailbox | fl", "Get-CASMailbox | fl", None),
            ("[PS] C:\\Windows\\system32>Get-Mailbox", "Get-Mailbox", None),
            ("[ECESVC01]: PS C:\\Users\\admin\\Documents> hostname", "hostname", Some("ECESVC01")),
            ("PS>", "", None),
            ("PS /home/a> Test-Connection x", "Test-Connection x", None),
            ("C:\\Users\\admin>telnet smtp.office365.com 587", "telnet smtp.office365.com 587", None),
            ("[root@ece-svc ~]# keytool -list", "keytool -list", Some("ece-svc")),
            ("admin@ece-app:~$ curl -v https://x", "curl -v https://x", Some("ece-app")),
            ("$ openssl s_client -connect x:993", "openssl s_client -connect x:993", None),
            ("1> select 1", "select 1", None),
        ] {
            assert_eq!(prompt(line), Some(Prompt { command, host }), "{line}");
        }
        for line in [
            "# Notes",
            "$ 500 were paid",
            "> quoted",
            "a > b",
            "[2024] x",
            "sales@example.com wrote: #1",
            "<a>b</a>",
        ] {
            assert_eq!(prompt(line), None, "{line}");
        }
    }

    #[test]
    fn masks_what_was_typed() {
        assert!(!shown("net use \\\\srv\\x /user:C\\s Pa55w0rd%x").contains("Pa55w0rd"));
    }

    #[test]
    fn reads_transcript_headers_in_any_language() {
        let german = [
            "Beginn des PowerShell-Transkripts",
            "Startzeit: 20250105170423",
            "Benutzername: A\\b",
            "Computer: ECESVC01 (Microsoft Windows NT 10.0.17763.0)",
        ];
        let Some(Stars::Header { host, printed }) = stars(german.into_iter()) else {
            panic!()
        };
        assert_eq!(host.as_deref(), Some("ECESVC01"));
        assert_eq!(printed.unwrap().to_string(), "2025-01-05T17:04:23");
        assert_eq!(
            stars(["Windows PowerShell transcript end", "End time: 20250105173523"].into_iter()),
            Some(Stars::End)
        );
        assert!(matches!(
            stars(["Command start time: 20250105170423"].into_iter()),
            Some(Stars::CommandStart(_))
        ));
        assert_eq!(stars(["just a box"].into_iter()), None);
    }
}
