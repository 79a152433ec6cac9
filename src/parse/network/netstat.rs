//! `netstat -ano`: live sessions with mail ports, and attempts that got no answer.

use super::output::{Output, is_domain};
use crate::model::{Fact, PortTest, Reach, is_internal_ip, is_ip};
use crate::parse::Findings;
use crate::text;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static ROW: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\s*(?i:tcp)6?\s+(?:\d+\s+\d+\s+)?(?P<l>\S+):(?P<lp>\d+)\s+(?P<f>\S+):(?P<p>\d+|imaps|pop3s|submission|https)\s+(?P<s>\p{L}[\p{L}_\d-]*)",
    )
    .expect("a constant pattern")
});

/// A state in the languages of Windows: a session that stands, or a request without answer.
fn reach_of(state: &str) -> Option<Reach> {
    let state = state.to_uppercase();
    match state.as_str() {
        "ESTABLISHED" | "HERGESTELLT" | "ESTABLECIDO" | "STABILITA" | "ÉTABLIE" | "ETABLIE" | "ESTABELECIDO" | "ESTABELECIDA" => Some(Reach::Open),
        _ if state.starts_with("SYN_SEN") || state.starts_with("SYN_GESENDET") || state.starts_with("SYN_ENV") || state.starts_with("SYN_INV") => {
            Some(Reach::Closed)
        }
        _ => None,
    }
}

/// Reads connection tables. Each foreign address and port counts once; a session that stands outweighs a request beside it.
pub fn lines(output: &Output<'_>, findings: &mut Findings) {
    if !output.has(&["TCP ", "tcp "]) {
        return;
    }
    let mut rows: Vec<(u64, String, String, u16, Reach)> = Vec::new();
    for (line, text) in output.lines() {
        let Some(row) = ROW.captures(text) else { continue };
        let port = match &row["p"] {
            "imaps" => 993,
            "pop3s" => 995,
            "submission" => 587,
            "https" => 443,
            digits => digits.parse().unwrap_or(0),
        };
        let foreign = row["f"].trim_matches(['[', ']']).to_ascii_lowercase();
        let outside = (is_ip(&foreign) && !is_internal_ip(&foreign)) || is_domain(&foreign);
        let (true, true, Some(reach)) = (matches!(port, 443 | 587 | 993 | 995), outside, reach_of(&row["s"])) else {
            continue;
        };
        rows.push((line, row["l"].trim_matches(['[', ']']).to_owned(), foreign, port, reach));
    }
    rows.sort_by_key(|(line, _, _, _, reach)| (*reach, *line));
    let mut known = BTreeSet::new();
    for (line, local, to, port, reach) in rows {
        if !known.insert((to.clone(), port)) {
            continue;
        }
        findings.recognise("port-test", text!("the connections of netstat"));
        findings.facts.network.ports.push(Fact::new(
            PortTest {
                from: output.host.clone(),
                source_ip: is_ip(&local).then_some(local),
                to,
                port,
                reach,
                tool: "netstat",
                time: output.printed,
            },
            output.origin(line),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::testing::read;
    use crate::model::Reach;

    #[test]
    fn reads_sessions_and_unanswered_requests() {
        let facts = read(
            "netstat -ano",
            None,
            "\nActive Connections\n\n  Proto  Local Address          Foreign Address        State           PID\n  TCP    0.0.0.0:443            0.0.0.0:0              LISTENING       4\n  TCP    10.1.2.3:50123         52.97.183.162:993      ESTABLISHED     5120\n  TCP    10.1.2.3:50124         52.97.183.162:993      SYN_SENT        5120\n  TCP    10.1.2.3:50125         52.97.1.9:587          SYN_SENT        5121\n  TCP    10.1.2.3:50130         10.1.2.9:587           ESTABLISHED     5121\n  TCP    10.1.2.3:50131         52.97.1.9:995          HERGESTELLT     5121\n",
        );
        let seen: Vec<_> = facts.network.ports.iter().map(|p| (p.port, p.reach, p.source_ip.as_deref())).collect();
        assert_eq!(
            seen,
            [
                (993, Reach::Open, Some("10.1.2.3")),
                (995, Reach::Open, Some("10.1.2.3")),
                (587, Reach::Closed, Some("10.1.2.3"))
            ]
        );
    }
}
