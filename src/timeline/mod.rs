//! The events of all servers, and of Entra ID, in one clock: what began, ended, failed, changed. Repetition is folded: a run of
//! equal attempts is one event.

mod gather;
mod window;

pub use gather::gather;
pub use window::{around, within};

use crate::model::{Language, Origin, Period, Stamp, Text, ZoneBasis};

/// What kind of event it is; it decides how a chart draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A process or an alias came (back) to life.
    Start,
    /// Attempts that worked.
    Success,
    /// Attempts that failed.
    Failure,
    /// A known error text, from its first to its last time.
    Error,
    /// Polls of a retriever.
    Polls,
    /// A retriever was silent.
    Silence,
    /// Something broke or was switched off: an instance, an alias.
    Stop,
    /// A setting, policy, consent or registration was changed.
    Change,
    /// A credential began or ended.
    Credential,
}

/// One event, or a run of equal ones.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it began.
    pub at: Stamp,
    /// When the last of a run happened, or when a state ended; `None` for a moment.
    pub until: Option<Stamp>,
    /// Where it happened: a server's name, `Entra ID`, `ECE`.
    pub lane: String,
    /// What it is part of within the lane: `fetching`, `polls of instance 999`.
    pub row: String,
    /// Its kind.
    pub kind: EventKind,
    /// What happened.
    pub text: String,
    /// How often.
    pub count: u64,
    /// Ids of signatures that it shows.
    pub signatures: Vec<String>,
    /// Where it stands.
    pub origin: Origin,
    /// How its time is tied to UTC. `Unknown`: it stands in the order as if it were UTC, and may be off by hours.
    pub zone: ZoneBasis,
}

impl Event {
    /// A moment, told in `language`.
    fn new(language: Language, at: Stamp, (lane, row): (&Text, &Text), kind: EventKind, text: &Text, origin: &Origin) -> Self {
        Self {
            at,
            until: None,
            lane: lane.render(language),
            row: row.render(language),
            kind,
            text: text.render(language),
            count: 1,
            signatures: Vec::new(),
            origin: origin.clone(),
            zone: match at.offset_minutes {
                Some(_) => ZoneBasis::Explicit,
                None => ZoneBasis::Unknown,
            },
        }
    }

    fn lasting(self, until: Stamp, count: u64) -> Self {
        let until = (until.placed() > self.at.placed()).then_some(until);
        Self { until, count, ..self }
    }

    /// True if it, or a part of its time, lies in `period`.
    pub fn reaches(&self, period: Period) -> bool {
        period.meets(self.at, self.until.unwrap_or(self.at))
    }

    /// When it began, in the one clock, that of `zone` (minutes east of UTC); as written where its own zone isn't known.
    pub fn clock(&self, zone: i16) -> String {
        self.at.in_zone(zone).rfc3339()
    }

    /// When it ended, in the one clock.
    pub fn clock_until(&self, zone: i16) -> Option<String> {
        self.until.map(|until| until.in_zone(zone).rfc3339())
    }
}

/// Puts events in the order of the one clock.
fn sort(events: &mut [Event]) {
    events.sort_by(|a, b| {
        (a.at.placed(), &a.lane, a.kind, &a.row, &a.text, &a.origin).cmp(&(b.at.placed(), &b.lane, b.kind, &b.row, &b.text, &b.origin))
    });
}
