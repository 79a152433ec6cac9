//! NDJSON: one line a thing, each with a `type`: `report` (deployment and totals), `cause`, `finding`, `signature`,
//! `unexplained-error`, `suppression`, `file`.

use super::{Report, to_json_line};
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    r#type: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

/// The report, one line a thing.
pub fn render(report: &Report) -> serde_json::Result<String> {
    let mut out = String::new();
    let head = json!({
        "schema_version": report.schema_version,
        "tool": report.tool,
        "arguments": report.arguments,
        "as_of": report.as_of,
        "window": report.window,
        "deployment": report.deployment,
        "unexplained": report.unexplained,
        "totals": report.totals,
    });
    line(&mut out, "report", &head)?;
    lines(&mut out, "cause", &report.diagnosis)?;
    lines(&mut out, "finding", &report.findings)?;
    lines(&mut out, "signature", &report.signatures)?;
    lines(&mut out, "unexplained-error", &report.unexplained_errors)?;
    lines(&mut out, "suppression", report.suppressions.as_deref().unwrap_or_default())?;
    lines(&mut out, "file", &report.inventory)?;
    Ok(out)
}

/// Appends a line for each of `values`.
pub fn lines<T: Serialize>(out: &mut String, kind: &'static str, values: &[T]) -> serde_json::Result<()> {
    values.iter().try_for_each(|value| line(out, kind, value))
}

fn line<T: Serialize>(out: &mut String, kind: &'static str, value: &T) -> serde_json::Result<()> {
    out.push_str(&to_json_line(&Line { r#type: kind, value })?);
    Ok(())
}
