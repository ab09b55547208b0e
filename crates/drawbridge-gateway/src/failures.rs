//! Connections of one core that came to nothing before their first request.
//!
//! Anybody can make them fail as fast as they can connect, so they are counted and told of once a minute at most.

use std::cell::RefCell;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Between two reports.
const REPORT_PAUSE: Duration = Duration::from_secs(60);

/// Failures of one kind.
#[derive(Debug)]
pub(crate) struct Failures {
    /// What they are, after their number.
    what: &'static str,
    noted: RefCell<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    count: u64,
    last: Option<(IpAddr, String)>,
    reported: Option<Instant>,
}

impl Failures {
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            what,
            noted: RefCell::default(),
        }
    }

    pub(crate) fn note(&self, client: IpAddr, reason: String) {
        let mut noted = self.noted.borrow_mut();
        noted.count += 1;
        noted.last = Some((client, reason));
    }

    /// What to tell operators now, if anything.
    pub(crate) fn report(&self, now: Instant) -> Option<String> {
        let mut noted = self.noted.borrow_mut();
        let is_recent = |reported| now < reported + REPORT_PAUSE;
        if noted.count == 0 || noted.reported.is_some_and(is_recent) {
            return None;
        }
        noted.reported = Some(now);
        let count = std::mem::take(&mut noted.count);
        let (client, reason) = noted.last.take()?;
        let what = self.what;
        Some(format!(
            "{count} {what}, the last one with {client}: {reason}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_of_once_a_minute_at_most() {
        let failures = Failures::new("TLS handshakes failed");
        let note = || failures.note(IpAddr::from([192, 0, 2, 1]), "unknown ca".to_owned());
        let start = Instant::now();
        assert_eq!(failures.report(start), None);
        note();
        assert_eq!(
            failures.report(start).as_deref(),
            Some("1 TLS handshakes failed, the last one with 192.0.2.1: unknown ca")
        );
        for _ in 0..1000 {
            note();
        }
        assert_eq!(failures.report(start + REPORT_PAUSE / 2), None);
        let report = failures.report(start + REPORT_PAUSE).unwrap_or_default();
        assert!(report.starts_with("1000 TLS handshakes failed"), "{report}");
        assert_eq!(
            failures.report(start + 3 * REPORT_PAUSE),
            None,
            "nothing is new"
        );
    }
}
