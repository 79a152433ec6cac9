//! Whose tokens ECE holds.

use super::Case;
use crate::model::{Claims, LogEventKind, Origin, Stamp};

/// The user of a token, as its claims show.
#[derive(Clone, Debug)]
pub struct TokenUser {
    /// User of the token (`upn` and the like), lower case.
    pub user: String,
    /// Account or alias that the evidence ties it to, lower case, if any.
    pub account: Option<String>,
    /// When it was issued or seen, if known.
    pub time: Option<Stamp>,
    /// All its claims.
    pub claims: Claims,
    /// Where.
    pub origin: Origin,
}

impl Case {
    /// Users of every token whose claims the evidence shows: in ECE logs, token answers and tokens pasted elsewhere.
    pub fn token_users(&self) -> Vec<TokenUser> {
        let mut users = Vec::new();
        let mut note = |claims: &Claims, account: Option<&String>, time: Option<Stamp>, origin: &Origin| {
            if let Some(user) = &claims.user {
                let account = account.map(|a| a.to_lowercase());
                users.push(TokenUser {
                    user: user.to_lowercase(),
                    account,
                    time,
                    claims: claims.clone(),
                    origin: origin.clone(),
                });
            }
        };
        for event in &self.logs.events {
            match &event.kind {
                LogEventKind::Token { account, claims } => note(claims, account.as_ref(), event.time, &event.origin),
                LogEventKind::TokenAnswer { account, address, answer } => {
                    if let Some(claims) = &answer.claims {
                        note(claims, account.as_ref().or(address.as_ref()), event.time, &event.origin);
                    }
                }
                _ => {}
            }
        }
        for token in &self.facts.entra.tokens {
            note(&token.value, None, None, &token.origin);
        }
        for answer in &self.facts.entra.token_answers {
            if let Some(claims) = &answer.claims {
                note(claims, None, None, &answer.origin);
            }
        }
        users
    }

    /// Claims of every token that the evidence shows, whether or not they name a user, pasted ones first, then those of logs by time.
    pub fn token_claims(&self) -> Vec<(Claims, Origin)> {
        let logged = self.logs.events.iter().filter_map(|event| match &event.kind {
            LogEventKind::Token { claims, .. } => Some((claims, &event.origin)),
            LogEventKind::TokenAnswer { answer, .. } => answer.claims.as_ref().map(|claims| (claims, &event.origin)),
            _ => None,
        });
        let entra = &self.facts.entra;
        let pasted = entra.tokens.iter().map(|token| (&token.value, &token.origin));
        let answered = entra
            .token_answers
            .iter()
            .filter_map(|answer| Some((answer.claims.as_ref()?, &answer.origin)));
        let all = pasted.chain(answered).chain(logged);
        all.map(|(claims, origin)| (claims.clone(), origin.clone())).collect()
    }
}
