//! Readers of the outputs, by makers other than ecelens where there are any: what each of them would act on.

use super::attacks::MARK;
use markdown::mdast::Node;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is wrong with an output, in the eyes of what reads it.
pub fn wrong(name: &str, bytes: &[u8]) -> Vec<String> {
    if name.ends_with(".xlsx") {
        return workbook(bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return vec!["no UTF-8".into()];
    };
    let mut wrong = Vec::new();
    let shown = match name.contains("colours") {
        true => without_colours(text),
        false => text.to_owned(),
    };
    wrong.extend(shown.char_indices().find(|(at, c)| acts(*c, &shown[*at..])).map(|(at, c)| {
        let around: String = shown[..at].chars().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect();
        format!("a raw {c:?} behind `{around}`")
    }));
    wrong.extend(match name.rsplit('.').next().unwrap_or_default() {
        "html" => page(text),
        "md" => markdown_document(text),
        "csv" => table(text),
        "junit" => xml(
            text,
            &[
                "testsuites",
                "testsuite",
                "testcase",
                "properties",
                "property",
                "failure",
                "skipped",
                "system-out",
            ],
        ),
        "json" | "sarif" => serde_json::from_str::<Value>(text)
            .err()
            .map(|error| error.to_string())
            .into_iter()
            .collect(),
        "ndjson" => text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).err())
            .map(|error| error.to_string())
            .collect(),
        "ps1" => shell(text, "#"),
        "cmd" => shell(text, "::"),
        "sql" => shell(text, "--"),
        _ => Vec::new(),
    });
    if name.ends_with(".sarif") {
        wrong.extend(links_of_messages(text));
    }
    wrong
}

/// A character that a terminal, an editor or a pager acts on. `rest` begins with it: a line may end with CR LF.
fn acts(c: char, rest: &str) -> bool {
    match c {
        '\n' => false,
        '\r' => !rest.starts_with("\r\n"),
        '\u{AD}' | '\u{61C}' | '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => true,
        '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' => true,
        c => c.is_control(),
    }
}

/// Without the colours that ecelens sets itself.
fn without_colours(text: &str) -> String {
    let codes = [
        "\u{1b}[0m",
        "\u{1b}[1m",
        "\u{1b}[2m",
        "\u{1b}[1;31m",
        "\u{1b}[33m",
        "\u{1b}[32m",
        "\u{1b}[36m",
    ];
    codes.iter().fold(text.to_owned(), |text, code| text.replace(code, ""))
}

/// Elements and attributes of a page: they are ours, and no text of a bundle made one.
fn page(text: &str) -> Vec<String> {
    let mut wrong: BTreeSet<String> = BTreeSet::new();
    for what in ["<script", "<style", "</script", "</style"] {
        if text.matches(what).count() != 1 {
            wrong.insert(format!("{} times `{what}`", text.matches(what).count()));
        }
    }
    // What stands in these two is ours.
    let own = |element: &str| text.find(&format!("<{element}>")).zip(text.find(&format!("</{element}>")));
    let mut rest = text.to_owned();
    for (from, to) in [own("script"), own("style")].into_iter().flatten() {
        rest.replace_range(from..to, "");
    }
    let mut rest = rest.as_str();
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = end_of_tag(rest);
        let (tag, behind) = rest.split_at(end);
        rest = behind;
        let tag = tag.trim_end_matches('/');
        let (element, attributes) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
        let known = element.strip_prefix('/').unwrap_or(element);
        if !ELEMENTS.contains(&known) {
            wrong.insert(format!("an element <{element}>"));
        }
        for attribute in names_of_attributes(attributes) {
            if !ATTRIBUTES.contains(&attribute.as_str()) {
                wrong.insert(format!("an attribute {attribute} of <{element}>"));
            }
        }
    }
    let links = text.split("href=\"").skip(1).filter(|link| !link.starts_with('#'));
    wrong.extend(links.map(|link| format!("a link to {}", link.chars().take(30).collect::<String>())));
    wrong.into_iter().collect()
}

/// Where a tag ends: behind the first `>` outside of quotes.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// Names of the attributes of a tag, whose values stand in double quotes.
fn names_of_attributes(text: &str) -> Vec<String> {
    let outside: Vec<&str> = text.split('"').step_by(2).collect();
    let words = outside.iter().flat_map(|part| part.split_whitespace());
    words
        .map(|word| word.trim_end_matches('=').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "!doctype", "!DOCTYPE", "html", "head", "meta", "title", "style", "script", "body", "header", "footer", "main", "nav", "section", "h1", "h2", "h3", "p",
    "a", "b", "code", "mark", "span", "div", "ol", "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "caption",
    "details", "summary", "input", "label", "button", "svg", "g", "rect", "line", "text", "path", "circle", "small", "strong", "em", "br", "article", "i",
];

#[rustfmt::skip]
const ATTRIBUTES: &[&str] = &[
    "lang", "charset", "name", "content", "http-equiv", "id", "class", "href", "type", "for", "hidden", "open", "placeholder", "title", "scope",
    "colspan", "rowspan", "role", "aria-label", "aria-labelledby", "viewBox", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r",
    "d", "html", "text-anchor", "checked", "value", "data-verdict", "tabindex", "rx", "dy", "dx",
];

/// A document of Markdown, read as GitHub reads it: the attack is text, or stands in code spans.
fn markdown_document(text: &str) -> Vec<String> {
    let tree = markdown::to_mdast(text, &markdown::ParseOptions::gfm()).expect("every text is Markdown");
    let mut wrong = BTreeSet::new();
    let mut nodes = vec![&tree];
    while let Some(node) = nodes.pop() {
        let kind = match node {
            Node::Html(_) => Some("HTML"),
            Node::Image(_) | Node::ImageReference(_) => Some("an image"),
            Node::LinkReference(_) | Node::Definition(_) => Some("a link"),
            // What looks like an address becomes a link by itself, and shows where it leads.
            Node::Link(link) if !link.url.ends_with(&node.to_string()) => Some("a link"),
            Node::Emphasis(_) | Node::Delete(_) => Some("emphasis"),
            Node::Strong(_) if node.to_string().contains(MARK) => Some("emphasis"),
            Node::Heading(_) if heading_text(node).contains(MARK) => Some("a heading"),
            Node::Code(_) => Some("a block of code"),
            Node::Table(_) => Some("a table"),
            Node::Blockquote(_) => Some("a quotation"),
            Node::FootnoteReference(_) | Node::FootnoteDefinition(_) => Some("a footnote"),
            Node::ThematicBreak(_) | Node::Break(_) => Some("a break"),
            _ => None,
        };
        if let Some(kind) = kind {
            wrong.insert(format!("{kind}: {}", node.to_string().chars().take(60).collect::<String>()));
        }
        nodes.extend(node.children().into_iter().flatten());
    }
    wrong.into_iter().collect()
}

/// What a heading says outside of code spans.
fn heading_text(node: &Node) -> String {
    let text = node.children().into_iter().flatten().filter(|child| matches!(child, Node::Text(_)));
    text.map(ToString::to_string).collect()
}

/// Cells that a spreadsheet would take for a formula, whatever separates its cells.
fn table(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut wrong = Vec::new();
    for row in reader.records() {
        match row {
            Ok(row) => wrong.extend(row.iter().filter(|cell| is_formula(cell)).map(|cell| format!("a formula: {cell}"))),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    wrong
}

fn is_formula(cell: &str) -> bool {
    let starts = |part: &str| part.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    cell.split([',', ';', '|', '\t', '\n', '"']).any(starts)
}

/// Elements of XML, if it is well-formed.
fn xml(text: &str, known: &[&str]) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut wrong = BTreeSet::new();
    loop {
        match reader.read_event() {
            Err(error) => return vec![format!("not well-formed: {error}")],
            Ok(Event::Eof) => return wrong.into_iter().collect(),
            Ok(Event::Start(e) | Event::Empty(e)) => {
                let name = e.name().as_ref().to_owned();
                if !known.contains(&&*name) {
                    wrong.insert(format!("an element <{name}>"));
                }
                wrong.extend(e.attributes().filter_map(Result::err).map(|error| error.to_string()));
            }
            Ok(Event::Comment(_) | Event::CData(_) | Event::DocType(_) | Event::PI(_)) => _ = wrong.insert("no element".into()),
            Ok(_) => {}
        }
    }
}

/// Parts of a workbook: texts and numbers, no formula, no link, nothing from elsewhere.
fn workbook(bytes: &[u8]) -> Vec<String> {
    let known = [
        "worksheet",
        "sheetData",
        "row",
        "c",
        "is",
        "t",
        "v",
        "cols",
        "col",
        "autoFilter",
        "pageSetUpPr",
        "pageSetup",
        "sheetPr",
        "sheetViews",
        "sheetView",
        "pane",
        "Types",
        "Default",
        "Override",
        "Relationships",
        "Relationship",
        "workbook",
        "sheets",
        "sheet",
        "styleSheet",
        "fonts",
        "font",
        "sz",
        "name",
        "b",
        "fills",
        "fill",
        "patternFill",
        "borders",
        "border",
        "left",
        "right",
        "top",
        "bottom",
        "diagonal",
        "cellStyleXfs",
        "xf",
        "cellXfs",
        "alignment",
        "definedNames",
        "definedName",
    ];
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a workbook is an archive");
    let mut wrong = Vec::new();
    for index in 0..archive.len() {
        let mut text = String::new();
        let mut part = archive.by_index(index).expect("a part");
        std::io::Read::read_to_string(&mut part, &mut text).expect("UTF-8");
        wrong.extend(xml(&text, &known));
        // `_x001B_` stands for a character in a cell.
        let codes = text.match_indices("_x").filter(|(at, _)| {
            let code = text[at + 2..].get(..5).unwrap_or_default();
            code.ends_with('_') && code != "005F_" && code[..4].bytes().all(|b| b.is_ascii_hexdigit()) && !text[..*at].ends_with("_x005F")
        });
        wrong.extend(codes.map(|(at, _)| format!("a coded character: {}", &text[at..at + 7])));
        wrong.extend(text.chars().find(|c| *c != '\n' && acts(*c, "")).map(|c| format!("a raw {c:?}")));
    }
    wrong
}

/// Commands that an attack is more of than an argument. `comment` begins a comment.
fn shell(text: &str, comment: &str) -> Vec<String> {
    let commands = text.lines().filter(|line| line.contains(MARK) && !line.trim_start().starts_with(comment));
    let is_argument = |word: &str| !word.contains(MARK) || word.chars().all(|c| c.is_alphanumeric() || "._%+-=@/*'\"\\".contains(c));
    let is_even = |line: &str, quote| line.matches::<char>(quote).count().is_multiple_of(2);
    let is_closed = |line: &str| is_even(line, '\'') && is_even(line, '"');
    let bad = commands.filter(|line| !is_closed(line) || !line.split_whitespace().all(is_argument));
    bad.map(|line| format!("a command: {line}")).collect()
}

/// Links in messages of SARIF: `[text](place)` is one in a plain text too (3.11.6).
fn links_of_messages(text: &str) -> Vec<String> {
    let log: Value = serde_json::from_str(text).unwrap_or_default();
    let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
    let messages = results.iter().filter_map(|result| result["message"]["text"].as_str());
    let link = regex::Regex::new(r"(?:^|[^\\])(?:\\\\)*\[[^\]\\]*(?:\\.[^\]\\]*)*\]\(").expect("a constant pattern");
    messages
        .filter_map(|message| link.find(message))
        .map(|found| format!("a link: {}", found.as_str()))
        .collect()
}
