//! The map of names as a table: agreement at a glance.

use super::super::Report;
use super::super::names::EXTERNAL;
use super::{esc, section, table};
use crate::say;
use std::fmt::Write;

pub fn names(out: &mut String, report: &Report) {
    let language = report.language;
    section(out, "names", &say!(language, "Names of ECE"));
    if report.names.is_empty() {
        let none = say!(language, "The evidence names neither an external URL nor a redirect URI.");
        let _ = writeln!(out, "<p>{none}</p></section>");
        return;
    }
    let rule = say!(
        language,
        "The host of the external URL must be the host of a registered redirect URI, and of those that ECE sends."
    );
    let _ = writeln!(out, "<p class=\"dim\">{rule}</p>");
    let headings = [String::new(), say!(language, "What"), say!(language, "Name"), say!(language, "Where")];
    table(out, "", &headings);
    for row in &report.names {
        let (class, mark) = match row.agrees {
            None if row.what == EXTERNAL => ("", String::new()),
            None => ("unknown", "?".to_owned()),
            Some(true) => ("pass", say!(language, "= agrees")),
            Some(false) => ("fail", say!(language, "≠ differs")),
        };
        let text = esc(&row.text);
        let shown = match &row.host {
            // The host is what is compared: it stands out.
            Some(host) => text.replacen(&esc(host), &format!("<strong>{}</strong>", esc(host)), 1),
            None => text,
        };
        let differs = match row.differs.as_slice() {
            [] => String::new(),
            found => {
                let list: Vec<String> = found.iter().map(|difference| difference.words().render(language)).collect();
                let text = say!(language, "not registered; the nearest differs in {list}", list = list.join(", "));
                format!("<br><span class=\"fail\">{}</span>", esc(&text))
            }
        };
        let _ = writeln!(
            out,
            "<tr><td class=\"{class} time\">{mark}</td><td>{}</td><td><code>{shown}</code>{differs}</td><td><span class=\"place dim\">{}</span></td></tr>",
            language.of(row.what),
            esc(&row.at.place())
        );
    }
    out.push_str("</tbody></table></div></section>\n");
}
