//! Where a report goes: pairs of format and file, or standard output. Files are written whole or not at all.

use super::{Exit, interrupt, terminal};
use crate::bundle::file_beside;
use crate::report::{self, Rendering, Report, text::Style};
use clap::ValueEnum;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Formats of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// The JSON report, schema version 1 (`ecelens schema`).
    Json,
    /// One JSON line for each cause, finding, error text and file.
    Ndjson,
    /// SARIF 2.1.0, for code-scanning tools.
    Sarif,
    /// One self-contained page: filters, timeline, map of names, ports grid.
    Html,
    /// A note for the case: the short form, then the full one.
    Markdown,
    /// The action list: who must do what where.
    Csv,
    /// The action list as a workbook.
    Xlsx,
    /// JUnit XML, for build servers.
    Junit,
}

/// One output: a format, and a file or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its format.
    pub format: Format,
    /// Its file; `None`: standard output.
    pub file: Option<PathBuf>,
}

/// Pairs `--format` and `--output` in the order in which they stand: a file takes the format before it, or the one behind it if
/// none is free, or text. A format without a file goes to standard output.
pub fn pair(formats: &[(usize, Format)], files: &[(usize, PathBuf)]) -> Vec<Output> {
    enum Given<'a> {
        Format(Format),
        File(&'a PathBuf),
    }
    let mut given: Vec<(usize, Given<'_>)> = formats.iter().map(|(at, f)| (*at, Given::Format(*f))).collect();
    given.extend(files.iter().map(|(at, f)| (*at, Given::File(f))));
    given.sort_by_key(|(at, _)| *at);
    let mut outputs: Vec<Output> = Vec::new();
    let mut free: Option<Format> = None;
    let mut waiting: Option<PathBuf> = None;
    for (_, next) in given {
        match (next, free.take(), waiting.take()) {
            (Given::File(file), Some(format), _) => outputs.push(Output {
                format,
                file: Some(file.clone()),
            }),
            (Given::File(file), None, before) => {
                outputs.extend(before.map(|file| Output {
                    format: Format::Text,
                    file: Some(file),
                }));
                waiting = Some(file.clone());
            }
            (Given::Format(format), None, Some(file)) => outputs.push(Output { format, file: Some(file) }),
            (Given::Format(format), before, _) => {
                outputs.extend(before.map(|format| Output { format, file: None }));
                free = Some(format);
            }
        }
    }
    outputs.extend(free.map(|format| Output { format, file: None }));
    outputs.extend(waiting.map(|file| Output {
        format: Format::Text,
        file: Some(file),
    }));
    if outputs.is_empty() {
        outputs.push(Output {
            format: Format::Text,
            file: None,
        });
    }
    outputs
}

/// Writes the report to each output.
pub fn write(report: &Report, outputs: &[Output], style: &Style) -> Result<(), Exit> {
    for output in outputs {
        let style = styled(style, output.file.as_deref());
        let bytes = render(report, output.format, &style).map_err(|error| terminal::complain(&format!("the report can't be written: {error}")))?;
        deliver(&bytes, output.file.as_deref())?;
    }
    Ok(())
}

/// The layout of what goes to `file`: a file is the same whatever terminal it is written from.
pub fn styled(style: &Style, file: Option<&Path>) -> Style {
    match file {
        None => *style,
        Some(_) => Style {
            color: false,
            unicode: true,
            width: 100,
            ..*style
        },
    }
}

/// Puts `bytes` into `file`, whole or not at all, or on standard output.
pub fn deliver(bytes: &[u8], file: Option<&Path>) -> Result<(), Exit> {
    match file {
        None => terminal::print_bytes(bytes),
        Some(file) => write_whole(file, bytes).map_err(|error| terminal::complain(&format!("{}: can't be written: {error}", file.display()))),
    }
}

/// Evidence is never overwritten: an error if `file` exists and is one of the inputs, or lies in one.
pub fn keep_off<'a>(file: Option<&Path>, inputs: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), Exit> {
    let Some((file, real)) = file.and_then(|file| Some((file, file.canonicalize().ok()?))) else {
        return Ok(());
    };
    match inputs
        .into_iter()
        .filter_map(|input| input.canonicalize().ok())
        .any(|input| real.starts_with(input))
    {
        true => Err(terminal::complain(&format!(
            "{}: is part of the input; write the report elsewhere",
            file.display()
        ))),
        false => Ok(()),
    }
}

fn render(report: &Report, format: Format, style: &Style) -> Result<Vec<u8>, String> {
    let rendering = match format {
        Format::Text => return Ok(report::text::render(report, style).into_bytes()),
        Format::Json => return report::to_json(report).map(String::into_bytes).map_err(|error| error.to_string()),
        Format::Ndjson => Rendering::Ndjson,
        Format::Sarif => Rendering::Sarif,
        Format::Html => Rendering::Html,
        Format::Markdown => Rendering::Markdown,
        Format::Csv => Rendering::Csv,
        Format::Xlsx => Rendering::Xlsx,
        Format::Junit => Rendering::Junit,
    };
    report::render(report, rendering)
}

/// Writes a file by a temporary one beside it and a rename: after a crash there is the old file or the new one, never half of one.
/// A link stays, and what it names is replaced. A device or a pipe is written to as it is.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _uninterrupted = interrupt::hold_off();
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let mut temporary = file_beside(path)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    // The new name lasts only once the folder is on the disk too; Windows has no such call.
    #[cfg(unix)]
    File::open(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_formats_and_files_in_their_order() {
        let shown = |formats: &[(usize, Format)], files: &[(usize, &str)]| {
            let files: Vec<_> = files.iter().map(|(at, f)| (*at, PathBuf::from(f))).collect();
            pair(formats, &files)
                .iter()
                .map(|o| format!("{:?}:{}", o.format, o.file.as_ref().map_or("-".into(), |f| f.display().to_string())))
                .collect::<Vec<_>>()
                .join(" ")
        };
        use Format::*;
        assert_eq!(shown(&[], &[]), "Text:-");
        assert_eq!(shown(&[(1, Json)], &[]), "Json:-");
        assert_eq!(shown(&[(1, Json), (5, Text)], &[(3, "a.json")]), "Json:a.json Text:-");
        assert_eq!(shown(&[(3, Json)], &[(1, "a.json")]), "Json:a.json");
        assert_eq!(shown(&[], &[(1, "a.txt")]), "Text:a.txt");
    }

    #[cfg(unix)]
    #[test]
    #[allow(clippy::disallowed_methods)]
    fn what_is_no_file_is_not_replaced_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).expect("a link");
        write_whole(&null, b"report").expect("written to the device");
        assert!(!null.metadata().expect("still there").is_file());
        let real = folder.path().join("report");
        std::fs::write(&real, "old").expect("a file");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&real, &link).expect("a link");
        write_whole(&link, b"new").expect("written behind the link");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&real).expect("a file"), b"new");
    }
}
