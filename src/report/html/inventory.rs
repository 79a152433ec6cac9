//! What was read, and how far.

use super::super::Report;
use super::esc;
use std::fmt::Write;

pub fn section(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"inventory\"><h2 id=\"inventory\">Inventory</h2>\n<div class=\"scroll\"><table><thead><tr><th>File</th><th>Taken for</th><th>Size</th><th>Records</th><th>First, last</th><th>Note</th></tr></thead><tbody>\n");
    for row in &report.inventory {
        let time = |t: &Option<String>| t.as_ref().map(|t| esc(t)).unwrap_or_default();
        let mut notes: Vec<String> = Vec::new();
        notes.extend(row.problem.as_ref().map(|p| format!("<span class=\"fail\">{}</span>", esc(p))));
        notes.extend(row.copy_of.as_ref().map(|of| format!("copy of {}", esc(of))));
        if row.losses > 0 {
            let lost: Vec<String> = row.lost.iter().map(|l| format!("<li>{}</li>", esc(l))).collect();
            notes.push(format!(
                "<details><summary class=\"warn\">{} lost</summary><ul>{}</ul></details>",
                row.losses,
                lost.concat()
            ));
        }
        if row.kind == "unknown" && !row.why.is_empty() {
            notes.push(esc(&row.why));
        }
        if !row.used_by.is_empty() {
            notes.push(format!(
                "<details><summary>used by {}</summary>{}</details>",
                row.used_by.len(),
                esc(&row.used_by.join(", "))
            ));
        }
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td class=\"time {}\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"time\">{}<br>{}</td><td>{}</td></tr>",
            esc(&row.path),
            if row.kind == "unknown" { "unknown" } else { "" },
            esc(&row.kind),
            crate::bundle::size_words(row.bytes),
            if row.records > 0 { row.records.to_string() } else { String::new() },
            time(&row.first),
            time(&row.last),
            notes.join(" ")
        );
    }
    out.push_str("</tbody></table></div></section>\n");
}
