//! What was read, and how far.

use super::super::{Report, words};
use super::{esc, section, table};
use crate::{counted, say};
use std::fmt::Write;

pub fn inventory(out: &mut String, report: &Report) {
    let language = report.language;
    section(out, "inventory", &say!(language, "Inventory"));
    let headings = [
        say!(language, "File"),
        say!(language, "Taken for"),
        say!(language, "Size"),
        say!(language, "Records"),
        say!(language, "First, last"),
        say!(language, "Note"),
    ];
    table(out, "", &headings);
    for row in &report.inventory {
        let time = |t: &Option<String>| t.as_ref().map(|t| esc(t)).unwrap_or_default();
        let mut notes: Vec<String> = Vec::new();
        notes.extend(row.problem.as_ref().map(|p| format!("<span class=\"fail\">{}</span>", esc(p))));
        notes.extend(row.copy_of.as_ref().map(|of| say!(language, "copy of {of}", of = esc(of))));
        if row.losses > 0 {
            let lost: Vec<String> = row.lost.iter().map(|l| format!("<li>{}</li>", esc(l))).collect();
            notes.push(format!(
                "<details><summary class=\"warn\">{}</summary><ul>{}</ul></details>",
                words::lost(row.losses, language),
                lost.concat()
            ));
        }
        if row.kind == "unknown" && !row.why.is_empty() {
            notes.push(esc(&row.why));
        }
        if !row.used_by.is_empty() {
            notes.push(format!(
                "<details><summary>{}</summary>{}</details>",
                counted!(row.used_by.len(), "used by 1 check", "used by {count} checks").render(language),
                esc(&row.used_by.join(", "))
            ));
        }
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td class=\"time {}\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"time\">{}<br>{}</td><td class=\"note\">{}</td></tr>",
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
