//! Drafts of signatures for errors that nobody knows yet. eGain's own wording is not public: what a bundle shows is turned into
//! TOML that an engineer completes within a minute.

use crate::model::UnexplainedGroup;
use std::fmt::Write;

/// A pack with one draft for each group: pattern from the template, an example from the bundle, blanks to fill in.
pub fn pack<'g>(groups: impl Iterator<Item = &'g UnexplainedGroup>) -> String {
    let mut text = String::from(
        "# Drafts of signatures. Complete meaning, causes, remedy, severity and checks, give each a telling id,\n# then try them: ecelens signatures check <this folder>\n",
    );
    for (number, group) in groups.enumerate() {
        draft(&mut text, number + 1, group);
    }
    text
}

fn draft(text: &mut String, number: usize, group: &UnexplainedGroup) {
    let literal = longest_literal(&group.template);
    let example = group.samples.first().map_or("", |sample| sample.excerpt.as_str());
    let _ = write!(
        text,
        "\n# seen {} times, class {}\n[[signature]]\nid = {}\ncomponent = \"ece_egain\"\nrole = \"cause\"\nseverity = \"medium\"\nscan = \"raw\"\nliteral = {}\npattern = {}\nmeaning = \"\"\ncauses = []\nremedy = \"\"\nchecks = []\nexamples = [{}]\nnear_misses = []\n",
        group.count,
        one_line(&group.class),
        quoted(&format!("site.draft_{number}")),
        quoted(&literal),
        quoted(&pattern(&group.template)),
        quoted(example),
    );
}

/// Parts of a template between its masks (`<number>`, `<address>` …).
fn parts(template: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find('<') {
        let Some(end) = rest[start..].find('>').map(|at| start + at + 1) else {
            break;
        };
        let is_mask = rest[start + 1..end - 1].chars().all(|c| c.is_ascii_lowercase()) && end - start > 2;
        if is_mask {
            parts.push((false, &rest[..start]));
            parts.push((true, &rest[start..end]));
        } else {
            parts.push((false, &rest[..end]));
        }
        rest = &rest[end..];
    }
    parts.push((false, rest));
    parts.retain(|(_, text)| !text.is_empty());
    parts
}

/// The longest text between two masks: what the prefilter looks for.
fn longest_literal(template: &str) -> String {
    let literals = parts(first_line(template))
        .into_iter()
        .filter(|(is_mask, _)| !is_mask)
        .map(|(_, text)| text.trim());
    literals.max_by_key(|text| text.chars().count()).unwrap_or_default().to_owned()
}

/// The part of a template that stands for the record's first line; innermost cause and frame follow behind ` | `.
fn first_line(template: &str) -> &str {
    template.split(" | ").next().unwrap_or(template)
}

/// The template as a regular expression: masks stand for a word, white space for any white space.
fn pattern(template: &str) -> String {
    parts(first_line(template))
        .into_iter()
        .map(|(is_mask, text)| match is_mask {
            true => r"\S+".to_owned(),
            false => regex::escape(text).split(' ').collect::<Vec<_>>().join(r"\s+"),
        })
        .collect()
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn quoted(text: &str) -> String {
    toml::Value::String(one_line(text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Span};
    use crate::signatures::{PackText, check_packs};
    use std::sync::Arc;

    #[test]
    fn a_draft_matches_the_record_that_it_comes_from() {
        let record = "ERROR Case 4711 of sales@contoso.com not written to \"archive\": pool <main> is drained";
        let group = UnexplainedGroup {
            template: "Case <n> of <address> not written to \"archive\": pool <main> is drained | java.sql.SQLException: deadlock <n>".into(),
            class: "com.egain.db.Pool".into(),
            count: 12,
            span: Span::default(),
            samples: vec![Origin::line(&Arc::from("x.log"), 7, record)],
        };
        let drafted = pack([&group].into_iter());
        let complete = drafted
            .replace("meaning = \"\"", "meaning = \"The archive database is out of connections.\"")
            .replace("remedy = \"\"", "remedy = \"Enlarge the pool.\"");
        let problems = check_packs(
            &[PackText {
                name: "draft.toml".into(),
                text: complete,
            }],
            |_| true,
        );
        let errors: Vec<_> = problems.iter().filter(|p| p.error).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{drafted}");
    }
}
