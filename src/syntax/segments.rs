//! Cuts a text into pieces of evidence: what people paste into one note, what a console prints one after the other.
//!
//! Each line is looked at once: the first reader that recognises its format takes as many lines as it can read. Lines that no
//! reader takes stay [`Syntax::Lines`]. Labels and properties have so weak a grammar that their lines stay line sections as well.

use super::lines::{Block, Lines};
use super::records::form;
use super::view::{Losses, View};
use super::{
    Command, Node, Section, Syntax, Value, clixml, columns, console, csv, format_list, html, json, label_value, mail, markdown, properties, xml,
};
use crate::model::Stamp;
use crate::text;
use std::ops::Range;

/// Most lines between the star lines of a transcript's header.
const STARS: usize = 60;
/// Records of labels and properties read from one text.
const WEAK: usize = 20_000;

/// Characters of a line of `FOR XML` and `FOR JSON` results.
const SQL_LINE: usize = 2033;
/// Views inside views: mails, pages, results put together again.
const NESTED: usize = 4;

/// Cuts `view` into sections. What a mail brings as files is handed back.
pub(super) fn read(view: &View<'_>, losses: &mut Losses, each: &mut dyn FnMut(Section)) -> Vec<mail::Attachment> {
    if !mail::begins(view.text()) {
        read_as(view, &Session::default(), 0, losses, each);
        return Vec::new();
    }
    let mail = mail::read(view, losses);
    let last = view.line(mail.head.end.saturating_sub(1));
    let head = Session::default().section(Syntax::Lines, None, view.line(0), last, Vec::new());
    each(head);
    for part in mail.parts {
        read_as(&part, &Session::default(), 1, losses, each);
    }
    mail.attachments
}

fn read_as(view: &View<'_>, session: &Session, depth: usize, losses: &mut Losses, each: &mut dyn FnMut(Section)) {
    let clean = cleaned(view);
    let view = clean.as_ref().unwrap_or(view);
    let mut segmenter = Segmenter {
        view,
        lines: Lines::of(view.text()),
        losses,
        each,
        session: session.clone(),
        pending: 0,
        budget: view.text().len().saturating_mul(4).saturating_add(1 << 20),
        weak: WEAK,
        depth,
    };
    segmenter.run();
}

/// The view without colours of a terminal (`ESC[…m`) and without the marks of a quoted mail (`> `); `None` if it has neither.
fn cleaned<'a>(view: &View<'a>) -> Option<View<'a>> {
    let text = view.text();
    let lines = Lines::of(text);
    let quoted = |i: usize| {
        let line = lines.line(i);
        line == ">" || line.starts_with("> ") || line.starts_with(">>") && !line.starts_with(">> ") || line.starts_with("> >")
    };
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut changed = false;
    let mut i = 0;
    while i < lines.len() {
        let run = (i..lines.len()).take_while(|&n| quoted(n)).count();
        let count = run.max(1);
        // One line with a mark may be anything, three are a quotation; but curl marks what it sends in the same way.
        let quotation = run >= 3 && !(i..i + run).any(|n| lines.line(n).contains(" HTTP/1.") || lines.line(n).contains(" HTTP/2"));
        for n in i..i + count {
            let (start, end) = (lines.start(n), lines.start(n + 1));
            let mark = match quotation {
                true => lines.line(n).len() - lines.line(n).trim_start_matches("> ").trim_start_matches('>').len(),
                false => 0,
            };
            changed |= mark > 0;
            let mut from = start + mark;
            while let Some(escape) = text[from..end].find("\u{1b}[") {
                let at = from + escape;
                let rest = &text[at + 2..end];
                let len = rest.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(rest.len());
                changed = true;
                kept.push(from..at);
                from = at + 2 + len + usize::from(rest[len..].starts_with(['m', 'K']));
            }
            kept.push(from..end);
        }
        i += count;
    }
    changed.then(|| view.joined(&kept))
}

/// What the lines above tell about those below.
#[derive(Clone, Default)]
struct Session {
    command: Option<Command>,
    prints_list: bool,
    host: Option<String>,
    printed: Option<Stamp>,
    /// Host of the prompt, for this command alone.
    remote: Option<String>,
}

struct Segmenter<'v, 's> {
    view: &'v View<'v>,
    lines: Lines<'v>,
    losses: &'s mut Losses,
    each: &'s mut dyn FnMut(Section),
    session: Session,
    /// First line that no section has yet.
    pending: usize,
    /// Bytes that may still be read in vain.
    budget: usize,
    weak: usize,
    depth: usize,
}

impl<'v> Segmenter<'v, '_> {
    fn run(&mut self) {
        self.whole_table();
        let mut index = self.pending;
        while index < self.lines.len() {
            if self.lines.is_blank(index) {
                index += 1;
                continue;
            }
            index = self
                .stars(index)
                .or_else(|| self.prompt(index))
                .or_else(|| self.block(index))
                .unwrap_or(index + 1);
        }
        self.flush(self.lines.len());
    }

    /// A text that is one table of delimited values from its first line on.
    fn whole_table(&mut self) {
        let Some(first) = self.lines.next_filled(0) else { return };
        let line = self.lines.whole(first);
        let text = self.lines.text();
        let other = json::begins(&text[self.lines.start(first)..])
            || json::member_begins(line)
            || line.trim_start().starts_with('<')
            || line.contains("_F52E2B61-18A1-11")
            || console::prompt(line).is_some()
            || markdown::read(self.view, &self.lines, first).is_some()
            || columns::is_ruler(self.lines.line(first + 1));
        if let Some(layout) = csv::sniff(text, self.lines.start(first)..text.len(), true).filter(|_| !other) {
            self.table(first, &layout, text.len(), false);
        }
    }

    /// Reads delimited rows from line `first` on, and returns the line behind them.
    fn table(&mut self, first: usize, layout: &csv::Layout, end: usize, inside_text: bool) -> usize {
        let weak = !layout.header;
        let mut parts: Vec<Vec<Node>> = Vec::new();
        self.flush(first);
        let (view, session) = (self.view, self.session.clone());
        let name = layout.name.clone();
        let start_line = view.line(self.lines.start(first));
        let each = &mut *self.each;
        let mut any = false;
        let end = csv::rows(view, layout, end, inside_text, self.losses, &mut |nodes| {
            if nodes.is_empty() && any {
                return;
            }
            let header = !std::mem::replace(&mut any, true);
            if weak {
                // Rows without names may be something else: their lines come first.
                parts.push(nodes);
                return;
            }
            let last_line = nodes.last().map_or(start_line, |n| n.place.line);
            let first_line = nodes.first().filter(|_| !header).map_or(start_line, |n| n.place.line);
            each(session.section(Syntax::Csv, name.clone(), first_line, last_line, nodes));
        });
        let next = if end >= self.lines.text().len() {
            self.lines.len()
        } else {
            self.lines.index_at(end.saturating_sub(1)) + 1
        };
        if weak {
            self.flush(next);
            // A form is small; a table in parts has no labels.
            if let [only] = parts.as_mut_slice() {
                *only = form(std::mem::take(only));
            }
            for nodes in parts {
                let first_line = nodes.first().map_or(start_line, |n| n.place.line);
                self.hand_out_shared(Syntax::Csv, name.clone(), first_line, nodes);
            }
        }
        self.pending = next;
        next
    }

    /// A transcript's header, end, or time of a command: the line behind it.
    fn stars(&mut self, index: usize) -> Option<usize> {
        if !console::is_star_line(self.lines.line(index)) {
            return None;
        }
        let close = (index + 1..(index + STARS).min(self.lines.len())).find(|&i| console::is_star_line(self.lines.line(i)))?;
        let found = console::stars((index + 1..close).map(|i| self.lines.line(i)))?;
        self.flush(index);
        match found {
            console::Stars::Header { host, printed } => {
                self.session = Session {
                    host,
                    printed,
                    ..Session::default()
                };
            }
            console::Stars::CommandStart(start) => {
                self.session.printed = Some(start);
                self.session.command = None;
            }
            console::Stars::End => {
                self.session.command = None;
                self.session.prints_list = false;
                self.flush(close + 1);
                self.session = Session::default();
            }
        }
        Some(close + 1)
    }

    /// A prompt: what follows is the output of its command.
    fn prompt(&mut self, index: usize) -> Option<usize> {
        let line = self.lines.line(index);
        let prompt = console::prompt(line)?;
        self.flush(index);
        let mut command = prompt.command.to_owned();
        let mut next = index + 1;
        while let Some(more) = console::continued(self.lines.line(next)).filter(|_| next - index < 200) {
            command.push(' ');
            command.push_str(more);
            next += 1;
        }
        self.session.remote = prompt.host.map(str::to_owned);
        self.session.prints_list = console::prints_list(&command);
        self.session.command = (!command.trim().is_empty()).then(|| Command {
            text: console::shown(command.trim()),
            line: self.view.line(self.lines.start(index)),
        });
        if console::asks_for_host(&command)
            && let Some(answer) = self
                .lines
                .next_filled(next)
                .filter(|&i| i - next <= 2 && console::is_host(self.lines.line(i)))
        {
            let host = self.lines.line(answer).trim().to_owned();
            match self.session.remote {
                Some(_) => self.session.remote = Some(host),
                None => self.session.host = Some(host),
            }
            next = answer + 1;
        }
        Some(next)
    }

    /// A piece of structured text that begins at line `index`, or whose header stands above it: the line behind it.
    fn block(&mut self, index: usize) -> Option<usize> {
        let whole = self.lines.whole(index);
        let trimmed = whole.trim_start_matches(['\u{FEFF}', ' ', '\t', '\u{A0}']);
        if let Some(next) = self
            .sql_result(index, trimmed)
            .or_else(|| self.markup(index, trimmed))
            .or_else(|| self.json(index, trimmed))
        {
            return Some(next);
        }
        let line = self.lines.line(index);
        if columns::is_ruler(line)
            && let Some((first, block)) = columns::read(self.view, &self.lines, self.pending, index, self.losses)
        {
            return Some(self.take(first, block));
        }
        if line.contains(['|', '+'])
            && let Some(block) = markdown::read(self.view, &self.lines, index)
        {
            return Some(self.take(index, block));
        }
        if line.contains(" :")
            && let Some(block) = format_list::read(self.view, &self.lines, index, self.session.prints_list, self.losses)
        {
            return Some(self.take(index, block));
        }
        // The line below a header is a ruler: its table is read from there.
        if columns::is_ruler(self.lines.line(index + 1)) || self.lines.is_blank(index + 1) && columns::is_ruler(self.lines.line(index + 2)) {
            return None;
        }
        if line.contains([',', ';', '\t', '|']) || line.starts_with("#TYPE ") || line.starts_with("sep=") {
            let end = self.lines.text().len();
            let start = self.lines.start(index);
            if let Some(layout) = csv::sniff(self.lines.text(), start..end, false) {
                return Some(self.table(index, &layout, end, true));
            }
        }
        None
    }

    /// JSON at the beginning of a line, or behind other text of the line.
    fn json(&mut self, index: usize, trimmed: &str) -> Option<usize> {
        let text = self.lines.text();
        let start = self.lines.start(index);
        let at = start + (self.lines.whole(index).len() - trimmed.len());
        if trimmed.starts_with(['{', '[', '"', '\u{201C}']) {
            let begins = json::begins(&text[at..]) || json::member_begins(&text[at..]);
            return if begins { self.documents(index, at, false) } else { None };
        }
        if trimmed.starts_with(['}', ']']) {
            // Brackets that a lost head has opened, with members behind them.
            const FAR: usize = 200;
            let closers = text[at..].bytes().take(FAR).take_while(|b| b"}], \t\r\n".contains(b)).count();
            let rest = &text[at + closers..];
            let begins = rest.starts_with(['{', '"']) && (json::begins(rest) || json::member_begins(rest));
            return if begins { self.documents(index, at + closers, false) } else { None };
        }
        let line = self.lines.line(index);
        let inner = ["{\"", "[{", "{ \"", "{“"].iter().filter_map(|open| line.find(open)).min();
        let inner = inner.or_else(|| line.trim_end().ends_with(['{', '[']).then(|| line.trim_end().len() - 1))?;
        // `{{"a":1}}` is how PowerShell prints a list whose item is JSON: a value of the property before it.
        if line[..inner].ends_with('{') || !json::begins(&text[start + inner..]) {
            return None;
        }
        self.documents(index, start + inner, true)
    }

    /// Reads JSON documents from offset `at` of line `index` on. `inside` tells that other text stands before it on the line.
    fn documents(&mut self, index: usize, at: usize, inside: bool) -> Option<usize> {
        let text = self.lines.text();
        let view = self.view;
        let mut locator = view.locator();
        let mut losses = Losses::default();
        let mut nodes: Vec<Node> = Vec::new();
        let (mut from, mut end) = (at, at);
        let mut filled = false;
        let mut spilled = at;
        loop {
            if self.budget == 0 {
                break;
            }
            let mut flushed = false;
            let read = json::document(view, from..text.len(), &mut locator, &mut losses, &mut |node| {
                if std::mem::replace(&mut flushed, true) || !nodes.is_empty() && node.place.offset.is_some_and(|o| o - spilled.min(o) > 4 << 20) {
                    spilled = node.place.offset.unwrap_or(spilled);
                    self.flush_before(index, inside, usize::MAX);
                    let (first, last) = range_of(&nodes);
                    self.hand_out(Syntax::Json, None, first, last, std::mem::take(&mut nodes));
                }
                nodes.push(node);
            });
            let Some(read) = read else { break };
            let sole = from == at && index == 0;
            if !read.filled && !sole {
                self.budget = self.budget.saturating_sub(read.end - from);
                nodes.pop();
                break;
            }
            filled = true;
            end = read.end;
            let rest = &text[end..];
            let skipped = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == ';' || read.fragment && "]}".contains(c));
            from = text.len() - skipped.len();
            if !(json::begins(skipped) || json::member_begins(skipped)) || inside && !rest[..rest.len() - skipped.len()].contains('\n') {
                break;
            }
        }
        if !filled {
            return None;
        }
        self.losses.append(losses);
        let next = self.claim(index, inside, end);
        let (mut first_line, last_line) = self.own_lines(index, inside);
        if spilled > at {
            first_line = range_of(&nodes).0;
        }
        self.hand_out(Syntax::Json, None, first_line, last_line, nodes);
        Some(next)
    }

    /// Takes the lines from `index` up to offset `end` out of the pending ones, but for those that hold other text as well.
    /// Returns the line behind them.
    fn claim(&mut self, index: usize, inside: bool, end: usize) -> usize {
        let last = self.lines.index_at(end.saturating_sub(1)).max(index);
        let tail = self
            .lines
            .text()
            .get(end..self.lines.start(last) + self.lines.whole(last).len())
            .unwrap_or("");
        let shared = !tail.trim_matches(|c: char| c.is_whitespace() || ",;)}]`'\"".contains(c)).is_empty();
        self.flush_before(index, inside, last);
        self.pending = match () {
            () if inside && last == index => self.pending,
            () if shared => last,
            () => last + 1,
        };
        last + 1
    }

    /// XML, CLIXML or HTML at the beginning of a line; an XML declaration and a CLIXML root also behind other text.
    fn markup(&mut self, index: usize, trimmed: &str) -> Option<usize> {
        let text = self.lines.text();
        let line_end = self.lines.start(index) + self.lines.whole(index).len();
        let mut at = line_end - trimmed.len();
        let mut inside = false;
        if trimmed.starts_with("#< CLIXML") {
            at = text[line_end..].find('<').map(|n| line_end + n)?;
        } else if !trimmed.starts_with('<') {
            let inner = ["<?xml ", "<Objs "].iter().filter_map(|open| self.lines.line(index).find(open)).min()?;
            at = self.lines.start(index) + inner;
            inside = true;
        }
        if html::begins(&text[at..]) && self.depth < NESTED {
            return Some(self.page(index, at));
        }
        if !xml::begins(&text[at..]) || self.budget == 0 {
            return None;
        }
        let view = self.view;
        let mut locator = view.locator();
        let mut losses = Losses::default();
        let mut more = Losses::default();
        let mut reader = clixml::Reader::default();
        let mut syntax = Syntax::Xml;
        let mut found: Vec<(Option<String>, Node)> = Vec::new();
        let read = xml::read(text, at..text.len(), &mut locator, &mut losses, &mut |element, level| match level {
            xml::Level::Item => {
                syntax = Syntax::Clixml;
                found.extend(reader.item(element, &mut more));
            }
            xml::Level::Root if &*element.name == "Objs" => syntax = Syntax::Clixml,
            xml::Level::Root => {
                let name = element.name.to_string();
                found.push((Some(name), element.into_node(true)));
            }
        });
        let declared = text[at..].starts_with("<?xml");
        let Some(read) = read.filter(|read| read.structured || declared) else {
            self.budget = self.budget.saturating_sub(read.map_or(text.len() - at, |read| read.seen - at));
            return None;
        };
        self.losses.append(losses);
        self.losses.append(more);
        let next = self.claim(index, inside, read.end);
        let (first_line, last_line) = self.own_lines(index, inside);
        if last_line < first_line {
            for (name, node) in found {
                self.hand_out_shared(syntax, name, first_line, vec![node]);
            }
            return Some(next);
        }
        let mut line = first_line;
        let mut groups = found.into_iter().peekable();
        while let Some((name, node)) = groups.next() {
            let mut nodes = vec![node];
            while let Some((_, node)) = groups.next_if(|(other, _)| *other == name) {
                nodes.push(node);
            }
            // A group reaches up to the next one.
            let until = groups.peek().map_or(last_line, |(_, node)| node.place.line.saturating_sub(1).max(line));
            self.hand_out(syntax, name, line, until, nodes);
            line = (until + 1).min(last_line);
        }
        Some(next)
    }

    /// A page of HTML: its tables, and the text around them as if it were a note.
    fn page(&mut self, index: usize, at: usize) -> usize {
        let page = html::read(self.view, at..self.lines.text().len(), self.losses);
        let next = self.claim(index, false, page.end);
        for (nodes, range) in page.tables {
            let (first, last) = (self.view.line(range.start), self.view.line(range.end.saturating_sub(1)));
            self.hand_out(Syntax::Html, None, first, last, nodes);
        }
        read_as(&page.text, &self.session, self.depth + 1, self.losses, self.each);
        next
    }

    /// Results of `FOR XML` and `FOR JSON`: one text, broken after every 2,033 characters, under a column name of its own.
    fn sql_result(&mut self, index: usize, trimmed: &str) -> Option<usize> {
        const MARK: &str = "_F52E2B61-18A1-11D1-B105-00805F49916B";
        if self.depth >= NESTED {
            return None;
        }
        let marked = trimmed.len() < SQL_LINE * 4 && trimmed.get(..60).unwrap_or(trimmed).to_ascii_uppercase().contains(MARK);
        let broken = |i: usize| {
            let line = self.lines.whole(i);
            (SQL_LINE..=SQL_LINE * 4).contains(&line.len()) && line.chars().count() == SQL_LINE
        };
        let first = match marked {
            true => {
                let below = self.lines.next_filled(index + 1)?;
                let ruler = self.lines.line(below).trim();
                let ruled = !ruler.is_empty() && ruler.chars().all(|c| c == '-');
                if ruled { below + 1 } else { below }
            }
            false if trimmed.starts_with(['<', '{', '[']) && broken(index) => index,
            false => return None,
        };
        let mut last = first;
        let mut ranges = Vec::new();
        while last < self.lines.len() && !self.lines.whole(last).trim().is_empty() {
            let start = self.lines.start(last);
            let line = self.lines.whole(last);
            // Padding of the column behind the text.
            let full = line.char_indices().nth(SQL_LINE).map_or(line.len(), |(at, _)| at);
            let len = if line[full..].trim().is_empty() { full } else { line.len() };
            ranges.push(start..start + len);
            last += 1;
            if !marked && !broken(last - 1) {
                break;
            }
        }
        if ranges.is_empty() {
            return None;
        }
        self.flush(index);
        self.pending = last;
        let joined = self.view.joined(&ranges);
        read_as(&joined, &self.session, self.depth + 1, self.losses, self.each);
        Some(last)
    }

    /// The lines that a piece has for itself, once it has been claimed: from line `index` on, or from the next one if other text
    /// stands before it there.
    fn own_lines(&self, index: usize, inside: bool) -> (u64, u64) {
        let first = index + usize::from(inside);
        if self.pending <= first {
            let line = self.line_number(index);
            return (line, line.saturating_sub(1));
        }
        (self.line_number(first), self.line_number(self.pending - 1))
    }

    fn flush_before(&mut self, index: usize, inside: bool, last: usize) {
        match inside {
            true if last == index => {}
            true => self.flush(index + 1),
            false => self.flush(index),
        }
    }

    /// Hands out a block that begins at line `first`.
    fn take(&mut self, first: usize, block: Block) -> usize {
        self.flush(first);
        let first_line = self.line_number(first);
        let last_line = self.line_number(block.next.saturating_sub(1).max(first));
        self.hand_out(block.syntax, block.name, first_line, last_line, block.nodes);
        self.pending = block.next;
        block.next
    }

    fn line_number(&self, index: usize) -> u64 {
        self.view.line(self.lines.start(index))
    }

    fn hand_out(&mut self, syntax: Syntax, name: Option<String>, first_line: u64, last_line: u64, nodes: Vec<Node>) {
        (self.each)(self.session.section(syntax, name, first_line, last_line, nodes));
    }

    /// Hands out a section whose lines belong to a section of lines.
    fn hand_out_shared(&mut self, syntax: Syntax, name: Option<String>, first_line: u64, nodes: Vec<Node>) {
        self.hand_out(syntax, name, first_line, first_line.saturating_sub(1), nodes);
    }

    /// Hands out the lines up to `until` that no section has, and what they hold of labels and properties.
    fn flush(&mut self, until: usize) {
        let range = self.pending..until.min(self.lines.len());
        self.pending = self.pending.max(until);
        let Some(first) = range.clone().find(|&i| !self.lines.is_blank(i)) else {
            return;
        };
        let last = range.clone().rev().find(|&i| !self.lines.is_blank(i)).unwrap_or(first);
        let nodes = match self.view.is_whole() {
            true => Vec::new(),
            false => self.decoded(first..last + 1),
        };
        let (first_line, last_line) = (self.line_number(first), self.line_number(last));
        self.hand_out(Syntax::Lines, None, first_line, last_line, nodes);
        self.weak_blocks(first..last + 1);
    }

    fn decoded(&self, range: Range<usize>) -> Vec<Node> {
        let mut locator = self.view.locator();
        range
            .map(|i| {
                let place = locator.place(self.lines.start(i));
                Node::new(Value::Text(self.lines.whole(i).into()), place)
            })
            .collect()
    }

    fn weak_blocks(&mut self, range: Range<usize>) {
        let mut index = range.start;
        while index < range.end && self.weak > 0 {
            let line = self.lines.line(index);
            let stop = |i: usize| i >= range.end;
            let block = if console::prompt(line).is_some() {
                None
            } else if label_value::is_pair(line) {
                label_value::read(self.view, &self.lines, index, &stop)
            } else if properties::is_pair(line) {
                properties::read(self.view, &self.lines, index, &stop)
            } else {
                None
            };
            let Some(block) = block else {
                index += 1;
                continue;
            };
            let first_line = self.line_number(index);
            let count: usize = block.nodes.iter().map(|n| n.entries().len()).sum();
            self.weak = self.weak.saturating_sub(count);
            if self.weak == 0 {
                self.losses.cut(
                    first_line,
                    text!(
                        "more than {count} lines of labels or properties: further ones are not read as such",
                        count = WEAK
                    ),
                );
            }
            index = block.next.max(index + 1);
            self.hand_out_shared(block.syntax, block.name, first_line, block.nodes);
        }
    }
}

impl Session {
    fn section(&self, syntax: Syntax, name: Option<String>, first_line: u64, last_line: u64, nodes: Vec<Node>) -> Section {
        Section {
            syntax,
            command: self.command.clone(),
            host: self.remote.clone().or_else(|| self.host.clone()),
            printed: self.printed,
            name,
            nodes,
            first_line,
            last_line,
        }
    }
}

fn range_of(nodes: &[Node]) -> (u64, u64) {
    let first = nodes.first().map_or(0, |n| n.place.line);
    (first, nodes.last().map_or(first, |n| n.place.line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use proptest::prelude::*;

    fn sections(content: &str) -> Vec<Section> {
        let text = Text::new(content.to_owned(), Encoding::Utf8, 0);
        let mut all = Vec::new();
        read(&View::whole(&text), &mut Losses::default(), &mut |s| all.push(s));
        all
    }

    fn shape(content: &str) -> Vec<(Syntax, u64, u64)> {
        sections(content).iter().map(|s| (s.syntax, s.first_line, s.last_line)).collect()
    }

    #[test]
    fn a_transcript_becomes_commands_with_output() {
        let content = "\u{FEFF}**********************\r\nWindows PowerShell transcript start\r\nStart time: 20250105170423\r\nMachine: ADM01 (Microsoft Windows NT 10.0.17763.0)\r\n**********************\r\nTranscript started, output file is C:\\Temp\\x.txt\r\nPS C:\\Windows\\system32> $p = ConvertTo-SecureString 'JSApl7VfhR6KgJ!7' -AsPlainText -Force\r\n\r\nPS C:\\> Get-CASMailbox |\r\n>> Format-Table Name,ImapEnabled\r\n\r\nName  ImapEnabled\r\n----  -----------\r\nSales True\r\n\r\nPS C:\\> Get-TransportConfig | fl Smtp*\r\n\r\n\r\nSmtpClientAuthenticationDisabled : True\r\n\r\nPS C:\\> Stop-Transcript\r\n**********************\r\nWindows PowerShell transcript end\r\nEnd time: 20250105173523\r\n**********************\r\nafter\r\n";
        let all = sections(content);
        let table = all.iter().find(|s| s.syntax == Syntax::Columns).unwrap();
        assert_eq!(table.command.as_ref().unwrap().text, "Get-CASMailbox | Format-Table Name,ImapEnabled");
        assert_eq!((table.host.as_deref(), table.first_line, table.last_line), (Some("ADM01"), 12, 14));
        assert_eq!(table.printed.unwrap().to_string(), "2025-01-05T17:04:23");
        let list = all.iter().find(|s| s.syntax == Syntax::FormatList && s.first_line == 19).unwrap();
        assert!(list.command.as_ref().unwrap().text.starts_with("Get-TransportConfig"));
        assert!(all.iter().all(|s| !s.command.as_ref().is_some_and(|c| c.text.contains("JSApl7"))));
        assert_eq!(all.last().unwrap().host, None);
    }

    #[test]
    fn hostname_proves_the_host() {
        let all = sections("C:\\>hostname\nECESVC01\n\nC:\\>telnet smtp.office365.com 587\nConnecting To smtp.office365.com...\n");
        let telnet = all
            .iter()
            .find(|s| s.command.as_ref().is_some_and(|c| c.text.starts_with("telnet")))
            .unwrap();
        assert_eq!(telnet.host.as_deref(), Some("ECESVC01"));
        let all = sections("[ECESVC02]: PS C:\\> Get-Date\nx\nPS C:\\> Get-Date\ny\n");
        assert_eq!(all.iter().map(|s| s.host.as_deref()).collect::<Vec<_>>(), [Some("ECESVC02"), None]);
    }

    #[test]
    fn a_note_with_everything() {
        let content = "Hi all,\nhere is the manifest:\n{\n  \"appId\": \"x\",\n  \"web\": {}\n}\nand the mailbox\n\nPrimarySmtpAddress : a@example.com\nImapEnabled        : True\n\nName,Imap,Pop\nsales,True,\n\n| a | b |\n|---|---|\n| 1 | 2 |\nbye\n";
        let found: Vec<_> = shape(content).into_iter().filter(|s| s.0 != Syntax::FormatList || s.1 == 9).collect();
        assert_eq!(
            found,
            [
                (Syntax::Lines, 1, 2),
                (Syntax::Json, 3, 6),
                (Syntax::Lines, 7, 7),
                (Syntax::FormatList, 9, 10),
                (Syntax::Csv, 12, 13),
                (Syntax::Markdown, 15, 17),
                (Syntax::Lines, 18, 18),
            ]
        );
    }

    #[test]
    fn json_behind_other_text_stays_a_line_too() {
        let found = shape("Response: {\"token_type\": \"Bearer\", \"expires_in\": 3599} ok\nmore\n");
        assert_eq!(found[..2], [(Syntax::Json, 1, 0), (Syntax::Lines, 1, 2)]);
        let found = shape("manifest = {\n \"appId\": \"x\"\n}\nend\n");
        assert_eq!(found[..2], [(Syntax::Lines, 1, 1), (Syntax::Json, 2, 3)], "{found:?}");
    }

    #[test]
    fn fragments_with_a_lost_head() {
        let all = sections("  ],\n  \"web\": {\n    \"redirectUris\": []\n  }\n}\n");
        assert_eq!(all[0].syntax, Syntax::Json);
        assert!(all[0].nodes[0].has("web"));
    }

    #[test]
    fn whole_tables_and_trailers() {
        let all = sections("Setting,Value\r\nExternal URL of Application,https://ece.example.com\r\n\r\n(1 rows affected)\r\n");
        assert_eq!((all[0].syntax, all[0].nodes.len()), (Syntax::Csv, 1));
        assert_eq!(all[1].syntax, Syntax::Lines);
        let two = sections("Name,Imap,Pop\na,True,True\n\nIdentity,User,AccessRights\nx,y,FullAccess\n");
        assert_eq!(two.iter().map(|s| s.nodes.len()).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn markup_is_found_in_prose() {
        let all =
            sections("see\n<Settings>\n <Setting name=\"External URL\" value=\"https://a\"/>\n</Settings>\nbye <sales@example.com>\n<b>x</b>\n");
        assert_eq!(
            all.iter().map(|s| (s.syntax, s.first_line, s.last_line)).collect::<Vec<_>>(),
            [(Syntax::Lines, 1, 1), (Syntax::Xml, 2, 4), (Syntax::Lines, 5, 6)]
        );
        assert_eq!(all[1].name.as_deref(), Some("Settings"));
        let all = sections(
            "PS C:\\> x\n#< CLIXML\n<Objs Version=\"1.1\" xmlns=\"x\"><Obj RefId=\"0\"><TN RefId=\"0\"><T>A.B</T></TN><MS><B N=\"Imap\">true</B></MS></Obj></Objs>\n",
        );
        assert_eq!(
            (all[1].syntax, all[1].name.as_deref(), all[1].first_line),
            (Syntax::Clixml, Some("A.B"), 2)
        );
        let all = sections(
            "<html><body><p>Hi</p><table><tr><th>Name</th></tr><tr><td>a</td></tr></table>\n<pre>\nImapEnabled : True\nPopEnabled  : True\n</pre></body></html>\n",
        );
        assert_eq!(
            all.iter().map(|s| (s.syntax, s.first_line)).collect::<Vec<_>>(),
            [(Syntax::Html, 1), (Syntax::Lines, 1), (Syntax::FormatList, 3)]
        );
    }

    #[test]
    fn sql_results_are_put_together_again() {
        let xml: String = (0..200)
            .map(|i| format!("<row setting_name=\"Setting {i}\" setting_val=\"v{i}\"/>"))
            .collect();
        let chars: Vec<char> = xml.chars().collect();
        let lines: Vec<String> = chars.chunks(SQL_LINE).map(|c| c.iter().collect()).collect();
        for content in [
            format!(
                "XML_F52E2B61-18A1-11d1-B105-00805F49916B\r\n{}\r\n{}\r\n\r\n(200 rows affected)\r\n",
                "-".repeat(256),
                lines.join("\r\n")
            ),
            format!("note\n{}\nend\n", lines.join("\n")),
        ] {
            let all = sections(&content);
            let found = all.iter().find(|s| s.syntax == Syntax::Xml).unwrap();
            assert_eq!(found.nodes.len(), 200);
            let last = found.nodes[199].get("setting_val").unwrap();
            assert_eq!(last.text(), Some("v199"));
            assert_eq!(
                content
                    .lines()
                    .nth(last.place.line as usize - 1)
                    .unwrap()
                    .chars()
                    .nth(last.place.column as usize - 1),
                Some('v')
            );
            assert_eq!(all.last().unwrap().syntax, Syntax::Lines);
        }
    }

    #[test]
    fn mails_colours_and_quotations() {
        let all = sections(
            "From: a@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGkKSW1hcEVuYWJsZWQgOiBUcnVlClBvcEVuYWJsZWQgIDogRmFsc2UK\n",
        );
        assert_eq!(
            all.iter().map(|s| s.syntax).collect::<Vec<_>>(),
            [Syntax::Lines, Syntax::Lines, Syntax::FormatList]
        );
        assert_eq!(all[1].nodes[0].text(), Some("Hi"));
        assert_eq!(all[2].nodes[0].get("PopEnabled").unwrap().boolean(), Some(false));
        let all = sections("\u{1b}[32;1mName  Imap\u{1b}[0m\n\u{1b}[32;1m----  ----\u{1b}[0m\nsales True\n");
        assert_eq!(all[0].nodes[0].get("Imap").unwrap().text(), Some("True"));
        let all = sections("> Hi,\n> ImapEnabled : True\n> PopEnabled  : False\n>\n> bye\n");
        let list = all.iter().find(|s| s.syntax == Syntax::FormatList).unwrap();
        assert_eq!((list.first_line, list.nodes[0].get("PopEnabled").unwrap().place.column), (2, 17));
    }

    #[test]
    fn rows_without_headers_are_read_as_well_as_they_can_be() {
        let all = sections("External URL of Application,https://ece.example.com\nSession time out,60\n");
        assert_eq!(all.iter().map(|s| s.syntax).collect::<Vec<_>>(), [Syntax::Lines, Syntax::Csv]);
        assert_eq!(
            all[1].nodes[0].get("External URL of Application").unwrap().text(),
            Some("https://ece.example.com")
        );
    }

    #[test]
    fn native_tools_stay_lines() {
        for content in [
            "Your keystore contains 11 entries\n\namazonrootca1 [jdk], Aug 25, 2021, trustedCertEntry, \nCertificate fingerprint (SHA1): 94:54:1A\nx [jdk], Aug 25, 2021, trustedCertEntry, \n",
            "    Protocol  : TLSv1.2\n    Cipher    : X\n    Verify return code: 0 (ok)\n",
            "10.1.1.1\tece.example.com\n10.1.1.2\tdb\n",
            "Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : ECESVC01\n   Primary Dns Suffix  . . . . . . . : example.com\n",
            "2024-01-05 10:00:00,123 INFO a\n2024-01-05 10:00:01,124 INFO b\n",
        ] {
            let count = content.lines().filter(|l| !l.is_empty()).count() as u64;
            let found: u64 = sections(content)
                .iter()
                .filter(|s| s.syntax == Syntax::Lines)
                .map(|s| s.last_line - s.first_line + 1)
                .sum();
            assert!(found >= count, "{content}: {:?}", shape(content));
        }
    }

    /// Every line stands in exactly one section.
    fn check_cover(content: &str) {
        let all = sections(content);
        let lines = content.lines().count();
        let mut any = vec![0; lines + 2];
        for s in &all {
            (s.first_line..=s.last_line).for_each(|l| any[l as usize] += 1);
        }
        assert!(any.iter().all(|n| *n <= 1), "{content:?} {any:?}");
        for (i, line) in content.lines().enumerate() {
            assert!(
                line.trim().is_empty() || any[i + 1] > 0 || line.trim().chars().all(|c| "[]{},;\u{FEFF}\"".contains(c)),
                "line {} of {content:?} is lost",
                i + 1
            );
        }
    }

    const SAMPLE: &str = "Hi,\nPS C:\\> x | fl\n\nName : a\nImap : {a, b...}\n\n{\"a\": [1, {\"b\": \"é\"}]}\nN   V\n--- ---\n1   2\n\nA,B,C\n1,2,3\n| a | b |\n|---|---|\n| 1 | 2 |\nk=v\n**********************\nStart: 20250105170423\n**********************\n";

    #[test]
    fn every_truncation_covers_its_lines() {
        for end in (0..=SAMPLE.len()).filter(|at| SAMPLE.is_char_boundary(*at)) {
            check_cover(&SAMPLE[..end]);
        }
    }

    proptest! {
        #[test]
        fn any_mix_of_formats_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "<?xml version=\"1.0\"?>", "<a b=\"1\">", "</a>", "<row x='é'/>", "<html><table><tr><td>x", "</table>", "<pre>", "#< CLIXML", "<Objs><Obj RefId=\"0\"><MS>", "<S N=\"a\">_x000A_</S>",
            "XML_F52E2B61-18A1-11d1-B105-00805F49916B", "--------", "{\"a\":", "[", "\"b\": [", "}", "x {\"a\": 1} y", "Name : {a, b", "N  V", "-- --", "1  é…", "a,b,c", "\"x\",,\"", "| a |", "|---|",
            "Label: value", "k=v", "PS C:\\> hostname", "HOST1", "**********************", "T: 20250105170423", "> quoted", "\u{1b}[1mx", "From: a", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=B", "--B", "",
        ]), 0..40), glue in "[\n\r ]{1,2}") {
            sections(&parts.join(glue.as_str()));
        }

        #[test]
        fn any_mix_of_lines_is_covered(picks in prop::collection::vec((0usize..20, 0usize..30), 0..30)) {
            let lines: Vec<&str> = SAMPLE.lines().collect();
            let content: String = picks.iter().map(|(line, cut)| {
                let text = lines[*line % lines.len()];
                let text: String = text.chars().take(*cut).collect();
                text + "\n"
            }).collect();
            check_cover(&content);
        }
    }
}
