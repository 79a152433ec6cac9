//! From the case, its findings and its diagnosis to the report value.

use super::*;
use crate::case::{Case, EceApplication};
use crate::checks;
use crate::config::Applied;
use crate::diagnosis::Diagnosis;
use crate::finding::Want;
use crate::model::secret::mask;
use crate::model::{InventoryEntry, Language, Period, Scope, Span, Stamp, Text, ZoneBasis};
use crate::text;
use crate::timeline;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Longest list of losses shown for one member; all are counted.
const LOSSES_SHOWN: usize = 20;

/// What the report needs besides case, findings and diagnosis.
pub struct Context<'a> {
    /// Arguments that shaped the run.
    pub arguments: Vec<String>,
    /// The language of its texts.
    pub language: Language,
    /// True if the program runs without its sandbox, as the user asked.
    pub unconfined: bool,
    /// The members of the bundle.
    pub inventory: &'a [InventoryEntry],
    /// The time that is wanted.
    pub period: Period,
    /// What became of the suppressions of the configuration; `None` if there is none.
    pub suppressions: Option<Vec<Applied>>,
    /// What the catalogue knows of a signature: code, component, role, meaning, checks.
    pub signature: &'a dyn Fn(&str) -> SignatureText,
}

/// What the catalogue says of a signature.
#[derive(Clone, Debug, Default)]
pub struct SignatureText {
    /// `AADSTS50011`.
    pub code: Option<String>,
    /// Who says it.
    pub component: String,
    /// Its role.
    pub role: String,
    /// What it means.
    pub meaning: String,
    /// Checks that it bears on.
    pub checks: Vec<String>,
}

/// Builds the report. What the checks say is rendered here, words of the bundle in it masked once more: no sink can show what
/// slipped into a message.
pub fn build(case: &Case, findings: &[Finding], diagnosis: &Diagnosis, context: &Context<'_>) -> Report {
    let mut totals = Totals::default();
    findings.iter().for_each(|finding| totals.count(finding));
    totals.files = context.inventory.len();
    totals.bytes = context.inventory.iter().map(|e| e.bytes).sum();
    totals.records = case.logs.streams.iter().map(|s| s.records).sum();
    let language = context.language;
    let dull = |id: &str| (context.signature)(id).role == "context";
    let mut span = Span::default();
    case.logs.streams.iter().for_each(|stream| span.merge(stream.span));
    Report {
        timeline: events(case, context),
        rates: case.logs.hits.iter().filter(|hit| !dull(&hit.id)).map(rate).collect(),
        names: super::names::names(case),
        onset: diagnosis
            .causes
            .iter()
            .find_map(|c| c.onset.as_ref())
            .map(|onset| onset.first_bad.value.placed()),
        log_span: span.first.zip(span.last).map(|(first, last)| (first.placed(), last.placed())),
        language: context.language,
        unconfined: context.unconfined,
        schema_version: 1,
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        arguments: context.arguments.clone(),
        window: (!context.period.is_all()).then(|| WindowRow {
            since: stamp(context.period.since),
            until: stamp(context.period.until),
        }),
        zone: 0,
        as_of: case.as_of().map(|fact| fact.value.rfc3339()),
        deployment: deployment(case),
        diagnosis: diagnosis
            .causes
            .par_iter()
            .enumerate()
            .map(|(index, cause)| cause_row(index + 1, cause, language))
            .collect(),
        unexplained: diagnosis.unexplained.clone(),
        suppressions: context.suppressions.clone(),
        findings: findings.par_iter().map(|finding| finding_row(finding, language)).collect(),
        signatures: case
            .logs
            .hits
            .iter()
            .map(|hit| signature_row(hit, (context.signature)(&hit.id)))
            .collect(),
        unexplained_errors: unexplained_errors(case, diagnosis),
        inventory: context
            .inventory
            .iter()
            .map(|entry| inventory_row(entry, findings, context.language))
            .collect(),
        totals,
    }
}

/// The events that reach into the window. Those of logs whose zone the user gave say so.
fn events(case: &Case, context: &Context<'_>) -> Vec<Event> {
    let dull = |id: &str| (context.signature)(id).role == "context";
    let dated = context.inventory.iter().filter(|entry| entry.zone == Some(ZoneBasis::Given));
    let given: BTreeSet<&str> = dated.map(|entry| &*entry.path).collect();
    let mut events = timeline::gather(&case.facts, &case.logs, &dull, context.language);
    events.retain(|event| event.reaches(context.period));
    for event in events.iter_mut().filter(|event| given.contains(&*event.origin.path)) {
        event.zone = ZoneBasis::Given;
    }
    events
}

fn masked(text: &str) -> String {
    mask(text).into_owned()
}

fn rendered(texts: &[Text], language: Language) -> Vec<String> {
    texts.iter().map(|text| text.render(language)).collect()
}

fn all_masked(texts: &[String]) -> Vec<String> {
    texts.iter().map(|t| masked(t)).collect()
}

fn rows(origins: &[Origin]) -> Vec<EvidenceRow> {
    origins.iter().map(EvidenceRow::from).collect()
}

fn stamp(stamp: Option<Stamp>) -> Option<String> {
    stamp.map(Stamp::rfc3339)
}

fn deployment(case: &Case) -> Deployment {
    let rows = case.external_urls();
    let urls = |counts: fn(&Scope) -> bool| -> Vec<String> {
        let urls: BTreeSet<String> = rows.iter().filter(|row| counts(&row.scope)).map(|row| masked(&row.url)).collect();
        urls.into_iter().collect()
    };
    // A department may have a value of its own: the partition's is the deployment's.
    let (of_partitions, urls) = (urls(|scope| matches!(scope, Scope::Partition(_))), urls(|_| true));
    let application = match case.application() {
        EceApplication::Chosen { exports, .. } => exports.first().map(|app| (app.app_id.get().cloned(), app.name.get().cloned())),
        _ => None,
    };
    let (app_id, name) = application.unwrap_or_default();
    let client_ids = case.client_ids();
    let tenants: BTreeSet<String> = case.tenants().into_iter().map(|t| t.value).collect();
    let mut span = Span::default();
    case.logs.streams.iter().for_each(|stream| span.merge(stream.span));
    Deployment {
        ece_version: case.version().ok().map(|v| v.value.to_string()),
        external_url: match (of_partitions.as_slice(), urls.as_slice()) {
            ([one], _) | ([], [one]) => Some(one.clone()),
            _ => None,
        },
        external_urls: urls,
        servers: case
            .servers()
            .into_iter()
            .map(|s| ServerRow {
                host: s.host,
                roles: s.roles.iter().map(|r| r.words()).collect(),
                ips: s.ips.into_iter().collect(),
            })
            .collect(),
        aliases: case
            .aliases()
            .into_iter()
            .map(|a| AliasRow {
                account: a.account.and_then(|account| account.name.get().map(|n| masked(n))),
                address: a.address,
                name: a.name.map(|n| masked(&n)),
            })
            .collect(),
        application: ApplicationRow {
            app_id: app_id.or_else(|| client_ids.first().map(|s| s.value.clone())),
            name: name.map(|n| masked(&n)),
            tenant: (tenants.len() == 1).then(|| tenants.into_iter().next()).flatten(),
        },
        log_span: SpanRow {
            first: stamp(span.first),
            last: stamp(span.last),
        },
    }
}

fn cause_row(rank: usize, cause: &crate::diagnosis::RootCause, language: Language) -> Cause {
    Cause {
        rank,
        cause: cause.cause.clone(),
        subject: cause.subject.render(language),
        severity: cause.severity,
        confidence: cause.confidence,
        summary: cause.summary.render(language),
        explains: cause.explains.clone(),
        evidence: rows(&cause.evidence),
        remedy: rendered(&cause.remedy, language),
        onset: cause.onset.as_ref().map(|onset| OnsetRow {
            last_good: onset.last_good.as_ref().map(|fact| fact.value.rfc3339()),
            first_bad: onset.first_bad.value.rfc3339(),
            last_bad: onset.last_bad.value.rfc3339(),
            changes: onset
                .changes
                .iter()
                .map(|fact| ChangeRow {
                    text: fact.value.render(language),
                    at: EvidenceRow::from(&fact.origin),
                })
                .collect(),
            parts: onset.parts.iter().map(onset_part).collect(),
        }),
        reach: cause.reach.words().render(language),
        candidates: cause
            .candidates
            .iter()
            .map(|c| CandidateRow {
                check: c.check.clone(),
                wants: want_rows(&c.wants, language),
            })
            .collect(),
        masks: cause.masks.clone(),
        suppressed: cause.suppressed.clone(),
    }
}

fn onset_part(part: &crate::diagnosis::OnsetPart) -> OnsetPartRow {
    OnsetPartRow {
        function: part.function.name(),
        subject: Some(masked(&part.subject)).filter(|subject| !subject.is_empty()),
        host: part.host.clone(),
        last_good: stamp(part.last_good),
        first_bad: part.first_bad.rfc3339(),
        last_bad: part.last_bad.rfc3339(),
        failures: part.failures,
        signatures: part.signatures.clone(),
    }
}

fn want_rows(wants: &[Want], language: Language) -> Vec<WantRow> {
    let row = |want: &Want| WantRow {
        evidence: want.evidence.render(language),
        how: want.how.render(language),
        role: want.role,
    };
    wants.iter().map(row).collect()
}

fn finding_row(finding: &Finding, language: Language) -> FindingRow {
    FindingRow {
        check: finding.check,
        subject: finding.subject.clone(),
        verdict: finding.verdict,
        severity: finding.severity,
        confidence: finding.confidence,
        message: finding.message.render(language),
        evidence: rows(&finding.evidence),
        explains: finding.explains.clone(),
        wants: want_rows(&finding.wants, language),
        remedy: rendered(&finding.remedy, language),
        references: checks::by_id(finding.check).map(|check| check.references.to_vec()).unwrap_or_default(),
        baseline: None,
        suppressed: finding.suppressed.clone(),
        internal_error: finding.internal_error,
    }
}

fn signature_row(hit: &crate::model::SignatureHit, text: SignatureText) -> SignatureRow {
    SignatureRow {
        id: hit.id.clone(),
        code: text.code,
        component: text.component,
        role: text.role,
        count: hit.count,
        first: stamp(hit.span.first),
        last: stamp(hit.span.last),
        elsewhere: hit.elsewhere,
        meaning: text.meaning,
        checks: text.checks,
        fields: hit.fields.iter().map(|(name, values)| (name.clone(), all_masked(values))).collect(),
        samples: samples(&hit.samples),
    }
}

fn rate(hit: &crate::model::SignatureHit) -> Rate {
    Rate {
        signature: hit.id.clone(),
        minutes: hit.minutes.clone(),
    }
}

fn samples(origins: &[Origin]) -> Vec<SampleRow> {
    let sample = |o: &Origin| SampleRow {
        path: o.path.to_string(),
        line: o.line,
        excerpt: o.excerpt.as_str().to_owned(),
    };
    origins.iter().map(sample).collect()
}

/// An error that begins this near to the first failure of a cause may belong to it.
const NEAR_ONSET_MS: i64 = 10 * 60_000;

fn unexplained_errors(case: &Case, diagnosis: &Diagnosis) -> Vec<UnexplainedRow> {
    let near = |a: Stamp, b: Stamp| match (a.instant(), b.instant()) {
        (Some(a), Some(b)) => a.since(b).saturating_abs() <= NEAR_ONSET_MS,
        // Two times without a zone may be of two zones: they tell nothing.
        _ => false,
    };
    let row = |group: &crate::model::UnexplainedGroup| {
        let begins = |cause: &&crate::diagnosis::RootCause| {
            let onset = cause.onset.as_ref().map(|onset| onset.first_bad.value);
            matches!((onset, group.span.first), (Some(onset), Some(first)) if near(onset, first))
        };
        UnexplainedRow {
            template: masked(&group.template),
            class: masked(&group.class),
            count: group.count,
            first: stamp(group.span.first),
            last: stamp(group.span.last),
            begins_with: diagnosis.causes.iter().filter(begins).map(|c| c.cause.clone()).collect(),
            samples: samples(&group.samples),
        }
    };
    case.logs.unexplained.iter().map(row).collect()
}

fn inventory_row(entry: &InventoryEntry, findings: &[Finding], language: Language) -> InventoryRow {
    let mut used_by: Vec<&'static str> = Vec::new();
    for finding in findings {
        if !used_by.contains(&finding.check) && finding.evidence.iter().any(|origin| origin.path == entry.path) {
            used_by.push(finding.check);
        }
    }
    let lost = entry.losses.iter().take(LOSSES_SHOWN).map(|(line, reason)| match line {
        0 => reason.render(language),
        line => text!("line {line}: {reason}", line, reason).render(language),
    });
    InventoryRow {
        path: entry.path.to_string(),
        kind: entry.kind.clone(),
        why: Text::joined(&entry.why, Text::figure("; ")).render(language),
        encoding: entry.encoding,
        bytes: entry.bytes,
        sha256: entry.sha256.clone(),
        records: entry.records,
        losses: entry.losses.len(),
        lost: lost.collect(),
        first: stamp(entry.span.first),
        last: stamp(entry.span.last),
        zone: entry.zone,
        used_by,
        problem: entry.problem.as_ref().map(|problem| problem.render(language)),
        copy_of: entry.copy_of.as_ref().map(|path| path.to_string()),
    }
}
