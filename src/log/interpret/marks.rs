//! What the engine's filter has to find for interpretation, beside the catalogue's anchors: successes, polls, OAuth traffic,
//! changes of state. Few and rare texts, since each record that holds one is looked at.

use crate::signatures::{Anchor, Catalogue};

/// What a text marks. Its owner number is the catalogue's first free one plus its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Mark {
    /// A retriever poll.
    Poll,
    /// A mail server took a mail.
    Sent,
    /// Mail was fetched.
    Fetched,
    /// Token endpoint, token answer, authorize request, token.
    OAuth,
    /// A URL: under which name a console was opened.
    Url,
    /// A line of a protocol trace inside a record.
    Trace,
    /// An alias went out of service, or came back.
    Alias,
    /// A process or an instance started or failed.
    Life,
    /// A secret may stand in the record.
    Secret,
}

impl Mark {
    const ALL: [Self; 9] = [
        Self::Poll,
        Self::Sent,
        Self::Fetched,
        Self::OAuth,
        Self::Url,
        Self::Trace,
        Self::Alias,
        Self::Life,
        Self::Secret,
    ];

    /// Its owner number beside `catalogue`.
    pub fn owner(self, catalogue: &Catalogue) -> u32 {
        catalogue.numbers().saturating_add(self as u32)
    }

    /// The texts, and whether case counts for nothing.
    fn texts(self) -> (&'static [&'static str], bool) {
        match self {
            // Verified wording (`**** Rx Instance 999 Running ****`).
            Self::Poll => (&["Rx Instance "], false),
            // RFC 3463 codes of an accepted mail; Exchange Online answers `250 2.0.0 OK <id> [Hostname=…]`.
            Self::Sent => (
                &[
                    "250 2.0.0",
                    "250 2.1.5",
                    "250 2.6.0",
                    "handed over",
                    "sent successfully",
                    "successfully sent",
                    "accepted for delivery",
                ],
                true,
            ),
            Self::Fetched => (
                &[
                    "stored for",
                    "fetched for",
                    "retrieved for",
                    "fetched from",
                    "retrieved from",
                    "messages waiting for",
                ],
                true,
            ),
            Self::OAuth => (
                &[
                    "expires_in",
                    "token_type",
                    "access_token",
                    "/oauth2/",
                    "redirect_uri",
                    "grant_type",
                    "eyJ0eXAi",
                    "eyJhbGci",
                ],
                false,
            ),
            Self::Url => (
                &["https://", "referer:", "referer=", "serverName", "host header", "X-Forwarded-Host"],
                true,
            ),
            Self::Trace => (
                &[
                    "protocolConnect login",
                    "AUTHENTICATE XOAUTH2",
                    "XOAUTH2 dXNlcj",
                    "trying to connect to host",
                ],
                false,
            ),
            Self::Alias => (
                &[
                    "alias disabled",
                    "alias activated",
                    "alias enabled",
                    "alias inactive",
                    "alias is now",
                    "reactivated",
                    "re-activated",
                    "re-enabled",
                    "set to active",
                    "set to inactive",
                    "made inactive",
                ],
                true,
            ),
            Self::Secret => (
                &[
                    "password=",
                    "password:",
                    "password\":",
                    " passwd=",
                    "client_secret",
                    "clientsecret",
                    "refresh_token",
                    "access_token",
                    "authorization: b",
                    "bearer eyJ",
                    "XOAUTH2 dXNlcj",
                    "eyJ0eXAi",
                    "eyJhbGci",
                ],
                true,
            ),
            Self::Life => (&["Instance failed", "OutOfMemoryError", "process started", "JAVA_TOOL_OPTIONS"], true),
        }
    }
}

/// The anchors that interpretation adds to those of `catalogue`.
pub(super) fn anchors(catalogue: &Catalogue) -> Vec<Anchor> {
    let mut anchors = Vec::new();
    for mark in Mark::ALL {
        let (texts, ignore_case) = mark.texts();
        anchors.extend(texts.iter().map(|text| Anchor {
            bytes: text.as_bytes().into(),
            ignore_case,
            owner: mark.owner(catalogue),
        }));
    }
    anchors
}

/// The marks found in a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u32);

impl Marks {
    /// Splits the owners of a record's anchors: the marks, and whether the catalogue owns one.
    pub fn split(owners: &[u32], catalogue: &Catalogue) -> (Self, bool) {
        let first = catalogue.numbers();
        let mut marks = Self::default();
        let mut known = false;
        for owner in owners {
            match owner.checked_sub(first) {
                Some(mark) if mark < 32 => marks.0 |= 1 << mark,
                Some(_) => {}
                None => known = true,
            }
        }
        (marks, known)
    }

    /// True if `mark` was found.
    pub fn has(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u32) != 0
    }

    /// The other marks.
    pub fn without(self, mark: Mark) -> Self {
        Self(self.0 & !(1 << mark as u32))
    }

    /// True if nothing but marks of `marks` was found, and at least one of them.
    pub fn only(self, marks: &[Mark]) -> bool {
        let allowed = marks.iter().fold(0, |bits, mark| bits | 1 << *mark as u32);
        self.0 != 0 && self.0 & !allowed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_above_the_catalogue() {
        let catalogue = Catalogue::builtin();
        let anchors = anchors(&catalogue);
        assert!(anchors.iter().all(|a| a.owner >= catalogue.numbers() && a.bytes.len() >= 8));
        let (marks, known) = Marks::split(&[0, Mark::Sent.owner(&catalogue)], &catalogue);
        assert!(known && marks.has(Mark::Sent) && !marks.has(Mark::Poll));
        assert!(marks.only(&[Mark::Sent, Mark::Poll]) && !marks.only(&[Mark::Poll]));
    }
}
