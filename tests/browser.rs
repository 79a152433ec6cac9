//! The HTML report in a real browser, where one is installed: its own script runs, a hostile one doesn't, nothing is requested.

mod support;

use std::path::Path;
use std::process::Command;
use support::{ecelens, fixtures};

/// The document after its script has run, and the log of the network; `None` without Chromium.
#[allow(clippy::disallowed_methods)]
fn opened(page: &Path, folder: &Path) -> Option<(String, String)> {
    let log = folder.join("net.json");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(["--disable-background-networking", "--disable-component-update", "--no-first-run"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--log-net-log={}", log.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .ok()?;
    let log = std::fs::read_to_string(log).unwrap_or_default();
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), log))
}

#[test]
fn the_page_runs_its_own_script_and_no_other() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bundle = folder.path().join("bundle");
    std::fs::create_dir_all(&bundle).expect("a folder");
    for file in ["manifest.json", "partition_settings.csv"] {
        let found = walkdir::WalkDir::new(fixtures("bundles").join("healthy"))
            .into_iter()
            .flatten()
            .find(|e| e.file_name() == file);
        std::fs::copy(found.expect(file).path(), bundle.join(file)).expect("a copy");
    }
    let hostile = "<img src='http://evil.example.com/x.png' onerror='document.title=\"pwned\"'><script>document.title=\"pwned\"</script>";
    let settings = format!(
        "Setting,Value\nExternal URL of Application,\"https://a.example.com/{}\"\n",
        hostile.replace('"', "\"\"")
    );
    std::fs::write(bundle.join("hostile settings.csv"), settings).expect("a file");
    std::fs::write(bundle.join("<img src=x onerror=alert(1)>.txt"), "ECE 12.6(1) ES5\n").expect("a file");
    let page = folder.path().join("page.html");
    let status = ecelens().arg(&bundle).args(["--format", "html", "--output"]).arg(&page).status();
    assert!(status.expect("the binary starts").code().is_some_and(|code| code < 2));
    let Some((dom, log)) = opened(&page, folder.path()) else { return };
    assert!(dom.contains("id=\"tools\">"), "the page's own script has shown the search");
    assert!(dom.contains("<title>ecelens"), "the title is ours");
    assert!(!dom.contains("<img"), "no picture");
    assert!(!log.contains("evil.example.com/x.png"), "nothing is requested");
}
