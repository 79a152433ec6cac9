//! What stands below the options in each command's help: examples to copy. A test runs each through the parser.

/// Of the program as a whole.
pub const ALL: &str = "\
Examples:
  ecelens bundle.zip                      the diagnosis, on the terminal
  ecelens scan logs/ export.csv -v        folders and files together, with passes and samples
  ecelens bundle.zip --format html --output report.html --format csv --output actions.csv
  ecelens timeline bundle.zip --since 7d --around aadsts50011
  ecelens diff before.zip after.zip
  ecelens explain AADSTS50011             everything known about a code, offline

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 usage or internal error, 3 nothing recognisable, 4 partial (--strict), 130 interrupted.";

/// Of `scan`.
pub const SCAN: &str = "\
Examples:
  ecelens scan bundle.zip                                       the diagnosis, on the terminal
  ecelens scan bundle.zip --format html --output report.html    one page to pass on
  ecelens scan logs/ export.csv --since 7d --tz +02:00          the last week, in one zone
  ecelens scan bundle.zip --lang it --format markdown           the case note in Italian
  ecelens scan after.zip --baseline before.json --fail-on high  only what is new counts";

/// Of `explain`.
pub const EXPLAIN: &str = "\
Examples:
  ecelens explain AADSTS50011           a code of Entra ID
  ecelens explain 5.7.139 invalid_grant what a mail server or a token endpoint says
  ecelens explain url.redirect-host     a check: why, evidence, what to do";

/// Of `checks`.
pub const CHECKS: &str = "\
Examples:
  ecelens checks                  all checks
  ecelens checks redirect         those that speak of redirects
  ecelens checks --format json    for scripts";

/// Of `signatures`.
pub const SIGNATURES: &str = "\
Examples:
  ecelens signatures                       all known error texts and codes
  ecelens signatures timeout               those that speak of timeouts
  ecelens signatures draft bundle.zip      errors that nobody knows, as a pack to complete
  ecelens signatures check packs/          tries the examples of a pack";

/// Of `signatures check`.
pub const CHECK_PACKS: &str = "\
Examples:
  ecelens signatures check packs/          every pack of a folder
  ecelens signatures check packs/own.toml  one of them";

/// Of `signatures draft`.
pub const DRAFT: &str = "\
Examples:
  ecelens signatures draft bundle.zip              the five most frequent ones
  ecelens signatures draft bundle.zip --count 1    the most frequent one";

/// Of `inventory`.
pub const INVENTORY: &str = "\
Examples:
  ecelens inventory bundle.zip                  what each file was taken for
  ecelens inventory bundle.zip -v               with reasons, encodings, and who used it
  ecelens inventory bundle.zip --format json    for scripts";

/// Of `facts`.
pub const FACTS: &str = "\
Examples:
  ecelens facts bundle.zip             all that was believed, each with its place
  ecelens facts bundle.zip --redact    the same under pseudonyms";

/// Of `timeline`.
pub const TIMELINE: &str = "\
Examples:
  ecelens timeline bundle.zip --since 12h --tz +02:00          the last twelve hours, in one zone
  ecelens timeline bundle.zip --around aadsts50011             an hour on either side of an error
  ecelens timeline bundle.zip --format html --output t.html    a page with the chart
  ecelens timeline logs/ --source-tz ECESVC01=+02:00           a server whose logs name no zone";

/// Of `diff`.
pub const DIFF: &str = "\
Examples:
  ecelens diff before.zip after.zip                       two bundles
  ecelens diff before.json after.zip                      the report of then, the bundle of now
  ecelens diff before.zip after.zip --format markdown     for the case";

/// Of `redact`.
pub const REDACT: &str = "\
Examples:
  ecelens redact bundle.zip -o shared.zip              writes shared.zip and shared.zip.map.json
  ecelens redact folder -o shared.zip                  a folder, packed
  ecelens redact later.zip -o later-shared.zip --map shared.zip.map.json    the same names as before

Keep the map to yourself: it is the way back. Names of people and companies in free text are not known as names: look through the
copy before you share it.";

/// Of `collect`.
pub const COLLECT: &str = "\
Examples:
  ecelens collect                        the scripts of a first collection, printed
  ecelens collect report.json            what this report still wants
  ecelens collect report.json -o todo    one file for each administrator and server";

/// Of `completions`.
pub const COMPLETIONS: &str = "\
Examples:
  ecelens completions bash          for /etc/bash_completion.d/ecelens
  ecelens completions powershell    for $PROFILE";

/// Of `man`.
pub const MAN: &str = "\
Examples:
  ecelens man             for man1/ecelens.1
  ecelens man timeline    for man1/ecelens-timeline.1";

/// Of `schema`.
pub const SCHEMA: &str = "\
Examples:
  ecelens schema    JSON Schema 2020-12";
