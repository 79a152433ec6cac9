//! Commands that answered that there is no such recipient.

use super::{Context, Hint, command};
use crate::model::{Fact, NotFound, Origin};
use crate::parse::Findings;
use crate::syntax::Syntax;
use crate::text;
use regex::Regex;
use std::sync::LazyLock;

/// The console wraps errors anywhere, inside words too: the text is compared without any white space.
static MISSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)object['‘’`]([^'‘’`]{1,320})['‘’`](?:couldn['‘’`]t|couldnot)befoundon|ManagementObjectNotFoundException|HttpStatusCode=404|\[NotFound\]|Request_ResourceNotFound")
        .expect("a constant pattern")
});

/// Names in the Exchange errors that quote what was asked for, in whatever language the rest is.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"['‘’`]([^'‘’`]{1,320}@[^'‘’`]{1,320})['‘’`]").expect("a constant pattern"));

/// Cmdlets that look for recipients by any of their addresses. Directory cmdlets look by UPN only: that they find nothing says
/// nothing of a mailbox.
const FINDERS: &[Hint] = &[Hint::CasMailbox, Hint::Mailbox, Hint::MailboxPermission, Hint::RecipientPermission];

pub(super) fn parse(context: &Context<'_>, out: &mut Findings) {
    let section = context.section;
    if !matches!(section.syntax, Syntax::Lines | Syntax::FormatList | Syntax::Columns) {
        return;
    }
    let text = context.source.text;
    let bounds = text.line_start(section.first_line)..text.line_start(section.last_line.saturating_add(1));
    let Some(raw) = text.as_str().get(bounds) else { return };
    // Cheap refusal for the long files: an error always has one of these, even where the console cut it in two.
    if !["NotFound", "found", "couldn", "object", "404", "Except"]
        .iter()
        .any(|mark| raw.contains(mark))
    {
        return;
    }
    let mut folded = String::with_capacity(raw.len());
    let mut starts: Vec<(usize, u64)> = Vec::new();
    for (line, content) in (section.first_line..).zip(raw.lines()) {
        if section.command.as_ref().is_some_and(|c| c.line == line) {
            continue;
        }
        starts.push((folded.len(), line));
        folded.extend(content.chars().filter(|c| !c.is_whitespace()));
    }
    let cmdlet = section.command.as_ref().and_then(|c| command::read(&c.text));
    let finder = match &cmdlet {
        Some(_) => FINDERS.contains(&context.hint),
        // Without a prompt the error itself names the cmdlet.
        None => false,
    };
    let mut seen: Vec<NotFound> = Vec::new();
    for captures in MISSING.captures_iter(&folded) {
        let Some(whole) = captures.get(0) else { continue };
        let line = starts[..starts.partition_point(|(at, _)| *at <= whole.start())]
            .last()
            .map_or(section.first_line, |(_, line)| *line);
        let asked = context.asked.get().cloned();
        // The blanks of a name are gone in `folded`; the command has them.
        let quoted = captures.get(1).map(|m| m.as_str().to_lowercase());
        let identity = match (quoted, finder) {
            (Some(quoted), _) => match asked.filter(|a| a.replace(' ', "") == quoted) {
                Some(asked) => Some(asked),
                None => Some(quoted),
            },
            (None, true) => asked.or_else(|| QUOTED.captures(&folded).map(|c| c[1].to_lowercase())),
            (None, false) => None,
        };
        let Some(identity) = identity else { continue };
        let found = NotFound {
            identity,
            command: cmdlet.as_ref().map(|c| c.name.clone()),
            taken: section.printed,
        };
        if !seen.iter().any(|s| s.identity == found.identity) {
            out.recognise("exchange-not-found", text!("a command that found no such recipient"));
            let origin = Origin::line(context.source.path, line, text.line(line));
            out.facts.exchange.not_found.push(Fact::new(found.clone(), origin));
            seen.push(found);
        }
    }
}
