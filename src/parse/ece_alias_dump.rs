//! Dumps of the alias table without headers (SSMS saves results so by default). The order of the columns isn't known, so that they
//! are found by what stands in them; states and instances, which are bare numbers, can't be.

use super::Findings;
use super::ece_columns::address_in;
use crate::model::{Alias, Fact, Field};
use crate::syntax::{Node, Source};
use crate::text;
use std::collections::BTreeSet;

/// Rows that are looked at to find the columns.
const SAMPLE: usize = 200;

/// Reads a dump's rows, if its columns can be told.
pub(super) fn read(source: &Source<'_>, rows: &[Node], findings: &mut Findings) {
    let width = rows.iter().take(SAMPLE).map(|r| r.entries().len()).max().unwrap_or(0);
    let cell = |row: &'_ Node, at: usize| -> Option<String> { row.entries().get(at)?.1.text().map(|t| t.trim().to_owned()) };
    let every = |at: usize, is: &dyn Fn(&str) -> bool| rows.iter().take(SAMPLE).all(|row| cell(row, at).is_some_and(|t| is(&t)));
    let columns = |is: &dyn Fn(&str) -> bool| -> Vec<usize> { (0..width).filter(|&at| every(at, is)).collect() };

    let hosts = columns(&is_host);
    let incoming = columns(&|t| is_port(t, &[110, 143, 993, 995]));
    let outgoing = columns(&|t| is_port(t, &[25, 465, 587, 2525]));
    let addresses = columns(&|t| address_in(t).is_some_and(|a| a.len() == t.len()));
    if hosts.is_empty() || incoming.is_empty() && outgoing.is_empty() || addresses.is_empty() {
        return;
    }
    let values = |at: usize| -> Vec<String> { rows.iter().take(SAMPLE).filter_map(|row| cell(row, at)).collect() };
    let Some(address) = own_address(&addresses, &values) else {
        findings.lose(
            rows.first().map_or(0, |r| r.place.line),
            text!("a dump of aliases without column names, with several different addresses per row: export it with headers"),
        );
        return;
    };
    let speaks = |at: &usize, words: &[&str]| values(*at).iter().all(|v| words.iter().any(|w| v.to_lowercase().starts_with(w)));
    let in_host = hosts
        .iter()
        .copied()
        .find(|at| speaks(at, &["outlook", "imap", "pop", "partner.outlook"]));
    let out_host = hosts.iter().copied().find(|at| Some(*at) != in_host && speaks(at, &["smtp", "outlook"]));
    let deleted = columns(&|t| t.eq_ignore_ascii_case("y") || t.eq_ignore_ascii_case("n"));
    for row in rows {
        let field = |at: Option<usize>| -> Field<String> {
            match at.and_then(|at| row.entries().get(at)) {
                Some((key, node)) => match node.text() {
                    Some(text) => Field::Value(Fact::new(text.trim().to_lowercase(), source.origin_of_property(&key.name, node))),
                    None => Field::Absent,
                },
                None => Field::Absent,
            }
        };
        let number = |at: Option<&usize>| field(at.copied()).and_then(|t| t.trim_end_matches(".0").parse::<u16>().ok());
        let alias = Alias {
            address: field(Some(address)).and_then(|t| address_in(&t)),
            in_host: field(in_host),
            in_port: number(sole(&incoming)),
            out_host: field(out_host),
            out_port: number(sole(&outgoing)),
            deleted: field(sole(&deleted).copied()).and_then(|t| Some(t == "y")),
            guessed: true,
            ..Alias::default()
        };
        if alias.address.get().is_some() {
            findings.facts.ece.aliases.push(Fact::new(alias, source.origin(&row.place, "")));
        }
    }
    findings.lose(
        rows.first().map_or(0, |r| r.place.line),
        text!("a dump of aliases without column names: state and retriever instance can't be told; export it with headers"),
    );
}

/// The column of the alias's own address: all columns with addresses agree, or one alone differs in every row.
fn own_address(addresses: &[usize], values: &dyn Fn(usize) -> Vec<String>) -> Option<usize> {
    let first = *addresses.first()?;
    let own = values(first);
    if addresses
        .iter()
        .all(|&at| values(at).iter().zip(&own).all(|(a, b)| a.eq_ignore_ascii_case(b)))
    {
        return Some(first);
    }
    let distinct = |at: &usize| {
        let all = values(*at);
        all.len() > 1 && all.iter().map(|v| v.to_lowercase()).collect::<BTreeSet<_>>().len() == all.len()
    };
    let unique: Vec<usize> = addresses.iter().copied().filter(distinct).collect();
    sole(&unique).copied()
}

fn sole<T>(items: &[T]) -> Option<&T> {
    match items {
        [only] => Some(only),
        _ => None,
    }
}

fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    labels.len() > 1
        && labels.iter().all(|l| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || c == '-'))
        && labels.last().is_some_and(|l| l.len() > 1 && l.chars().all(char::is_alphabetic))
}

fn is_port(text: &str, ports: &[u16]) -> bool {
    text.trim_end_matches(".0").parse::<u16>().is_ok_and(|p| ports.contains(&p))
}
