//! From the wording of a want to steps: commands that read, and everything else.

use crate::report::visible;
use regex::Regex;
use std::sync::LazyLock;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A PowerShell pipeline that reads.
    PowerShell(String),
    /// A query.
    Sql(String),
    /// A native command that reads.
    Cmd(String),
    /// A remark on the command before it.
    Remark(String),
    /// Prose: a screen, a file to copy, or a command that isn't known to be harmless.
    ByHand(String),
}

/// A want, taken apart.
pub(super) struct Read {
    /// The server that it has to be run on, if one is named.
    pub host: Option<String>,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

static ON_HOST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(?i:on|su)\s+([^:;]{1,80}):\s+").expect("a constant pattern"));
static HOST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})$").expect("a constant pattern"));
/// A remark in brackets behind a command.
static REMARK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s+\(([a-z][^()]*(?:\s|:)[^()]*)\)\s*$").expect("a constant pattern"));

/// Cmdlets that read what ecelens wants, and the formatters behind them. An address of a bundle may end a command and begin another:
/// that one is run only if it stands here too.
static STAGE: LazyLock<Regex> = LazyLock::new(|| {
    const READS: &str = "CASMailbox|Mailbox|MailboxPermission|RecipientPermission|Recipient|DistributionGroupMember|TransportConfig|MsolUser|\
         MgUser|MgUserLicenseDetail|MgApplication|MgServicePrincipal|MgServicePrincipalOauth2PermissionGrant|MgServicePrincipalAppRoleAssignedTo|\
         MgPolicyTokenLifetimePolicy|MgPolicyIdentitySecurityDefaultEnforcementPolicy|MgIdentityConditionalAccessPolicy|\
         MgIdentityConditionalAccessNamedLocation";
    let stage = r"^(?:\$\w+(?:\.\w+)*$|(?:\$\w+ = )?Get-(?:READS)\b|Test-NetConnection\b|Resolve-DnsName\b|Select-Object\b|Sort-Object\b|Format-(?:List|Table)\b|ConvertTo-(?:Json|Csv)\b|Out-File [\w.-]+$|Invoke-MgGraphRequest -Uri '[^']*'(?: -OutputType Json)?$)";
    Regex::new(&stage.replace("READS", READS)).expect("a constant pattern")
});

/// Native tools that read. A redirection may only name a plain file beside the script.
static NATIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"^(?:hostname|nslookup [\w.-]+|ipconfig /all|netstat -ano|netsh winhttp show proxy|type [\w:\\. -]+|w32tm /stripchart [\w:/. -]+|curl\.exe -v https://[\w./-]+|"[^"]+\\keytool" -list [^&|^()<>]*|"[^"]+\\java" -version|wmic process where "name='java\.exe'" get CommandLine)(?: > [\w.-]+)?$"#,
    )
    .expect("a constant pattern")
});

/// Words that make a statement more than a query.
static WRITES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:insert|update|delete|drop|alter|create|truncate|merge|exec|execute|into|grant|revoke|deny|shutdown|waitfor|openrowset|xp_\w+|sp_\w+)\b|--|/\*|;")
        .expect("a constant pattern")
});

/// Takes a want's wording apart. Whatever isn't wholly known to be harmless becomes a step by hand.
pub(super) fn read(how: &str) -> Read {
    // A line break or a control character could end a comment or begin a command; what an editor hides or reorders is shown.
    let how: String = visible(how)
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let (host, rest) = match ON_HOST.captures(&how) {
        Some(captures) => {
            let place = captures[1].trim().to_owned();
            let host = (HOST.is_match(&place)).then_some(place);
            (host, how[captures[0].len()..].to_owned())
        }
        None => (None, how.clone()),
    };
    let mut steps = Vec::new();
    let lead_is_host = rest.len() != how.len();
    let (prose, commands) = split_prose(&rest);
    if !prose.is_empty() {
        steps.push(Step::ByHand(prose));
    }
    if let Some(query) = commands.strip_prefix("SELECT ") {
        steps.push(query_step(query));
        return Read { host, steps };
    }
    for piece in pieces(&commands) {
        push(&mut steps, &piece);
    }
    // Prose that began with "on …:" keeps its beginning.
    if lead_is_host && steps.iter().all(|step| matches!(step, Step::ByHand(_))) {
        steps = vec![Step::ByHand(how)];
    }
    Read { host, steps }
}

/// Prose in front of a query or of a command, and the rest.
fn split_prose(text: &str) -> (String, String) {
    let tidy = |prose: &str| {
        let prose = prose.trim().trim_end_matches([':', ';', ',']).trim();
        let prose = ["or PowerShell", "oppure PowerShell", "PowerShell"]
            .iter()
            .find_map(|end| prose.strip_suffix(end))
            .unwrap_or(prose);
        prose.trim().trim_end_matches([';', ',', '.']).trim().to_owned()
    };
    if let Some(at) = text.find("SELECT ") {
        let lead = &text[..at];
        // "SQL on the active database: " says no more than the script does.
        let alternative = before(lead, [". Or SQL", ". Oppure SQL"]);
        let prose = if lead.starts_with("SQL") {
            String::new()
        } else {
            tidy(before(alternative, ["; before", "; prima"]))
        };
        let prose = ["; or", "; oppure"]
            .iter()
            .find_map(|end| prose.strip_suffix(end))
            .unwrap_or(&prose)
            .trim()
            .to_owned();
        return (prose, text[at..].to_owned());
    }
    match text.find("PowerShell: ") {
        Some(at) => (tidy(&text[..at + "PowerShell".len()]), text[at + "PowerShell: ".len()..].to_owned()),
        None => (String::new(), text.to_owned()),
    }
}

/// What stands before the first of `words`, in whichever language a report was written.
fn before<'a>(text: &'a str, words: [&str; 2]) -> &'a str {
    let at = words.iter().filter_map(|word| text.find(word)).min();
    text.get(..at.unwrap_or(text.len())).unwrap_or(text)
}

fn query_step(query: &str) -> Step {
    let statement = format!("SELECT {}", query.trim().trim_end_matches(['.', ';']));
    let (statement, _) = without_remark(&statement);
    // What stands behind the query in the sentence isn't part of it.
    let ends = [" on the active database", " sul database attivo"]
        .iter()
        .filter_map(|end| statement.find(end))
        .min()
        .unwrap_or(statement.len());
    let statement = statement.get(..ends).unwrap_or_default().trim().to_owned();
    let harmless = !WRITES.is_match(&statement) && statement.contains(" FROM ") && balanced(&statement);
    if harmless { Step::Sql(statement) } else { Step::ByHand(statement) }
}

/// Splits at semicolons outside quotes and brackets.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quote = None;
    let mut brackets = 0_u32;
    for c in text.chars() {
        match (quote, c) {
            (None, '(') => brackets += 1,
            (None, ')') => brackets = brackets.saturating_sub(1),
            (None, ';') if brackets == 0 => {
                pieces.push(String::new());
                continue;
            }
            // An apostrophe inside a word quotes nothing.
            (None, '"') => quote = Some(c),
            (None, '\'') if !pieces.last().is_some_and(|p| p.ends_with(char::is_alphanumeric)) => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => {}
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces.into_iter().map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
}

/// A command without the remark in brackets behind it.
fn without_remark(text: &str) -> (String, Option<String>) {
    match REMARK.captures(text) {
        Some(captures) => {
            let at = captures.get(0).map_or(text.len(), |m| m.start());
            (text[..at].trim().to_owned(), Some(captures[1].to_owned()))
        }
        None => (text.trim().to_owned(), None),
    }
}

fn push(steps: &mut Vec<Step>, piece: &str) {
    let (command, remark) = without_remark(piece);
    let command = command.trim_end_matches(',').trim();
    let is_powershell = powershell_is_harmless(command);
    let step = if is_powershell {
        Step::PowerShell(command.to_owned())
    } else if NATIVE.is_match(&super::script::PLACEHOLDER.replace_all(command, "x")) {
        Step::Cmd(command.to_owned())
    } else {
        Step::ByHand(piece.to_owned())
    };
    let by_hand = matches!(step, Step::ByHand(_));
    match (steps.last_mut(), step) {
        // Prose that was cut at its semicolons is one step.
        (Some(Step::ByHand(before)), Step::ByHand(more)) => {
            before.push_str("; ");
            before.push_str(&more);
        }
        // A variable counts for the pipelines behind it.
        (Some(Step::PowerShell(before)), Step::PowerShell(more)) if before.starts_with('$') => {
            before.push_str("; ");
            before.push_str(&more);
        }
        (_, step) => steps.push(step),
    }
    if let Some(remark) = remark.filter(|_| !by_hand) {
        steps.push(Step::Remark(remark));
    }
}

/// True if every stage of the pipeline reads, and nothing in it can do more than its name says.
fn powershell_is_harmless(command: &str) -> bool {
    // Quotes of print begin and end a text in PowerShell too: of what isn't ASCII, only letters stand in a name.
    let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii() && !"`&{}()<>".contains(c);
    let filled = super::script::PLACEHOLDER.replace_all(command, "x");
    // `@` stands in addresses only; elsewhere it begins an array or splats.
    let in_address = |at: usize| filled[..at].ends_with(|c: char| c.is_alphanumeric() || "._-+".contains(c));
    filled.chars().all(is_plain)
        && filled.match_indices('@').all(|(at, _)| in_address(at))
        && balanced(&filled)
        && stages(&filled).iter().all(|stage| STAGE.is_match(stage.trim()))
}

/// Stages of a pipeline; a bar inside quotes separates nothing.
fn stages(command: &str) -> Vec<String> {
    let mut stages = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (None, '|') => {
                stages.push(String::new());
                continue;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => {}
        }
        if let Some(stage) = stages.last_mut() {
            stage.push(c);
        }
    }
    stages
}

/// True if every quote is closed.
fn balanced(command: &str) -> bool {
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => {}
        }
    }
    quote.is_none()
}
