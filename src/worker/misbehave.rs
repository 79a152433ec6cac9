//! A format that exists for tests alone, in programs with debug assertions: what follows the mark of an OLE file tells the worker how
//! to misbehave. The other side knows nothing of it.

use crate::bundle::FileView;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;

const ASKED: &[u8] = b"\xD0\xCF\x11\xE0 misbehave: ";

/// Misbehaves as `bytes` ask, if they do.
#[allow(clippy::panic)]
pub fn as_asked(bytes: &[u8], output: &mut dyn Write) -> io::Result<()> {
    match bytes.strip_prefix(ASKED).unwrap_or_default() {
        b"sleep" => loop {
            std::thread::park();
        },
        b"spin" => loop {
            black_box(());
        },
        b"allocate" => {
            let mut all = Vec::new();
            loop {
                all.push(black_box(vec![1u8; 1 << 20]));
            }
        }
        b"panic" => panic!("as the file asks"),
        b"abort" => std::process::abort(),
        b"exit" => std::process::exit(0),
        b"overflow" => {
            black_box(deeper(1));
        }
        b"flood" => loop {
            output.write_all(b"{\"version\":1}\n{\"sheet\":\"")?;
            (0..1 << 27).try_for_each(|_| output.write_all(b"flood"))?;
        },
        b"rubbish" => {
            output.write_all(b"\x1b]0;rubbish\x07{\"version\":")?;
            output.flush()?;
            std::process::exit(0);
        }
        b"open" => {
            let opened = FileView::open(Path::new("/etc/passwd"));
            let said = if opened.is_ok() { "opened" } else { "barred" };
            writeln!(output, "{{\"version\":1}}{{\"refused\":\"{said}\"}}\"end\"")?;
            output.flush()?;
            std::process::exit(0);
        }
        _ => {}
    }
    Ok(())
}

/// Overflows the stack.
fn deeper(n: u64) -> u64 {
    let held = black_box([n; 64]);
    if n == 0 { 0 } else { deeper(black_box(n + 1)) + held[0] }
}
