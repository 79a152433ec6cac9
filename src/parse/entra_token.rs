//! Answers of the token endpoint and tokens that stand outside ECE's logs. Of a token its claims are taken, nothing else.

use super::Findings;
use super::entra_records::Reader;
use crate::model::{Excerpt, Fact, Origin, TokenAnswer, USER_CLAIMS, claims_from, claims_of};
use crate::syntax::{Node, Section, Source};
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"AADSTS(\d{4,9})").expect("a constant pattern"));
static JWT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?").expect("a constant pattern"));

/// True for an answer of the token endpoint, good or bad.
pub(super) fn is_answer(bag: &Node) -> bool {
    bag.has("token_type") && bag.has("expires_in")
        || bag.has("error") && (bag.has("error_codes") || bag.has("error_description"))
        || bag.has("access_token") && bag.has("expires_in")
}

/// True for the decoded payload of a token (people paste what a decoder shows).
pub(super) fn is_claims(bag: &Node) -> bool {
    bag.has("aud")
        && bag.has("exp")
        && (bag.has("tid") || bag.has("iss"))
        && (bag.has("appid") || bag.has("azp") || bag.has("upn") || bag.has("scp") || bag.has("roles"))
}

/// Reads an answer.
pub(super) fn read_answer(reader: &mut Reader<'_, '_>, bag: &Node) {
    let text = |name: &str| bag.get(name).and_then(Node::text);
    let description = text("error_description").unwrap_or("");
    let mut codes: Vec<u32> = CODE.captures_iter(description).filter_map(|c| c.get(1)?.as_str().parse().ok()).collect();
    for code in bag.get("error_codes").map(Node::items).unwrap_or_default() {
        codes.extend(code.text().and_then(|c| c.trim().parse::<u32>().ok()).filter(|c| !codes.contains(c)));
    }
    let claims = text("access_token").and_then(claims_of);
    let answer = TokenAnswer {
        expires_in: text("expires_in").and_then(|t| t.trim().parse().ok()),
        scopes: text("scope").unwrap_or("").split_whitespace().map(str::to_owned).collect(),
        error: text("error").map(|e| Excerpt::capture(e).as_str().to_owned()),
        codes,
        claims,
        has_refresh_token: bag.get("refresh_token").is_some_and(|t| !t.is_blank()),
    };
    let key = if bag.has("expires_in") { "expires_in" } else { "error" };
    let origin = reader.origin_at(bag, key);
    reader.found.recognise(
        "entra-token-answer",
        text!("answer of the token endpoint (token_type, expires_in, or error)"),
    );
    reader.found.facts.entra.token_answers.push(Fact::new(answer, origin));
}

/// Reads a decoded payload.
pub(super) fn read_claims(reader: &mut Reader<'_, '_>, bag: &Node) {
    let values = |name: &str| -> Vec<String> {
        let items = bag.get(name).map(Node::items).unwrap_or_default();
        items.iter().filter_map(Node::text).map(str::to_owned).collect()
    };
    let Some(claims) = claims_from(values) else { return };
    let key = USER_CLAIMS.iter().find(|k| bag.has(k)).unwrap_or(&"aud");
    let origin = reader.origin_at(bag, key);
    reader.found.recognise("entra-token", text!("claims of a token"));
    reader.found.facts.entra.tokens.push(Fact::new(claims, origin));
}

/// Tokens in plain lines: a note into which somebody pasted one, a terminal.
pub(super) fn read_lines(source: &Source<'_>, section: &Section, found: &mut Findings) {
    /// A token fits in a line of this length; longer lines are something else.
    const LONGEST: usize = 64 * 1024;
    for number in section.first_line..=section.last_line {
        let line = source.text.line(number);
        if line.len() > LONGEST || memchr::memmem::find(line.as_bytes(), b".eyJ").is_none() {
            continue;
        }
        for token in JWT.find_iter(line) {
            let Some(claims) = claims_of(token.as_str()) else { continue };
            let column = line.get(..token.start()).unwrap_or("").chars().count() as u32 + 1;
            let origin = Origin {
                column,
                ..Origin::line(source.path, number, line)
            };
            found.recognise("entra-token", text!("a token (JWT) in plain text"));
            found.facts.entra.tokens.push(Fact::new(claims, origin));
        }
    }
}
