//! The map of names as a table: agreement at a glance.

use super::super::Report;
use super::esc;
use std::fmt::Write;

pub fn section(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"names\"><h2 id=\"names\">Names of ECE</h2>\n");
    if report.names.is_empty() {
        out.push_str("<p>The evidence names neither an external URL nor a redirect URI.</p></section>\n");
        return;
    }
    out.push_str("<p class=\"dim\">The host of the external URL must be the host of a registered redirect URI, and of those that ECE sends.</p>\n<div class=\"scroll\"><table><thead><tr><th></th><th>What</th><th>Name</th><th>Where</th></tr></thead><tbody>\n");
    for row in &report.names {
        let (class, mark) = match row.agrees {
            None if row.what == "external URL" => ("", ""),
            None => ("unknown", "?"),
            Some(true) => ("pass", "= agrees"),
            Some(false) => ("fail", "≠ differs"),
        };
        let text = esc(&row.text);
        let shown = match &row.host {
            // The host is what is compared: it stands out.
            Some(host) => text.replacen(&esc(host), &format!("<strong>{}</strong>", esc(host)), 1),
            None => text,
        };
        let _ = writeln!(
            out,
            "<tr><td class=\"{class} time\">{mark}</td><td>{}</td><td><code>{shown}</code></td><td><span class=\"place dim\">{}</span></td></tr>",
            esc(row.what),
            esc(&row.at.place())
        );
    }
    out.push_str("</tbody></table></div></section>\n");
}
