//! Writes ECE-shaped process logs for benchmarks: same options, same bytes.
//!
//! ```text
//! cargo run --release --example genlogs -- OUT [--files 100] [--mib 10] [--seed 1] [--errors 2] [--hits 1] [--crlf] [--utf16le] [--near]
//! ```
//! `--errors` percent of the records are errors with a stack trace, `--hits` per mille carry a known error text, `--near` makes every
//! message a heap of texts that almost are one: the worst that a filter can meet. All names and texts are invented.

#![allow(clippy::disallowed_methods)]
#![allow(clippy::print_stderr, missing_docs)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

/// Splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len() as u64) as usize]
    }

    /// Replaces each `#` by a number, `&` by a digit, `%` by an address, `~` by a hexadecimal number of 12 digits.
    fn fill(&mut self, template: &str, out: &mut String) {
        for c in template.chars() {
            let _ = match c {
                '&' => write!(out, "{}", self.roll(10)),
                '#' => write!(out, "{}", 1 + self.roll(40_000)),
                '~' => write!(out, "{:012x}", self.roll(1 << 48)),
                '%' => write!(out, "{}", self.pick(ADDRESSES)),
                c => {
                    out.push(c);
                    Ok(())
                }
            };
        }
    }
}

const ADDRESSES: &[&str] = &[
    "sales@example.com",
    "claims@contoso.com",
    "help.desk@example.org",
    "info@fabrikam.example",
];
const HOSTS: &[&str] = &["ECESVC01", "ECESVC02", "ece-app-a", "ece-app-b"];
const ZONES: &[&str] = &["GMT-0400", "GMT-0400", "GMT+0200", "GMT+0530"];
const CLASSES: &[&str] = &[
    "com.egain.mail.module.retriever.service.RxInstance",
    "com.egain.mail.module.retriever.service.AliasPoller",
    "com.egain.mail.module.retriever.mime.PartReader",
    "com.egain.mail.module.dispatcher.service.DxInstance",
    "com.egain.mail.module.dispatcher.send.OutboundSender",
    "com.egain.platform.framework.dataaccess.DataAccess",
    "com.egain.platform.framework.cache.CacheManager",
    "com.egain.platform.module.monitor.Heartbeat",
    "com.egain.platform.common.messaging.MessageGateway",
    "com.egain.module.casemgmt.ActivityManager",
];
const METHODS: &[&str] = &[
    "startInstance",
    "run",
    "run()",
    "poll",
    "readPart()",
    "executeSingleValueResultQuery()",
    "send",
    "lookup",
    "onBeat",
];
const PLAIN: &[&str] = &[
    "**** Rx Instance 99& Running ****",
    "**** Rx Instance 99& Waiting ****",
    "Polling INBOX of % : # new message(s), batch limit #",
    "# message(s) stored for %, activities # to #, message id <~~@mail.example.com>",
    "Connected to outlook.office365.com:993 as % in # ms",
    "Access token of % is good for another # seconds",
    "Queue empty, next look in 15 s",
    "Activity # handed over for %; 250 2.0.0 OK <~@AM0PR01.example> [Hostname=AM0PR01MB.example.prod.outlook.com]",
    "Cache region department : hits=# misses=# size=#",
    "Workflow Start-% started for activity #, queue # chosen by rule #",
    "Heartbeat: # threads, # MB free of 4096 MB, # requests since the last one",
    "Attachment report-#.pdf saved, # KB, # parts in all, charset utf-8",
    "Header fetched, size # bytes, subject of # characters, # recipients, priority normal",
    "Session of user # renewed for # seconds, locale en-US, partition 1",
];
const VERBOSE: &[&str] = &[
    "DEBUG IMAPS: trying to connect to host \"outlook.office365.com\", port 993, isSSL true",
    "A# OK AUTHENTICATE completed.",
    "A# FETCH #:# (UID FLAGS RFC822.SIZE BODY.PEEK[HEADER])",
    "select a.activity_id, a.case_id, a.queue_id, a.when_created from EGPL_CASEMGMT_ACTIVITY a with (nolock) inner join EGML_EMAIL e on a.activity_id = e.activity_id where a.department_id in (#, #, #, #, #, #, #, #, #, #, #, #) and a.activity_type = ? order by a.when_created",
    "Entering with [#, %, null, #]",
    "Leaving with # after # us",
    "Query of # rows took # ms, fetch size 100, statement cached",
];
const FAULTS: &[&str] = &[
    "com.egain.platform.framework.dataaccess.EmptyResultSetException: No result returned by the query : user::get_user_state",
    "java.sql.SQLException: Transaction (Process ID #) was chosen as the victim, rerun it",
    "java.lang.NullPointerException",
    "java.lang.IllegalStateException: Folder already closed",
    "java.io.FileNotFoundException: D:\\eGain\\eService\\storage\\1\\mail\\part#.tmp (The process cannot access the file)",
];
const KNOWN: &[&str] = &[
    "Token renewal for % was refused: {\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: The refresh token has expired due to inactivity. Trace ID: ~ Correlation ID: ~\",\"error_codes\":[700082]}",
    "Token renewal for % was refused: {\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: The provided client secret keys are expired. Trace ID: ~\",\"error_codes\":[7000222]}",
    "Answer for %: AADSTS50011: The redirect URI 'https://ece.example.com/x' does not match. Correlation ID: ~",
    "Answer for %: AADSTS50076: Due to a configuration change you must use multi-factor authentication. Trace ID: ~",
    "javax.mail.AuthenticationFailedException: AUTHENTICATE failed.",
    "javax.mail.MessagingException: A# BAD User is authenticated but not connected.",
    "com.sun.mail.util.MailConnectException: Couldn't connect to host, port: outlook.office365.com, 993; timeout 60000",
    "javax.net.ssl.SSLHandshakeException: sun.security.validator.ValidatorException: PKIX path building failed: unable to find valid certification path to requested target",
    "javax.mail.AuthenticationFailedException: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
    "com.sun.mail.smtp.SMTPSendFailedException: 554 5.2.252 SendAsDenied; % not allowed to send as %",
    "java.net.UnknownHostException: login.microsoftonline.com",
    "com.sun.mail.smtp.SMTPSendFailedException: 432 4.3.2 Concurrent connections limit exceeded.",
];
const FRAMES: &[&str] = &[
    "com.egain.mail.module.retriever.service.AliasPoller.poll(AliasPoller.java:#)",
    "com.egain.mail.module.dispatcher.send.OutboundSender.deliver(OutboundSender.java:#)",
    "com.egain.platform.framework.dataaccess.DataAccess.execute(DataAccess.java:#)",
    "com.sun.mail.imap.IMAPStore.protocolConnect(IMAPStore.java:#)",
    "com.sun.mail.smtp.SMTPTransport.sendMessage(SMTPTransport.java:#)",
    "javax.mail.Service.connect(Service.java:#)",
    "java.base/sun.security.ssl.SSLSocketImpl.startHandshake(SSLSocketImpl.java:#)",
    "java.base/java.util.concurrent.ThreadPoolExecutor$Worker.run(ThreadPoolExecutor.java:#)",
    "java.base/java.lang.Thread.run(Thread.java:#)",
];

struct Options {
    out: PathBuf,
    files: u64,
    mib: usize,
    seed: u64,
    errors: u64,
    hits: u64,
    crlf: bool,
    utf16: bool,
    near: bool,
}

fn options() -> Option<Options> {
    let mut o = Options {
        out: PathBuf::new(),
        files: 100,
        mib: 10,
        seed: 1,
        errors: 2,
        hits: 1,
        crlf: false,
        utf16: false,
        near: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next()?.parse::<u64>().ok();
        match argument.as_str() {
            "--files" => o.files = number()?,
            "--mib" => o.mib = number()? as usize,
            "--seed" => o.seed = number()?,
            "--errors" => o.errors = number()?,
            "--hits" => o.hits = number()?,
            "--crlf" => o.crlf = true,
            "--utf16le" => o.utf16 = true,
            "--near" => o.near = true,
            path => o.out = path.into(),
        }
    }
    (!o.out.as_os_str().is_empty()).then_some(o)
}

fn trace(dice: &mut Dice, fault: &str, out: &mut String) {
    dice.fill(fault, out);
    out.push('\n');
    for chained in 0..1 + dice.roll(3) {
        if chained > 0 {
            out.push_str("Caused by: ");
            let cause = dice.pick(FAULTS);
            dice.fill(cause, out);
            out.push('\n');
        }
        for _ in 0..6 + dice.roll(22) {
            out.push_str("\tat ");
            let frame = dice.pick(FRAMES);
            dice.fill(frame, out);
            out.push('\n');
        }
        if chained > 0 {
            let _ = writeln!(out, "\t... {} more", 3 + dice.roll(30));
        }
    }
}

/// A known text with its last letters changed, again and again.
fn near_hits(dice: &mut Dice, out: &mut String) {
    for _ in 0..8 {
        let known = dice.pick(KNOWN);
        for word in known.split(' ').filter(|w| w.len() > 5) {
            out.push_str(&word[..word.len() - 2]);
            out.push_str("zq ");
        }
        let _ = write!(out, "AADSTSzq{} AADSTS{}zq ", dice.roll(9), dice.roll(9));
    }
}

fn record(o: &Options, dice: &mut Dice, time_ms: i64, zone: &str, threads: &[String], pid: u64, out: &mut String) {
    let kind = dice.roll(1000);
    let (hit, error) = (kind < o.hits, kind < o.hits + o.errors * 10);
    let level = match dice.roll(100) {
        _ if error => "ERROR",
        0..3 => "WARN",
        3..23 => dice.pick(&["DEBUG", "TRACE", "DEBUG", "DBQUERY", "PERF"]),
        _ => "INFO",
    };
    let (days, ms) = (time_ms.div_euclid(86_400_000), time_ms.rem_euclid(86_400_000));
    let clock = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    // November 2023 and on: a month of 30 days after another will do.
    let (month, day) = (1 + days.div_euclid(30).rem_euclid(12), 1 + days.rem_euclid(30).min(27));
    let thread = &threads[dice.roll(threads.len() as u64) as usize];
    let (user, class, method) = (dice.roll(200), dice.pick(CLASSES), dice.pick(METHODS));
    let _ = write!(
        out,
        "2024-{month:02}-{day:02} {:02}:{:02}:{:02}.{:03} {zone} <@> {level} <@> [{thread}] <@> ProcessId:{pid} <@> PID:1 <@> UID:{user} <@> HttpSessionId:  <@> {class} <@> {method} <@> ",
        clock.0, clock.1, clock.2, clock.3
    );
    if o.near {
        near_hits(dice, out);
        out.push_str("<@> \n");
    } else if hit {
        let known = dice.pick(KNOWN);
        if known.starts_with("java") || known.starts_with("com.") {
            dice.fill("Could not reach the mailbox of % <@>\n", out);
            trace(dice, known, out);
        } else {
            dice.fill(known, out);
            out.push_str(" <@> \n");
        }
    } else if error {
        dice.fill("Unexpected error for % <@>\n", out);
        let fault = dice.pick(FAULTS);
        trace(dice, fault, out);
    } else {
        let template = if matches!(level, "INFO" | "WARN") {
            dice.pick(PLAIN)
        } else {
            dice.pick(VERBOSE)
        };
        dice.fill(template, out);
        out.push_str(" <@> \n");
    }
}

fn main() -> std::io::Result<()> {
    let Some(o) = options() else {
        eprintln!("usage: genlogs OUT [--files N] [--mib N] [--seed N] [--errors PERCENT] [--hits PERMILLE] [--crlf] [--utf16le] [--near]");
        return Ok(());
    };
    fs::create_dir_all(&o.out)?;
    let streams = HOSTS.len() as u64 * 2;
    let mut records = 0_u64;
    for file in 0..o.files {
        let (stream, rotation) = (file % streams, file / streams);
        let (host, process) = (stream as usize / 2, if stream % 2 == 0 { "rx" } else { "dx" });
        let number = if rotation == 0 { String::new() } else { format!(".{rotation}") };
        let path = o.out.join(format!("eg_log_{}_{process}-process.log{number}", HOSTS[host]));
        let mut dice = Dice(o.seed.wrapping_mul(1_000_003).wrapping_add(file));
        let threads: Vec<String> = (0..48)
            .map(|n| match n % 4 {
                0 => format!("{}:RxInstance id : {}", 20 + 3 * n, 990 + n),
                1 => format!("{}:Thread-{n}", 20 + 3 * n),
                2 => format!("{}:{process}-worker-{n}", 20 + 3 * n),
                _ => format!("{}:pool-2-thread-{n}", 20 + 3 * n),
            })
            .collect();
        let pid = 1000 + dice.roll(60_000);
        // The file without number is the newest.
        let mut time_ms = 200 * 86_400_000_i64 - rotation as i64 * 10_000_000;
        let mut writer = BufWriter::with_capacity(1 << 20, File::create(path)?);
        if o.utf16 {
            writer.write_all(&[0xFF, 0xFE])?;
        }
        let (mut written, mut text) = (0, String::new());
        while written < o.mib << 20 {
            text.clear();
            time_ms += if dice.roll(3) == 0 { dice.roll(4) as i64 } else { dice.roll(600) as i64 };
            record(&o, &mut dice, time_ms, ZONES[host], &threads, pid, &mut text);
            if o.crlf {
                text = text.replace('\n', "\r\n");
            }
            if o.utf16 {
                let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                writer.write_all(&units)?;
                written += units.len();
            } else {
                writer.write_all(text.as_bytes())?;
                written += text.len();
            }
            records += 1;
        }
        writer.flush()?;
    }
    eprintln!("{} files, {records} records", o.files);
    Ok(())
}
