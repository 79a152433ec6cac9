//! What Microsoft's sign-in refused to ECE: by AADSTS code, from ECE's logs, sign-in exports and token answers, and whether the
//! same operation worked again later.

use super::hit_state::is_of_the_sign_in_page;
use super::{Case, EceApplication, SeenIn};
use crate::model::{Fact, MailAccount, OperationKind, Origin, Outcome, SignIn, Stamp, Text, fold_address};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// Refusals with one code for one subject.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// AADSTS number.
    pub code: u32,
    /// Alias, account or user concerned, lower case; empty if the evidence names none.
    pub who: String,
    /// First one, if dated.
    pub first: Option<Stamp>,
    /// Last one, if dated.
    pub last: Option<Stamp>,
    /// How many.
    pub count: u64,
    /// When the same operation worked again after the last one.
    pub healed: Option<Stamp>,
    /// Names of Conditional Access policies that refused, from sign-in exports.
    pub policies: Vec<String>,
    /// Where the first one stands, and the last one if it is another.
    pub origins: Vec<Origin>,
    /// From a sign-in export (else from ECE's logs or a token answer).
    pub from_sign_ins: bool,
}

impl Refusal {
    /// How often and when, as the middle of a sentence: `once at …`, `12 times from … to …`.
    pub fn times(&self) -> Text {
        let times = Text::times(self.count);
        match (self.first, self.last) {
            (Some(first), Some(last)) if first == last => text!("{times} at {first}", times, first),
            (Some(first), Some(last)) => text!("{times} from {first} to {last}", times, first, last),
            _ => times,
        }
    }

    fn merge(&mut self, sign_in: &Fact<SignIn>) {
        self.count += 1;
        let key = |s: &Option<Stamp>| s.as_ref().map(|s| moment(*s));
        if sign_in.time.is_some() && (self.first.is_none() || key(&sign_in.time) < key(&self.first)) {
            self.first = sign_in.time;
        }
        if sign_in.time.is_some() && (self.last.is_none() || key(&sign_in.time) > key(&self.last)) {
            self.last = sign_in.time;
        }
        for policy in &sign_in.failed_policies {
            if !self.policies.contains(policy) {
                self.policies.push(policy.clone());
            }
        }
    }
}

/// A stamp as something that can be ordered; without a zone the written time counts.
pub(crate) fn moment(stamp: Stamp) -> i64 {
    stamp.instant().map_or(stamp.local_ms, |i| i.0)
}

/// `AADSTS50011` of a signature id `entra.aadsts50011`.
pub(crate) fn code_of(signature: &str) -> Option<u32> {
    signature.strip_prefix("entra.aadsts")?.parse().ok()
}

impl Case {
    /// Sign-ins that concern ECE: those of its application; of its mailboxes only where the row doesn't show the application, where
    /// ECE's application is unknown, or where an old mail protocol was used. A tenant's log is full of other people's business.
    pub fn ece_sign_ins(&self) -> Vec<&Fact<SignIn>> {
        let apps = self.ece_app_ids();
        let users = self.mail_users();
        let concerns = |s: &SignIn| {
            if s.app_id.as_ref().is_some_and(|id| apps.contains(id)) {
                return true;
            }
            let ours = s.user.as_ref().is_some_and(|user| users.contains(user));
            let mail_client = s.client_app.as_deref().is_some_and(|c| {
                let c = c.to_ascii_lowercase();
                c.starts_with("imap") || c.starts_with("pop") || c.contains("smtp")
            });
            ours && (apps.is_empty() || s.app_id.is_none() && s.app_name.is_none() || mail_client)
        };
        self.facts.entra.sign_ins.iter().filter(|s| concerns(s)).collect()
    }

    /// Client ids that are ECE's: of the registration that it uses, and of its settings, logs and tokens.
    pub fn ece_app_ids(&self) -> BTreeSet<String> {
        let mut ids: BTreeSet<String> = self
            .client_ids()
            .into_iter()
            .filter(|seen| seen.seen_in != SeenIn::SignIn)
            .map(|seen| seen.value)
            .collect();
        if let EceApplication::Chosen { exports, .. } = self.application() {
            ids.extend(exports.iter().filter_map(|app| app.app_id.get().cloned()));
        }
        ids
    }

    /// Addresses that ECE signs in as or works with: aliases, and users of accounts; lower case.
    pub fn mail_users(&self) -> BTreeSet<String> {
        let mailboxes = self.mailboxes().into_iter().flat_map(|m| [Some(m.address), m.signs_in_as]).flatten();
        let accounts = self.facts.ece.accounts.iter().filter_map(|a| a.user.get().map(|u| fold_address(u)));
        mailboxes.chain(accounts).collect()
    }

    /// Refusals with one of `codes`, by code and subject: what stands in ECE's logs first.
    pub fn refusals(&self, codes: &[u32]) -> Vec<Refusal> {
        let mut refusals = self.refusals_in_logs(codes);
        // Where a user's undated sign-ins failed and worked, nothing shows which came last.
        let sign_ins = self.refusals_of_sign_ins(|code| codes.contains(&code));
        refusals.extend(sign_ins.into_iter().filter(|r| r.last.is_some() || !self.signed_in(&r.who)));
        // A pasted answer has no date: renewals that go on to the end of the logs are later in all likelihood.
        let works = self
            .logs
            .operations
            .iter()
            .filter(|o| o.kind == OperationKind::TokenRefresh && !o.ends_failing());
        let works = works.filter_map(|o| o.last_done()).map(|run| run.last).max_by_key(|at| moment(*at));
        for answer in &self.facts.entra.token_answers {
            for code in answer.codes.iter().filter(|code| codes.contains(code)) {
                refusals.push(Refusal {
                    code: *code,
                    who: String::new(),
                    first: None,
                    last: None,
                    count: 1,
                    healed: works.filter(|_| !is_of_the_sign_in_page(*code)),
                    policies: Vec::new(),
                    origins: vec![answer.origin.clone()],
                    from_sign_ins: false,
                });
            }
        }
        refusals
    }

    fn refusals_in_logs(&self, codes: &[u32]) -> Vec<Refusal> {
        let mut refusals: Vec<Refusal> = Vec::new();
        let mut explained: BTreeSet<u32> = BTreeSet::new();
        for operation in &self.logs.operations {
            for &code in codes {
                let id = format!("entra.aadsts{code}");
                let holds = |outcome: &Outcome| matches!(outcome, Outcome::Failed(ids) if ids.contains(&id));
                let failed: Vec<_> = operation.runs.iter().filter(|run| holds(&run.outcome)).collect();
                let (Some(first), Some(last)) = (failed.first(), failed.last()) else {
                    continue;
                };
                explained.insert(code);
                let after = operation.runs.iter().skip_while(|run| !std::ptr::eq(*run, *last));
                let healed = after.clone().find(|run| run.outcome == Outcome::Done).map(|run| run.first);
                let mut origins = vec![first.origin.clone()];
                if last.last_origin != first.origin {
                    origins.push(last.last_origin.clone());
                }
                refusals.push(Refusal {
                    code,
                    who: operation.subject.clone(),
                    first: Some(first.first),
                    last: Some(last.last),
                    count: failed.iter().map(|run| run.count).sum(),
                    healed,
                    policies: Vec::new(),
                    origins,
                    from_sign_ins: false,
                });
            }
        }
        // What agents' and customers' own sign-ins are refused is no business of mail.
        for hit in self.logs.hits.iter().filter(|hit| hit.aside < hit.count) {
            let Some(code) = code_of(&hit.id).filter(|code| codes.contains(code) && !explained.contains(code)) else {
                continue;
            };
            // A code outside any operation: the application server's records, and the sign-in page's codes, belong to the making of
            // tokens.
            let generation = is_of_the_sign_in_page(code) || hit.by_source.keys().any(|(_, process)| process.contains("application"));
            let kind = if generation {
                OperationKind::TokenGeneration
            } else {
                OperationKind::TokenRefresh
            };
            let same = self.logs.operations.iter().filter(|o| o.kind == kind);
            let healed = match hit.span.last {
                Some(last) => same
                    .filter_map(|o| o.last_done())
                    .map(|run| run.last)
                    .filter(|at| moment(*at) > moment(last))
                    .min_by_key(|at| moment(*at)),
                // A message that somebody pasted has no date: the same operation works to the end of the logs.
                None => same
                    .filter(|o| !o.ends_failing())
                    .filter_map(|o| o.last_done())
                    .map(|run| run.last)
                    .max_by_key(|at| moment(*at)),
            };
            refusals.push(Refusal {
                code,
                who: String::new(),
                first: hit.span.first,
                last: hit.span.last,
                count: hit.count,
                healed,
                policies: Vec::new(),
                origins: hit
                    .samples
                    .first()
                    .into_iter()
                    .chain(hit.samples.get(1..).and_then(|s| s.last()))
                    .cloned()
                    .collect(),
                from_sign_ins: false,
            });
        }
        refusals
    }

    /// Failed sign-ins whose code `wanted` takes, by code and user.
    pub fn refusals_of_sign_ins(&self, wanted: impl Fn(u32) -> bool) -> Vec<Refusal> {
        let sign_ins = self.ece_sign_ins();
        let mut by_key: BTreeMap<(u32, String), Refusal> = BTreeMap::new();
        let mut successes: BTreeMap<String, i64> = BTreeMap::new();
        let who = |s: &SignIn| s.user.clone().or_else(|| s.app_id.clone()).unwrap_or_default();
        for sign_in in &sign_ins {
            match sign_in.error {
                Some(0) => {
                    if let Some(time) = sign_in.time {
                        let last = successes.entry(who(sign_in)).or_insert(i64::MIN);
                        *last = (*last).max(moment(time));
                    }
                }
                Some(code) if wanted(code) => {
                    let refusal = by_key.entry((code, who(sign_in))).or_insert_with(|| Refusal {
                        code,
                        who: who(sign_in),
                        first: None,
                        last: None,
                        count: 0,
                        healed: None,
                        policies: Vec::new(),
                        origins: vec![sign_in.origin.clone()],
                        from_sign_ins: true,
                    });
                    refusal.merge(sign_in);
                }
                _ => {}
            }
        }
        let mut refusals: Vec<Refusal> = by_key.into_values().collect();
        for refusal in &mut refusals {
            let last = refusal.last.map(moment);
            let renewed = self.renewed_at(&refusal.who).map(moment);
            let healed = successes
                .get(&refusal.who)
                .copied()
                .max(renewed)
                .filter(|at| last.is_some_and(|last| *at > last));
            refusal.healed = healed.map(|at| crate::model::Instant(at).stamp());
        }
        refusals
    }

    /// True if a sign-in of this user, or of this application where it shows no user, worked at some time.
    pub fn signed_in(&self, who: &str) -> bool {
        let own = |s: &SignIn| s.user.as_deref().or(s.app_id.as_deref()) == Some(who);
        self.ece_sign_ins().into_iter().any(|s| s.error == Some(0) && own(s))
    }

    /// When the logs show the last good renewal of a user's token, if they end with it.
    fn renewed_at(&self, user: &str) -> Option<Stamp> {
        let serves = |account: &MailAccount| {
            let of_user = account.user.get().is_some_and(|u| fold_address(u) == user);
            let of_alias = account.aliases.get().into_iter().flatten().any(|a| fold_address(a) == user);
            of_user || of_alias
        };
        let mut names: BTreeSet<String> = BTreeSet::from([user.to_owned()]);
        let accounts = self.facts.ece.accounts.iter().filter(|a| serves(a));
        names.extend(accounts.filter_map(|a| a.name.get().map(|n| n.to_lowercase())));
        let renewals = self.logs.operations.iter().filter(|o| o.kind == OperationKind::TokenRefresh);
        let own = renewals.filter(|o| names.contains(&o.subject) && !o.ends_failing());
        own.filter_map(|o| o.last_done()).map(|run| run.last).max_by_key(|at| moment(*at))
    }

    /// The account of this name, whatever its case.
    pub fn account_called(&self, name: &str) -> Option<&Fact<MailAccount>> {
        let name = name.trim().to_lowercase();
        let called = |a: &&Fact<MailAccount>| a.name.get().is_some_and(|n| n.trim().to_lowercase() == name);
        self.facts.ece.accounts.iter().find(called)
    }
}
