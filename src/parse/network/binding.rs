//! Bindings of IIS sites: under which host names the web server answers.

use crate::model::{Binding, Fact};
use crate::parse::Findings;
use crate::syntax::{Node, Section, Source, Value};
use crate::text;

/// Reads `<binding protocol= bindingInformation=>` of `applicationHost.config`, and the records of `Get-WebBinding`.
pub fn bags(source: &Source<'_>, section: &Section, findings: &mut Findings) {
    let mut pending: Vec<&Node> = section.nodes.iter().rev().collect();
    while let Some(node) = pending.pop() {
        match &node.value {
            Value::List(items, _) => pending.extend(items.iter().rev()),
            Value::Bag(entries) => {
                if let Some(binding) = binding(section, node) {
                    findings.recognise("iis-binding", text!("bindings of IIS sites"));
                    let at = node.get("bindingInformation").unwrap_or(node);
                    findings
                        .facts
                        .network
                        .bindings
                        .push(Fact::new(binding, source.origin_of_property("bindingInformation", at)));
                    continue;
                }
                pending.extend(
                    entries
                        .iter()
                        .rev()
                        .map(|(_, child)| child)
                        .filter(|child| !matches!(child.value, Value::Text(_) | Value::Null)),
                );
            }
            _ => {}
        }
    }
}

/// `*:443:ece.example.com`: address, port, host header; an IPv6 address is in brackets.
fn binding(section: &Section, node: &Node) -> Option<Binding> {
    let information = node.get("bindingInformation")?.text()?;
    let protocol = node.get("protocol").and_then(Node::text).unwrap_or("").to_ascii_lowercase();
    let mut parts = information.rsplitn(3, ':');
    let host = parts.next()?.trim().to_ascii_lowercase();
    let port = parts.next()?.trim().parse().ok()?;
    matches!(protocol.as_str(), "http" | "https" | "").then(|| Binding {
        from: section.host.clone(),
        protocol,
        port,
        host,
    })
}
