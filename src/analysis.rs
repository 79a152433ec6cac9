//! The whole way from a bundle to its report.

use crate::bundle::Bundle;
use crate::case::{Case, Said};
use crate::config::{Applied, Config};
use crate::diagnosis::{Diagnosis, KnownSignature, RULES, Rule};
use crate::diagnostic::Diagnostic;
use crate::finding::{Finding, Verdict};
use crate::intake::{self, Intake, Progress};
use crate::log::{Clocks, names};
use crate::model::{Bound, InventoryEntry, Language, Period, Stamp, Text, Version};
use crate::report::{self, Context, Report, SignatureText};
use crate::signatures::{Catalogue, Described, Role};
use crate::text;
use crate::worker::Worker;
use crate::{checks, diagnosis};
use std::path::PathBuf;

/// What the user said about a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Arguments that shape the report, as it names them.
    pub arguments: Vec<String>,
    /// `--as-of`.
    pub as_of: Option<Stamp>,
    /// `--ece-version`.
    pub ece_version: Option<Version>,
    /// `--since`.
    pub since: Option<Bound>,
    /// `--until`.
    pub until: Option<Bound>,
    /// `--source-tz`, for every log: minutes east of UTC.
    pub source_zone: Option<i16>,
    /// `--source-tz`, for the logs of a host.
    pub source_zones: Vec<(String, i16)>,
    /// `--tz`: minutes east of UTC.
    pub zone: Option<i16>,
    /// `--no-sandbox`.
    pub unconfined: bool,
    /// `--config`.
    pub config: Option<Config>,
    /// The program `ecelens`, where it can be started again to read what is not read in this process; without it such files are
    /// named, and not read.
    pub program: Option<PathBuf>,
}

impl Options {
    /// The time that is wanted, where the newest evidence is of `newest`.
    fn period(&self, newest: Option<Stamp>) -> Period {
        Period {
            since: self.since.and_then(|bound| bound.moment(newest)),
            until: self.until.and_then(|bound| bound.moment(newest)),
        }
    }
}

fn read_case(bundle: &Bundle, catalogue: &Catalogue, clocks: &Clocks, options: &Options, progress: Progress<'_>) -> (Case, Vec<InventoryEntry>) {
    let Intake { facts, logs, inventory } = intake::take_in(bundle, catalogue, clocks, &Worker::new(options.program.clone()), progress);
    let said = Said {
        as_of: options.as_of,
        ece_version: options.ece_version,
    };
    (Case { facts, logs, said }, inventory)
}

/// A bundle, read and judged.
pub struct Analysis {
    /// What the bundle says.
    pub case: Case,
    /// Its members.
    pub inventory: Vec<InventoryEntry>,
    /// The time that is wanted.
    pub period: Period,
    /// What the checks say.
    pub findings: Vec<Finding>,
    /// What is the cause of it.
    pub diagnosis: Diagnosis,
    /// What became of the suppressions of the configuration; `None` if there is none.
    pub suppressions: Option<Vec<Applied>>,
    /// What is to be said about suppressions that do nothing.
    pub remarks: Vec<Diagnostic>,
    catalogue: Catalogue,
}

impl Analysis {
    /// Reads the bundle and judges it. The same bundle gives the same analysis, whatever the number of threads.
    pub fn of(bundle: &Bundle, catalogue: Catalogue, options: &Options, progress: Progress<'_>) -> Self {
        let mut clocks = Clocks {
            zone: options.source_zone,
            of_hosts: options.source_zones.clone(),
            period: Period::default(),
        };
        let ends = || [options.since, options.until].into_iter().flatten();
        let mut read = None;
        if ends().all(|end| matches!(end, Bound::At(_))) {
            clocks.period = options.period(None);
        } else {
            // What a length counts back from is known only once everything was read.
            let whole = read_case(bundle, &catalogue, &clocks, options, progress);
            clocks.period = options.period(whole.0.as_of().map(|fact| fact.value));
            read = clocks.period.is_all().then_some(whole);
        }
        let (case, inventory) = read.unwrap_or_else(|| read_case(bundle, &catalogue, &clocks, options, progress));
        let mut findings = checks::run(&case);
        let mut judge = options.config.as_ref().map(|config| config.judge(case.as_of().map(|fact| fact.value)));
        if let Some(judge) = &mut judge {
            for finding in &mut findings {
                finding.suppressed = judge.mark(finding.check, &finding.subject.name, finding.verdict < Verdict::Pass);
            }
        }
        let mut diagnosis = diagnosis::diagnose(&case, &findings, &|id| known(&catalogue, id), RULES);
        if let Some(judge) = &mut judge {
            for cause in &mut diagnosis.causes {
                if let Some(id) = cause.cause.strip_prefix("signature:") {
                    cause.suppressed = judge.mark(id, &cause.subject.english(), true);
                }
            }
            diagnosis.causes.sort_by_key(|cause| cause.suppressed.is_some());
        }
        let (suppressions, remarks) = judge.map(|judge| judge.finish()).unzip();
        Self {
            case,
            inventory,
            period: clocks.period,
            findings,
            diagnosis,
            suppressions,
            remarks: remarks.unwrap_or_default(),
            catalogue,
        }
    }

    /// The diagnosis by other rules: what would be blamed without one of them.
    pub fn diagnosis_by(&self, rules: &[Rule]) -> Diagnosis {
        diagnosis::diagnose(&self.case, &self.findings, &|id| known(&self.catalogue, id), rules)
    }

    /// Hosts that `--source-tz` names, and no member of the bundle.
    pub fn hosts_without_log<'o>(&self, options: &'o Options) -> impl Iterator<Item = &'o (String, i16)> {
        let is_named = |host: &str| self.inventory.iter().any(|entry| names(&entry.path, host));
        options.source_zones.iter().filter(move |(host, _)| !is_named(host))
    }

    /// The report in a language.
    pub fn report(&self, options: &Options, language: Language) -> Report {
        let signature = |id: &str| {
            self.catalogue
                .describe(id)
                .map(|described| text_of(&described, language))
                .unwrap_or_default()
        };
        let context = Context {
            arguments: options.arguments.clone(),
            language,
            unconfined: options.unconfined,
            inventory: &self.inventory,
            period: self.period,
            suppressions: self.suppressions.clone(),
            signature: &signature,
        };
        let mut report = report::build(&self.case, &self.findings, &self.diagnosis, &context);
        if let Some(zone) = options.zone {
            report.show_in_zone(zone);
        }
        report
    }

    /// All that was believed, each with its origin, and every contradiction, as JSON without what is absent.
    pub fn facts(&self) -> serde_json::Result<serde_json::Value> {
        let conflicts: Vec<serde_json::Value> = self
            .findings
            .iter()
            .filter(|f| f.verdict == Verdict::Unknown && f.evidence.len() > 1)
            .map(|f| serde_json::json!({ "check": f.check, "subject": f.subject, "message": f.message.english(), "evidence": f.evidence }))
            .collect();
        let mut value = serde_json::json!({ "schema_version": 1, "facts": self.case.facts, "logs": self.case.logs, "conflicts": conflicts });
        drop_nulls(&mut value);
        Ok(value)
    }
}

/// What the diagnosis has to know of a signature; nothing of mere context.
fn known(catalogue: &Catalogue, id: &str) -> Option<KnownSignature> {
    let described = catalogue.describe(id).filter(|described| described.role() != Role::Context)?;
    Some(KnownSignature {
        is_cause: matches!(described.role(), Role::Cause | Role::Generic),
        severity: described.severity(),
        checks: described.checks().iter().map(ToString::to_string).collect(),
        meaning: Text::catalogued(described.meaning().to_owned()),
        remedy: Some(described.remedy())
            .filter(|step| !step.is_empty())
            .into_iter()
            .flat_map(|step| {
                let verify = text!(
                    "Verify: what failed is tried again and works, and the log shows {id} no more.",
                    id = Text::figure(described.id())
                );
                [Text::catalogued(step.to_owned()), verify]
            })
            .collect(),
    })
}

fn drop_nulls(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn text_of(described: &Described<'_>, language: Language) -> SignatureText {
    SignatureText {
        code: described.code(),
        component: described.component().to_owned(),
        role: described.role().name().to_owned(),
        meaning: language.of(described.meaning()).to_owned(),
        checks: described.checks().iter().map(ToString::to_string).collect(),
    }
}
