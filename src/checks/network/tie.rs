//! On which server a piece of evidence was taken.

use crate::case::{Case, ServerView, short_host};
use crate::checks::Gap;
use crate::finding::{Confidence, Want};
use crate::model::{Origin, Part, ServerRole};
use crate::text;

/// The servers that need the network: application and services servers, with what ties evidence to them.
pub struct Servers {
    /// In the order of first mention.
    pub list: Vec<ServerView>,
    /// Servers of other roles: evidence from them proves nothing for those above.
    others: Vec<ServerView>,
}

impl Servers {
    /// The servers of a case that fetch, send, or get tokens.
    pub fn of(case: &Case) -> Self {
        let needs = |s: &ServerView| s.roles.contains(&ServerRole::Application) || s.roles.contains(&ServerRole::Services);
        let (list, others) = case.servers().into_iter().partition(needs);
        Self { list, others }
    }

    /// The same, for a check that can say nothing without them; else the gap that asks for what `want` tells of a server.
    pub fn named(case: &Case, want: fn(&dyn Part) -> Want) -> Result<Self, Gap> {
        let servers = Self::of(case);
        if servers.list.is_empty() { Err(unnamed(want)) } else { Ok(servers) }
    }

    /// The server on which something was seen, and how surely: a proven host or address, else a server's name in the path.
    /// A host that is proven to be another machine ties to none.
    pub fn tie(&self, from: Option<&str>, source_ip: Option<&str>, origin: &Origin) -> Option<(usize, Confidence)> {
        let by_ip = source_ip.and_then(|ip| self.list.iter().position(|s| s.ips.contains(ip)));
        if let Some(at) = by_ip {
            return Some((at, Confidence::High));
        }
        if let Some(host) = from {
            return self.list.iter().position(|s| s.is_called(host)).map(|at| (at, Confidence::High));
        }
        if source_ip.is_some_and(|ip| self.others.iter().any(|s| s.ips.contains(ip))) {
            return None;
        }
        self.named_in(&origin.path).map(|at| (at, Confidence::Medium))
    }

    /// The server whose name stands in the file's name, else in the nearest folder's; two names in one part are no tie.
    fn named_in(&self, path: &str) -> Option<usize> {
        for part in path.rsplit(['/', '\\', '!']) {
            let part = part.to_ascii_lowercase();
            let named: Vec<(usize, usize)> = self
                .list
                .iter()
                .chain(&self.others)
                .enumerate()
                .filter_map(|(at, server)| {
                    let name = short_host(&server.host);
                    (name.len() > 2 && holds_word(&part, &name)).then_some((at, name.len()))
                })
                .collect();
            // `ece-app` also stands in `ece-app-a`: the longest name counts.
            let longest = named.iter().map(|(_, length)| *length).max();
            let best: Vec<usize> = named.iter().filter(|(_, length)| Some(*length) == longest).map(|(at, _)| *at).collect();
            match best.as_slice() {
                [] => {}
                [at] if named.len() == 1 || named.iter().all(|(other, _)| other == at || self.is_part_of(*other, *at)) => {
                    return (*at < self.list.len()).then_some(*at);
                }
                _ => return None,
            }
        }
        None
    }

    fn is_part_of(&self, short: usize, long: usize) -> bool {
        let name = |at: usize| {
            self.list
                .iter()
                .chain(&self.others)
                .nth(at)
                .map(|s| short_host(&s.host))
                .unwrap_or_default()
        };
        name(long).contains(&name(short))
    }
}

/// The gap of a case that names no application and services server: what `want` tells of one is wanted of each.
pub fn unnamed(want: fn(&dyn Part) -> Want) -> Gap {
    Gap::missing(
        text!("no evidence names the application and services servers"),
        vec![want(&text!("each ECE server"))],
    )
}

/// True if `word` stands in `text` with no letter or digit beside it.
fn holds_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        [before, after].iter().all(|c| c.is_none_or(|c| !c.is_alphanumeric()))
    })
}
