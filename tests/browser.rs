//! The HTML report in a real browser, where one is installed: its own script runs, a hostile one doesn't, nothing is requested.

#![allow(clippy::disallowed_methods)]

mod support;

use std::path::Path;
use std::process::Command;
use support::{bundles, ecelens, fixtures, report};

/// The document after its script has run, and the log of the network; `None` without Chromium.
fn opened(page: &Path, folder: &Path, options: &[&str]) -> Option<(String, String)> {
    let log = folder.join("net.json");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(["--disable-background-networking", "--disable-component-update", "--no-first-run"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--log-net-log={}", log.display()))
        .args(options)
        .arg(format!("file://{}", page.display()))
        .output()
        .ok()?;
    let log = std::fs::read_to_string(log).unwrap_or_default();
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), log))
}

/// Hosts that were asked for anything, without those that the browser asks on its own account.
fn asked(log: &str) -> Vec<&str> {
    let urls = log.split("\"url\":\"http").skip(1).filter_map(|rest| rest.split_once("://"));
    let hosts = urls.filter_map(|(_, rest)| rest.split(['/', ':', '"']).next());
    let own = |host: &str| {
        [".google.com", ".googleapis.com", ".gvt1.com", ".gstatic.com"]
            .iter()
            .any(|end| host.ends_with(end))
    };
    hosts.filter(|host| !own(host)).collect()
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
    let Some((dom, log)) = opened(&page, folder.path(), &[]) else { return };
    assert!(dom.contains("id=\"tools\">"), "the page's own script has shown the search");
    assert!(dom.contains("<title>ecelens"), "the title is ours");
    assert!(!dom.contains("<img"), "no picture");
    assert!(!log.contains("evil.example.com/x.png") && asked(&log).is_empty(), "nothing is requested");
}

#[test]
fn every_page_opens_with_the_sums_of_its_report_and_requests_nothing() {
    for bundle in bundles() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let page = folder.path().join("page.html");
        let status = ecelens()
            .arg(&bundle)
            .args(["--fail-on", "never", "--format", "html", "--output"])
            .arg(&page)
            .status();
        assert_eq!(status.expect("the binary starts").code(), Some(0));
        let Some((dom, log)) = opened(&page, folder.path(), &[]) else { return };
        let name = bundle.display();
        assert!(dom.contains("id=\"tools\">"), "{name}: the script has run");
        let asked = asked(&log);
        assert!(asked.is_empty(), "{name}: nothing is requested, but {asked:?}");
        let totals = &report(&[&bundle])["totals"];
        for verdict in ["fail", "warn", "unknown", "pass", "not-applicable"] {
            let rows = dom.matches(&format!("class=\"finding v-{verdict} ")).count();
            assert_eq!(Some(rows as u64), totals[verdict.replace('-', "_")].as_u64(), "{name}: {verdict}");
        }
    }
}

#[test]
fn the_timeline_alone_is_such_a_page_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page = folder.path().join("page.html");
    let bundle = fixtures("bundles/silent-retriever/input");
    let status = ecelens()
        .arg("timeline")
        .arg(bundle)
        .args(["--format", "html", "--output"])
        .arg(&page)
        .status();
    assert_eq!(status.expect("the binary starts").code(), Some(0));
    let Some((dom, log)) = opened(&page, folder.path(), &[]) else { return };
    assert!(dom.contains("id=\"tools\">") && dom.contains("<tr id=\"e0\">") && dom.contains("class=\"k-silence\""));
    assert!(asked(&log).is_empty(), "nothing is requested");
    // That requests would be seen.
    std::fs::write(&page, "<img src=\"http://picture.example.com/x.png\">").expect("a page");
    let (_, log) = opened(&page, folder.path(), &[]).expect("as before");
    assert!(asked(&log).contains(&"picture.example.com"));
}

/// What a reader does with the page, and whether it does what it should; the verdicts end up in the page.
const READER: &str = r##"<script>
const said = [];
const ok = (what, is) => said.push((is ? "ok " : "WRONG ") + what);
const shown = (which) => [...document.querySelectorAll(which)].filter((e) => getComputedStyle(e).display !== "none").length;
const click = (id) => document.getElementById(id).click();
ok("faults are shown", shown(".finding.v-fail") > 0 && shown(".finding.v-pass") === 0);
click("v-fail"); ok("a verdict is filtered out", shown(".finding.v-fail") === 0);
click("v-fail"); ok("and comes back", shown(".finding.v-fail") > 0);
click("a-app"); ok("an area is filtered out", shown(".finding.a-app") === 0 && shown(".finding.v-fail") > 0);
click("a-app");
document.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true }));
ok("a key leads to the search", document.activeElement.id === "search");
document.activeElement.value = "token.refresh"; document.activeElement.dispatchEvent(new Event("input"));
ok("the search narrows checklist and events", shown(".finding") > 0 && [...document.querySelectorAll(".finding")].every((e) => e.hidden || e.textContent.includes("token.refresh")));
ok("every control is reached by keyboard", [...document.querySelectorAll("summary,input,button,a[href]")].every((e) => e.tabIndex >= 0));
ok("servers have lanes", [...document.querySelectorAll("svg .lanename")].map((e) => e.textContent).includes("ECESVC01"));
ok("marks lead to their events", [...document.querySelectorAll("svg a")].every((a) => document.querySelector("#events " + a.getAttribute("href"))));
window.dispatchEvent(new Event("beforeprint"));
ok("all is unfolded in print", [...document.querySelectorAll("details")].every((d) => d.open));
ok("background " + getComputedStyle(document.body).backgroundColor, true);
const pre = document.createElement("pre");
pre.id = "said"; pre.textContent = said.join("\n"); document.body.append(pre);
</script></body>"##;

#[test]
fn the_page_serves_mouse_and_keyboard_in_light_and_dark_and_reads_without_script() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page = folder.path().join("page.html");
    let bundle = fixtures("bundles").join("secret-expired").join("input");
    let status = ecelens()
        .arg(bundle)
        .args(["--fail-on", "never", "--format", "html", "--output"])
        .arg(&page)
        .status();
    assert_eq!(status.expect("the binary starts").code(), Some(0));
    let html = std::fs::read_to_string(&page).expect("the page");

    // The reader's script stands in a copy without the policy, which would refuse it.
    let policy = html
        .lines()
        .find(|line| line.contains("Content-Security-Policy"))
        .expect("a policy")
        .to_owned();
    let read = folder.path().join("read.html");
    std::fs::write(&read, html.replace(&policy, "").replace("</body>", READER)).expect("a file");
    let Some((dom, _)) = opened(&read, folder.path(), &[]) else { return };
    let said = |dom: &str| {
        dom.split("id=\"said\">")
            .nth(1)
            .and_then(|rest| rest.split("</pre>").next())
            .unwrap_or_default()
            .to_owned()
    };
    let light = said(&dom);
    assert!(light.lines().count() == 11 && !light.contains("WRONG"), "{light}");
    let dark = said(&opened(&read, folder.path(), &["--force-dark-mode"]).expect("as before").0);
    let background = |said: &str| said.lines().last().map(str::to_owned);
    assert_ne!(background(&light), background(&dark), "dark mode has colours of its own");

    // Where no script runs, the page is all there.
    let silent = folder.path().join("silent.html");
    std::fs::write(&silent, html.replace("<script>", "<script type=\"text/plain\">")).expect("a file");
    let plain = opened(&silent, folder.path(), &[]).expect("as before").0;
    assert!(plain.contains("id=\"tools\" hidden") && plain.contains("AADSTS7000222") && plain.contains("<svg"));

    let paper = folder.path().join("page.pdf");
    opened(&page, folder.path(), &[&format!("--print-to-pdf={}", paper.display())]);
    assert!(std::fs::metadata(&paper).expect("a print").len() > 50_000);
}
