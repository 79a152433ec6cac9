//! How the records of a log are dated: what the user said about zones and about the time that is wanted.

use super::interpret::source_of_name;
use crate::model::{Period, Stamp};

/// How the records of one member are dated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Offset to UTC, in minutes, of times that name no zone.
    pub zone: Option<i16>,
    /// The time that is wanted.
    pub period: Period,
}

impl Clock {
    /// Gives `time` the zone that it doesn't name. False: it is not wanted. A time that is unreadable is, since it may be.
    pub fn admits(&self, time: &mut Option<Stamp>) -> bool {
        *time = time.map(|time| time.or_offset(self.zone));
        time.is_none_or(|time| self.period.holds(time))
    }
}

/// How the records of all members are dated.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    /// Zone of every log, unless one is given for its host.
    pub zone: Option<i16>,
    /// Zones of hosts, by name.
    pub of_hosts: Vec<(String, i16)>,
    /// The time that is wanted.
    pub period: Period,
}

impl Clocks {
    /// The clock of the member at `path`: of the host that its name or a folder above it names.
    pub fn of(&self, path: &str) -> Clock {
        let of_host = self.of_hosts.iter().find(|(host, _)| names(path, host)).map(|(_, zone)| *zone);
        Clock {
            zone: of_host.or(self.zone),
            period: self.period,
        }
    }
}

/// True if the file name or a folder of `path` is that of `host`'s log. Domains and case don't matter.
pub fn names(path: &str, host: &str) -> bool {
    let is_host = |name: &str| !name.is_empty() && short(name).eq_ignore_ascii_case(short(host));
    source_of_name(path).host.is_some_and(|named| is_host(&named)) || path.split(['/', '\\', '!']).any(is_host)
}

fn short(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_that_of_the_host_or_of_all() {
        let clocks = Clocks {
            zone: Some(0),
            of_hosts: vec![("ECESVC01.contoso.com".into(), 120)],
            ..Clocks::default()
        };
        let zone = |path: &str| clocks.of(path).zone;
        assert_eq!(zone("b.zip!/logs/eg_log_ecesvc01_rx-process.log.1"), Some(120));
        assert_eq!(zone("b.zip!/ECESVC01/rx-process.log"), Some(120));
        assert_eq!(zone("b.zip!/eg_log_ECESVC02_rx-process.log"), Some(0));
    }

    #[test]
    fn only_times_without_a_zone_are_given_one() {
        let clock = Clock {
            zone: Some(120),
            ..Clock::default()
        };
        let dated = |text: &str| {
            let mut time = Stamp::parse(text);
            assert!(clock.admits(&mut time));
            time.map(Stamp::rfc3339)
        };
        assert_eq!(dated("2026-05-04 09:00:00").as_deref(), Some("2026-05-04T09:00:00+02:00"));
        assert_eq!(dated("2026-05-04 09:00:00 GMT-0700").as_deref(), Some("2026-05-04T09:00:00-07:00"));
    }
}
