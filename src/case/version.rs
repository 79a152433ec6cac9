//! Which version of ECE runs.

use super::Case;
use crate::checks::Gap;
use crate::finding::{Role, Want};
use crate::model::{Fact, Origin, Version, VersionRole};
use crate::text;
use std::sync::Arc;

impl Case {
    /// The running version: `--ece-version`, else the one that the evidence names as running, else the only one named. Versions
    /// that were left or are planned don't count. Several that contradict each other are a gap.
    pub fn version(&self) -> Result<Fact<Version>, Gap> {
        if let Some(version) = self.said.ece_version {
            return Ok(Fact::new(version, Origin::whole(&Arc::from("--ece-version"))));
        }
        let of_role = |role| {
            self.facts
                .ece
                .versions
                .iter()
                .filter(move |v| v.role == role)
                .map(|v| Fact::new(v.version, v.origin.clone()))
        };
        let running: Vec<_> = of_role(VersionRole::Running).collect();
        let named: Vec<_> = of_role(VersionRole::Named).collect();
        let in_file_names = of_role(VersionRole::FileName).collect();
        let candidates = [running, named].into_iter().find(|c| !c.is_empty()).unwrap_or(in_file_names);
        agreed(candidates)
    }

    /// What settles an unknown version.
    pub fn version_want() -> Want {
        Want::new(
            Role::EceAdmin,
            text!("the running ECE version with its engineering special (ES)"),
            text!(
                "ECE administration console: About (or Help > About), or the newest ES read-me installed on the services server; or say it with --ece-version \"12.6(1) ES5\""
            ),
        )
    }
}

/// The most specific of versions that don't contradict each other.
fn agreed(candidates: Vec<Fact<Version>>) -> Result<Fact<Version>, Gap> {
    let Some(best) = candidates
        .iter()
        .max_by_key(|f| (f.value.es.is_some(), f.value.et.is_some(), f.value.maintenance.is_some()))
    else {
        return Err(Gap::missing(text!("no evidence names the version of ECE"), vec![Case::version_want()]));
    };
    let contradicts = |other: &Version| {
        let differ = |a: Option<u16>, b: Option<u16>| a.zip(b).is_some_and(|(a, b)| a != b);
        other.release() != best.value.release() || differ(other.maintenance, best.value.maintenance) || differ(other.es, best.value.es)
    };
    match candidates.iter().find(|f| contradicts(&f.value)) {
        None => Ok(best.clone()),
        Some(other) => Err(Gap {
            message: text!(
                "the evidence names two versions of ECE, {best} and {other}, and doesn't say which one runs",
                best = best.value,
                other = other.value
            ),
            evidence: vec![best.origin.clone(), other.origin.clone()],
            wants: vec![Case::version_want()],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::VersionNote;

    fn case(notes: &[(u16, u16, Option<u16>, VersionRole)]) -> Case {
        let path = Arc::from("note.txt");
        let mut case = Case::default();
        for &(major, minor, es, role) in notes {
            let version = Version {
                major,
                minor,
                maintenance: Some(1),
                es,
                et: None,
            };
            case.facts
                .ece
                .versions
                .push(Fact::new(VersionNote { version, role }, Origin::whole(&path)));
        }
        case
    }

    #[test]
    fn the_running_version_counts() {
        use VersionRole::*;
        let version = |notes: &[_]| case(notes).version().map(|f| f.value.to_string()).map_err(|gap| gap.message.english());
        assert_eq!(version(&[(12, 5, None, Former), (12, 6, Some(5), Running)]), Ok("12.6(1) ES5".into()));
        assert_eq!(version(&[(12, 6, None, Named), (12, 6, Some(5), Named)]), Ok("12.6(1) ES5".into()));
        assert!(
            version(&[(12, 5, Some(3), Named), (12, 6, Some(5), Named)])
                .unwrap_err()
                .contains("two versions")
        );
        assert!(version(&[(12, 5, Some(3), Former)]).unwrap_err().contains("no evidence"));
    }
}
