//! Evidence of the network and of the servers: port tests, name look-ups, proxies, trust stores, certificates, bindings.
//!
//! Records with property names (`Test-NetConnection`, bindings, `system-properties`) come as nodes, whatever they are written in
//! ([`bags`]); the output of native tools comes as lines ([`console`]), each tool with its own small reader.

mod binding;
mod certificate;
mod curl;
mod der;
mod hosts_file;
mod iis_log;
mod jvm;
mod keytool;
mod lookup;
mod machine;
mod netstat;
mod openssl;
mod output;
mod port_test;
mod proxy;
pub mod remote_analyzer;
mod telnet;

use super::Findings;
use crate::syntax::{Section, Source, Syntax};
use output::Output;

/// Reads the records of a section that are evidence of the network.
pub fn bags(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    port_test::bags(source, section, findings);
    lookup::bags(source, section, findings);
    machine::bags(source, section, findings);
    proxy::bags(source, section, findings);
    jvm::bags(source, section, findings);
    binding::bags(source, section, findings);
}

/// Reads the output of native tools in a member's lines.
pub fn console(source: &Source<'_>, sections: &[Section], findings: &mut Findings) {
    for output in output::outputs(source, sections) {
        for read in READERS {
            read(&output, findings);
        }
    }
    certificate::pem(source, sections, findings);
}

/// A reader of one tool's output; it looks for the tool's own marks and does nothing without them.
type Reader = fn(&Output<'_>, &mut Findings);

const READERS: &[Reader] = &[
    port_test::lines,
    telnet::lines,
    curl::lines,
    openssl::lines,
    lookup::lines,
    netstat::lines,
    machine::lines,
    hosts_file::lines,
    proxy::lines,
    jvm::lines,
    keytool::lines,
    certificate::printcert,
    iis_log::lines,
];

/// Formats whose text is data of another kind: no tool's output is looked for in them.
fn is_document(syntax: Syntax) -> bool {
    matches!(syntax, Syntax::Json | Syntax::Xml | Syntax::Clixml | Syntax::Sheet | Syntax::Html)
}
