//! The whole way from a bundle to its report.

use crate::bundle::Bundle;
use crate::case::{Case, Said};
use crate::diagnosis::KnownSignature;
use crate::intake::{self, Progress};
use crate::model::{Stamp, Version};
use crate::report::{self, Context, Report, SignatureText};
use crate::signatures::{Catalogue, Described, Role};
use crate::{checks, diagnosis};

/// What the user said about a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Arguments that shape the report, as it names them.
    pub arguments: Vec<String>,
    /// `--as-of`.
    pub as_of: Option<Stamp>,
    /// `--ece-version`.
    pub ece_version: Option<Version>,
}

/// Reads the bundle, judges it, and builds the report. The same bundle gives the same report, whatever the number of threads.
pub fn analyse(bundle: &Bundle, options: &Options, progress: Progress<'_>) -> Report {
    let catalogue = Catalogue::builtin();
    let intake = intake::take_in(bundle, &catalogue, progress);
    let said = Said {
        as_of: options.as_of,
        ece_version: options.ece_version,
    };
    let case = Case {
        facts: intake.facts,
        logs: intake.logs,
        said,
    };
    let findings = checks::run(&case);
    let known = |id: &str| {
        let described = catalogue.describe(id)?;
        Some(KnownSignature {
            is_cause: matches!(described.role(), Role::Cause | Role::Generic),
            severity: described.severity(),
            checks: described.checks().iter().map(ToString::to_string).collect(),
            meaning: described.meaning().to_owned(),
            remedy: vec![described.remedy().to_owned()].into_iter().filter(|step| !step.is_empty()).collect(),
        })
    };
    let diagnosis = diagnosis::diagnose(&case, &findings, &known);
    let signature = |id: &str| catalogue.describe(id).map(|described| text_of(&described)).unwrap_or_default();
    let context = Context {
        arguments: options.arguments.clone(),
        inventory: &intake.inventory,
        signature: &signature,
    };
    report::build(&case, &findings, &diagnosis, &context)
}

fn text_of(described: &Described<'_>) -> SignatureText {
    SignatureText {
        code: described.code(),
        component: described.component().to_owned(),
        role: described.role().name().to_owned(),
        meaning: described.meaning().to_owned(),
        checks: described.checks().iter().map(ToString::to_string).collect(),
    }
}
