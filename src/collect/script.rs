//! Writing the scripts: what each one says of itself, how its output is kept, what has to be filled in.

use super::Script;
use super::command::Step;
use crate::finding::Role;
use crate::model::Language;
use crate::report::text::wrap;
use crate::report::visible_line;
use crate::say;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::LazyLock;

/// `<client id of ECE>`: something that the report doesn't know.
pub(super) static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<([A-Za-z][A-Za-z0-9 _-]{0,60})>").expect("a constant pattern"));

/// Columns of a script's comments.
const WIDTH: usize = 132;

/// What runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Interpreter {
    Cmd,
    PowerShell,
    Sql,
    ByHand,
}

/// Which script a step belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub role: Role,
    pub interpreter: Interpreter,
    /// The server; `None`: any, or every one.
    pub host: Option<String>,
}

/// A want's share of a script.
pub(super) struct Part {
    pub evidence: String,
    pub checks: Vec<String>,
    pub steps: Vec<Step>,
}

impl Target {
    fn name(&self) -> String {
        let role = match self.role {
            Role::EceAdmin => "ece-admin",
            Role::EntraAdmin => "entra-admin",
            Role::ExchangeAdmin => "exchange-admin",
            Role::Network => "network",
        };
        match (self.interpreter, &self.host) {
            (Interpreter::Cmd, Some(host)) => format!("collect-server-{}.cmd", host.to_lowercase()),
            (Interpreter::Cmd, None) => "collect-each-server.cmd".to_owned(),
            (Interpreter::PowerShell, _) => format!("collect-{role}.ps1"),
            (Interpreter::Sql, _) => "collect-database.sql".to_owned(),
            (Interpreter::ByHand, _) => format!("collect-{role}-by-hand.txt"),
        }
    }

    fn output(&self) -> String {
        let name = self.name();
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        match (self.interpreter, &self.host) {
            // Each server's output has a name of its own.
            (Interpreter::Cmd, None) => "evidence-%COMPUTERNAME%.txt".to_owned(),
            _ => format!("{}.txt", stem.replacen("collect", "evidence", 1)),
        }
    }
}

/// A name for what has to be filled in: `<client id of ECE>` becomes `ClientIdOfEce`.
fn variable(placeholder: &str) -> String {
    placeholder
        .split([' ', '_', '-'])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut chars = word.chars();
            let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
            first + &chars.as_str().to_lowercase()
        })
        .collect()
}

/// The script of one target.
pub(super) fn write(target: &Target, parts: Vec<Part>, language: Language) -> Script {
    let mut seen = BTreeSet::new();
    let mut body = String::new();
    let mut fill_in: BTreeMap<String, String> = BTreeMap::new();
    let mark = match target.interpreter {
        Interpreter::PowerShell => "#",
        Interpreter::Cmd => "::",
        Interpreter::Sql => "--",
        Interpreter::ByHand => "",
    };
    for part in parts {
        // A command that another want asked for already would only repeat its output.
        let steps: Vec<Step> = part.steps.into_iter().filter(|step| seen.insert(format!("{step:?}"))).collect();
        if steps.is_empty() {
            continue;
        }
        let settles = match part.checks.is_empty() {
            true => String::new(),
            false => format!(" ({})", say!(language, "settles {checks}", checks = part.checks.join(", "))),
        };
        let title = visible_line(&format!("{}{settles}", part.evidence));
        match target.interpreter {
            Interpreter::ByHand => _ = writeln!(body, "[ ] {title}"),
            Interpreter::Cmd => _ = writeln!(body, "{mark} {}", title.replace('%', "%%")),
            _ => _ = writeln!(body, "{mark} {title}"),
        }
        for step in steps {
            let line = step_lines(target, &step, &mut fill_in);
            body.push_str(&line);
        }
        body.push('\n');
    }
    let text = format!("{}{body}{}", head(target, &fill_in, language), foot(target));
    let text = match target.interpreter {
        Interpreter::Cmd | Interpreter::PowerShell => text.replace('\n', "\r\n"),
        _ => text,
    };
    Script {
        name: target.name(),
        role: target.role,
        text,
    }
}

fn step_lines(target: &Target, step: &Step, fill_in: &mut BTreeMap<String, String>) -> String {
    let filled = |text: &str, fill_in: &mut BTreeMap<String, String>, open: &str, close: &str| {
        PLACEHOLDER
            .replace_all(text, |captures: &regex::Captures<'_>| {
                let name = variable(&captures[1]);
                fill_in.insert(name.clone(), captures[0].to_owned());
                format!("{open}{name}{close}")
            })
            .into_owned()
    };
    match (target.interpreter, step) {
        (Interpreter::PowerShell, Step::PowerShell(command)) => {
            // In single quotes a variable would stay its name.
            let unquoted = PLACEHOLDER_QUOTED.replace_all(command, |captures: &regex::Captures<'_>| {
                let before = captures.get(0).map_or("", |whole| &command[..whole.start()]);
                let inside_double_quotes = before.matches('"').count() % 2 == 1;
                captures[if inside_double_quotes { 0 } else { 1 }].to_owned()
            });
            let command = filled(&unquoted, fill_in, "$", "");
            // The prompt tells a reader, and ecelens, which command printed what, and for whom.
            let prompt = match command == unquoted || command.starts_with('$') {
                true => format!("'PS> {}'", command.replace('\'', "''")),
                false => format!("\"PS> {}\"", command.replace('"', "\"\"")),
            };
            format!("{prompt}\n{command}\n")
        }
        (Interpreter::Cmd, Step::PowerShell(command)) => {
            let command = filled(&command.replace('%', "%%"), fill_in, "%", "%");
            format!("powershell -NoProfile -Command \"{}\"\n", command.replace('"', "'"))
        }
        (Interpreter::Cmd, Step::Cmd(command)) => format!("{}\n", filled(&command.replace('%', "%%"), fill_in, "%", "%")),
        (Interpreter::Sql, Step::Sql(query)) => format!("{query};\n"),
        (Interpreter::ByHand, step) => format!("    {}\n", visible_line(words_of(step))),
        (Interpreter::PowerShell, other) => format!("# {}\n", visible_line(words_of(other))),
        (Interpreter::Cmd, other) => format!(":: {}\n", visible_line(words_of(other)).replace('%', "%%")),
        (Interpreter::Sql, other) => format!("-- {}\n", visible_line(words_of(other))),
    }
}

/// `'<mailbox>'`, the placeholder alone in single quotes.
static PLACEHOLDER_QUOTED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"'(<[A-Za-z][A-Za-z0-9 _-]{0,60}>)'").expect("a constant pattern"));

fn words_of(step: &Step) -> &str {
    match step {
        Step::PowerShell(text) | Step::Sql(text) | Step::Cmd(text) | Step::Remark(text) | Step::ByHand(text) => text,
    }
}

/// What a script says of itself, and what it needs before its first command.
fn head(target: &Target, fill_in: &BTreeMap<String, String>, language: Language) -> String {
    let output = target.output();
    let mut head = String::new();
    match target.interpreter {
        Interpreter::PowerShell => {
            let connect = match target.role {
                Role::ExchangeAdmin => "Connect-ExchangeOnline",
                _ => "Connect-MgGraph -Scopes 'Application.Read.All','Directory.Read.All','Policy.Read.All','User.Read.All','AuditLog.Read.All'",
            };
            let what = say!(
                language,
                "Evidence that ecelens still needs. Every command only reads. Read the script, then run it in Windows PowerShell or PowerShell 7, and send back {output} and every file that it names.",
                output
            );
            wrap(&mut head, "# ", "# ", &what, WIDTH);
            wrap(&mut head, "# ", "# ", &say!(language, "Sign in first, in the same window:"), WIDTH);
            _ = write!(head, "#   {connect}\n\n");
            for (name, placeholder) in fill_in {
                _ = writeln!(head, "${name} = '{placeholder}'  # {}", say!(language, "fill in"));
            }
            if !fill_in.is_empty() {
                head.push('\n');
            }
            let whole = say!(language, "Lists are shown whole: a list that is cut proves nothing.");
            _ = write!(head, "# {whole}\n$FormatEnumerationLimit = -1\n\n& {{\n\n");
        }
        Interpreter::Cmd => {
            let place = match &target.host {
                Some(host) => say!(language, "on {host}", host),
                None => say!(language, "on each ECE server (application and services servers)"),
            };
            let what = say!(
                language,
                "Evidence that ecelens still needs. Every command only reads. Read the script, then run it {place}, in a cmd window, and send back {output} and every file that the script names:",
                place,
                output
            );
            wrap(&mut head, ":: ", ":: ", &what, WIDTH);
            _ = write!(head, "::   {} > {output} 2>&1\n\n", target.name());
            for (name, placeholder) in fill_in {
                let fill_in = say!(language, "fill in {placeholder}", placeholder = visible_line(placeholder));
                _ = writeln!(head, ":: {fill_in}\nset \"{name}=\"");
            }
            if !fill_in.is_empty() {
                head.push('\n');
            }
            head.push_str("date /t & time /t\nhostname\n\n");
        }
        Interpreter::Sql => {
            let what = say!(
                language,
                "Evidence that ecelens still needs. Every statement only reads. Read them, then run them in SQL Server Management Studio against the active database and save each result as CSV with headers, or with:"
            );
            wrap(&mut head, "-- ", "-- ", &what, WIDTH);
            let name = target.name();
            _ = write!(head, "--   sqlcmd -S <database server> -E -i {name} -o {output} -W -s \"|\"\n\n");
        }
        Interpreter::ByHand => {
            let who = match target.role {
                Role::EceAdmin => say!(language, "ECE administrator"),
                Role::EntraAdmin => say!(language, "Entra administrator"),
                Role::ExchangeAdmin => say!(language, "Exchange administrator"),
                Role::Network => say!(language, "network administrator"),
            };
            let what = say!(
                language,
                "Evidence that ecelens still needs, which no script can fetch. For: {who}. Never send passwords, client secrets or tokens.",
                who
            );
            wrap(&mut head, "", "", &what, WIDTH);
            head.push('\n');
        }
    }
    head
}

fn foot(target: &Target) -> String {
    match target.interpreter {
        Interpreter::PowerShell => format!("}} *>&1 | Out-File -FilePath .\\{} -Encoding utf8 -Width 4096\n", target.output()),
        _ => String::new(),
    }
}
