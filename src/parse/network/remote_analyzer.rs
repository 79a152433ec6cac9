//! Saved results of Microsoft's Remote Connectivity Analyzer. It runs from Microsoft's side: it can show that a mailbox and its
//! protocols work, and says nothing of the way from the ECE servers to Microsoft. So it is recognised and named, and proves no port
//! (tech note "Connectivity test"; <https://testconnectivity.microsoft.com>).

use crate::parse::Findings;
use crate::syntax::{Section, Source};
use crate::text;

/// Names under which the tool has spoken of itself.
const NAMES: &[&str] = &[
    "Remote Connectivity Analyzer",
    "Microsoft Connectivity Analyzer",
    "ExRCA",
    "testconnectivity.microsoft.com",
];
/// Steps of its tests, as pages, copies and XML attributes hold them.
const STEPS: &[&str] = &[
    "Attempting to resolve the host name",
    "Testing TCP port",
    "Testing the SSL certificate to make sure it's valid",
    "attempting to obtain the SSL certificate from remote server",
    "Testing inbound SMTP mail flow",
    "Testing outbound SMTP",
];

/// Recognises the tool's results in a member: its name with a step, or two steps and more.
pub fn parse(source: &Source<'_>, _: &[Section], findings: &mut Findings) {
    let text = source.text.as_str();
    let steps = STEPS.iter().filter(|step| text.contains(**step)).count();
    let named = NAMES.iter().any(|name| text.contains(name)) || text.to_ascii_lowercase().contains("<testresult");
    if steps >= 2 || (steps == 1 && named) {
        let why = text!("steps of the Remote Connectivity Analyzer; it runs from Microsoft's side, so that it proves no port of the ECE servers");
        findings.recognise("remote-connectivity-analyzer", why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Encoding, Text};
    use std::sync::Arc;

    fn kinds(text: &str) -> Vec<&'static str> {
        let (path, text) = (Arc::from("rca.html"), Text::new(text.into(), Encoding::Utf8, 0));
        let mut findings = Findings::default();
        parse(&Source { path: &path, text: &text }, &[], &mut findings);
        findings.recognised.iter().map(|r| r.kind).collect()
    }

    #[test]
    fn knows_saved_results_and_nothing_else() {
        let page = "Testing TCP port 993 on host outlook.office365.com to ensure it's listening and open.\nThe port was opened successfully.\n";
        assert_eq!(
            kinds(&format!("Microsoft Connectivity Analyzer\n{page}")),
            ["remote-connectivity-analyzer"]
        );
        let xml = r#"<testresult status="Error" testdescription="Testing TCP port 587 on host smtp.office365.com" resultdescription="The specified port is either blocked"/>"#;
        assert_eq!(kinds(xml), ["remote-connectivity-analyzer"]);
        assert!(kinds("Please run the Remote Connectivity Analyzer from both servers.").is_empty());
        assert!(kinds(page).is_empty());
    }
}
