//! The terminal: width, colours, progress. Messages go to standard error, data to standard output.

use super::{Color, Common, Exit};
use crate::model::Language;
use crate::report::text::Style;
use std::io::{self, IsTerminal, Write};

/// Writes `text` to standard output. A closed pipe ends the program quietly; any other failure is a message.
pub fn print(text: &str) -> Result<(), Exit> {
    print_bytes(text.as_bytes())
}

/// The same for a format that may be no text.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Exit::Clean),
        Err(error) => Err(complain(&format!("can't write to standard output: {error}"))),
    }
}

/// Says something on standard error that is no failure.
pub fn note(message: &str) {
    // A message that can't be written has nowhere else to go.
    let _ = writeln!(io::stderr(), "{}", crate::report::visible(message));
}

/// Says what went wrong, on standard error.
pub fn complain(message: &str) -> Exit {
    note(&format!("ecelens: {message}"));
    Exit::Error
}

/// Layout for text on standard output.
pub fn style(common: &Common) -> Style {
    let is_terminal = io::stdout().is_terminal();
    let width = terminal_size::terminal_size()
        .filter(|_| is_terminal)
        .map_or(100, |(width, _)| usize::from(width.0).clamp(60, 160));
    Style {
        width,
        color: wants_color(common.color, is_terminal),
        unicode: speaks_unicode(is_terminal),
        verbose: common.verbose,
        quiet: common.quiet,
    }
}

/// The language to speak: the one that was asked for, else, for text on a terminal, that of the locale, else English. So a file or a
/// pipe gets the same bytes on every machine.
pub fn language(common: &Common, is_text: bool) -> Language {
    match common.lang {
        Some(lang) => lang.into(),
        None if is_text && io::stdout().is_terminal() => locale().map_or(Language::English, |locale| spoken_in(&locale)),
        None => Language::English,
    }
}

/// The language of a locale: `it_IT.UTF-8` of Unix, `it-IT` of Windows.
fn spoken_in(locale: &str) -> Language {
    match locale.split(['_', '.', '@', '-']).next() {
        Some(code) if code.eq_ignore_ascii_case("it") => Language::Italian,
        _ => Language::English,
    }
}

/// What the environment says: the first of the variables that is set decides (POSIX, XBD 8.2).
#[cfg(not(windows))]
#[allow(clippy::disallowed_methods)]
fn locale() -> Option<String> {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// The first of the display languages that the user has chosen in Windows.
#[cfg(windows)]
fn locale() -> Option<String> {
    sys_locale::get_locale()
}

#[allow(clippy::disallowed_methods)]
fn wants_color(color: Color, is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto => match std::env::var_os("FORCE_COLOR").filter(|value| !value.is_empty()) {
            // Not to force is what a zero means elsewhere, too.
            Some(value) if value != "0" => true,
            _ => is_terminal,
        },
    }
}

/// A terminal of an old code page shows frames as rubbish; files and pipes are UTF-8.
#[allow(clippy::disallowed_methods)]
fn speaks_unicode(is_terminal: bool) -> bool {
    if !is_terminal {
        return true;
    }
    if cfg!(windows) {
        return std::env::var_os("WT_SESSION").is_some();
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

/// A progress bar on standard error; invisible where that is no terminal.
pub fn progress_bar(jobs: usize, quiet: bool) -> indicatif::ProgressBar {
    if quiet || jobs < 2 || !io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new_spinner();
    let template = indicatif::ProgressStyle::with_template("{spinner} {pos} files read");
    let style = template.unwrap_or_else(|_| indicatif::ProgressStyle::default_spinner());
    bar.set_style(if speaks_unicode(true) { style } else { style.tick_chars("-\\|/ ") });
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_of_both_worlds_name_their_language() {
        for locale in ["it", "it_IT.UTF-8", "it-IT", "IT-ch", "it@euro"] {
            assert_eq!(spoken_in(locale), Language::Italian, "{locale}");
        }
        for locale in ["", "C", "en_US.UTF-8", "ita", "de-IT"] {
            assert_eq!(spoken_in(locale), Language::English, "{locale}");
        }
    }
}
