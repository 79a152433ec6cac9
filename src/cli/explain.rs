//! `ecelens explain`: everything known about a check, a signature or a code, offline.

use super::{Common, Exit, terminal};
use crate::model::Language;
use crate::report::{text::wrap, to_json, visible_line};
use crate::say;
use crate::signatures::Catalogue;
use crate::signatures::explain::{Answer, Explanation, explain};
use clap::{Args, ValueEnum};
use std::fmt::Write;

/// Formats of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    Text,
    Json,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// Ids of checks or signatures, codes in any spelling (AADSTS50011, 50011, 5.7.139, invalid_grant), a pasted error message, or
    /// words to search for ("refresh token expired").
    #[arg(value_name = "ID", required = true)]
    questions: Vec<String>,
    /// Format of the answer.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: ExplainFormat,
    #[command(flatten)]
    common: Common,
}

/// Runs `explain`. Words that name nothing exactly get the nearest names; the exit code is 2 if there are none.
pub fn run(arguments: &ExplainArguments) -> Exit {
    let catalogue = Catalogue::builtin();
    let language = terminal::language(&arguments.common, arguments.format == ExplainFormat::Text);
    let answer = |question: &String| match explain(&catalogue, question) {
        Answer::Found(found) => Answer::Found(found.into_iter().map(|explanation| explanation.told_in(language)).collect()),
        Answer::Similar(similar) => Answer::Similar(similar.into_iter().map(|suggestion| suggestion.told_in(language)).collect()),
    };
    let answers: Vec<Answer> = arguments.questions.iter().map(answer).collect();
    let text = match arguments.format {
        ExplainFormat::Json => to_json(&answers).unwrap_or_default(),
        ExplainFormat::Text => {
            let width = terminal::style(&arguments.common).width;
            let mut text = String::new();
            for (question, answer) in arguments.questions.iter().zip(&answers) {
                tell(&mut text, question, answer, language, width);
            }
            text
        }
    };
    if let Err(exit) = terminal::print(&text) {
        return exit;
    }
    if answers.iter().all(|answer| matches!(answer, Answer::Found(_))) {
        Exit::Clean
    } else {
        Exit::Error
    }
}

fn tell(text: &mut String, question: &str, answer: &Answer, language: Language, width: usize) {
    match answer {
        Answer::Found(explanations) => explanations.iter().for_each(|explanation| tell_one(text, explanation, language, width)),
        Answer::Similar(suggestions) if suggestions.is_empty() => {
            let _ = writeln!(
                text,
                "{}",
                say!(language, "Nothing is known as \"{question}\".", question = visible_line(question))
            );
        }
        Answer::Similar(suggestions) => {
            let _ = writeln!(
                text,
                "{}",
                say!(
                    language,
                    "Nothing is named \"{question}\". Did you mean:",
                    question = visible_line(question)
                )
            );
            for suggestion in suggestions {
                wrap(text, &format!("  {:<36} ", suggestion.id), &" ".repeat(39), &suggestion.what, width);
            }
        }
    }
}

fn tell_one(text: &mut String, e: &Explanation, language: Language, width: usize) {
    let code = e.code.as_ref().map(|c| format!("  {c}")).unwrap_or_default();
    let role = e.role.map(|r| format!(", {}", r.name())).unwrap_or_default();
    let _ = writeln!(text, "{}{code}  ({}{role})", e.id, format!("{:?}", e.severity).to_lowercase());
    let mut paragraph = |label: &str, body: &str| {
        if !body.is_empty() {
            wrap(text, &format!("  {label:<13} "), &" ".repeat(16), body, width);
        }
    };
    paragraph(&say!(language, "what"), &e.what);
    paragraph(&say!(language, "why"), &e.why);
    paragraph(&say!(language, "evidence"), &e.evidence);
    for (index, cause) in e.causes.iter().enumerate() {
        paragraph(
            &if index == 0 { say!(language, "causes") } else { String::new() },
            &format!("{}. {cause}", index + 1),
        );
    }
    for (index, step) in e.remedy.iter().enumerate() {
        paragraph(
            &if index == 0 { say!(language, "what to do") } else { String::new() },
            &format!("{}. {step}", index + 1),
        );
    }
    for (index, touched) in e.touches.iter().enumerate() {
        paragraph(&if index == 0 { say!(language, "touches also") } else { String::new() }, touched);
    }
    paragraph(&say!(language, "note"), &e.note);
    paragraph(&say!(language, "example"), e.examples.first().map_or("", String::as_str));
    paragraph(&say!(language, "related"), &e.related.join(", "));
    for (index, reference) in e.references.iter().enumerate() {
        paragraph(&if index == 0 { say!(language, "sources") } else { String::new() }, reference);
    }
    text.push('\n');
}
