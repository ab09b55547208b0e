//! Refused calls, counted: which pages were refused what, at which endpoint, on which day.
//!
//! Whatever is sent, what is held is bounded: of an endpoint and day the first [`MOST_OF_A_PLACE`] kinds are told apart,
//! of all together the first [`MOST`]; everything else is counted as the rest of its endpoint and day, so that the sums
//! are exact. What is no origin, method or header name is never held as text. Nothing here may decide about a request,
//! and losing some of it changes nothing that is obeyed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::admitted::WaitingAdmitted;
use crate::cors::{OriginHeader, Refusal};
use crate::names::is_token;
use crate::origin::Origin;

/// Kinds that are told apart of one endpoint and day between two hand-overs.
pub const MOST_OF_A_PLACE: usize = 100;
/// Kinds that are told apart of all endpoints between two hand-overs.
pub const MOST: usize = 500;
/// Longest method, header name or key id that is held.
const LONGEST_NAME: usize = 100;
/// Most header names of one preflight that are held: the SDKs' own are ten.
const MOST_NAMES: usize = 16;

/// Where and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// `{project_id}/{name}` of the endpoint; empty for the shared URL, before an endpoint is known.
    pub endpoint: Box<str>,
    /// The day in UTC.
    pub day: Date,
}

/// Whose pages were refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SeenOrigin {
    /// An origin, or `null`, as it was sent.
    Text(Box<str>),
    /// What no browser sends: several, an empty one, no origin, or one over 326 bytes. Not held.
    Malformed,
}

impl SeenOrigin {
    /// What can be held of a request's `Origin`.
    pub fn of(origin: OriginHeader<'_>) -> Self {
        let OriginHeader::One(origin) = origin else {
            return Self::Malformed;
        };
        let is_origin = origin == b"null" || Origin::parse(origin).is_some();
        match std::str::from_utf8(origin) {
            Ok(text) if is_origin => Self::Text(text.into()),
            _ => Self::Malformed,
        }
    }
}

/// Refusals that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Whose pages.
    pub origin: SeenOrigin,
    /// Why.
    pub reason: Refusal,
    /// Whether they were let through, because the endpoint only reports.
    pub is_reported: bool,
    /// The method, the header names or the key's id at fault, where there are any.
    pub name: Option<Box<str>>,
}

impl Kind {
    /// What can be held of a name: a token (RFC 9110 section 5.6.2) of at most 100 bytes.
    pub fn held_name(name: &[u8]) -> Option<Box<str>> {
        let is_held = name.len() <= LONGEST_NAME && is_token(name);
        let name = std::str::from_utf8(name).ok().filter(|_| is_held)?;
        Some(name.into())
    }

    /// What can be held of the header names of one preflight: each in lower case and once, sorted, as [`Self::names`] gives
    /// them back. Of more than 16 the first; names that cannot be held are left out.
    pub fn held_headers(names: &[&[u8]]) -> Option<Box<str>> {
        let held = names.iter().filter_map(|name| Self::held_name(name));
        let held: BTreeSet<_> = held.map(|name| name.to_ascii_lowercase()).collect();
        let held: Vec<_> = held.into_iter().take(MOST_NAMES).collect();
        (!held.is_empty()).then(|| held.join(", ").into())
    }

    /// Each name at fault.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        // No token has a comma in it.
        self.name.iter().flat_map(|names| names.split(", "))
    }
}

/// How often, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// For the first time.
    pub first: Timestamp,
    /// For the last time.
    pub last: Timestamp,
}

impl Tally {
    /// Once.
    pub fn once(at: Timestamp) -> Self {
        Self {
            count: 1,
            first: at,
            last: at,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

/// One line of what was counted; without a kind it is the rest of its place.
pub type Line = (Place, Option<Kind>, Tally);

/// Counted refusals.
#[derive(Debug, Default)]
pub struct Refusals {
    places: HashMap<Place, OfPlace>,
    kinds: usize,
}

#[derive(Debug, Default)]
struct OfPlace {
    kinds: HashMap<Kind, Tally>,
    rest: Option<Tally>,
}

impl Refusals {
    /// Counts one refusal at `{project_id}/{name}`, or on the shared URL.
    pub fn note(&mut self, endpoint: &str, kind: Kind, at: Timestamp) {
        let place = Place {
            endpoint: endpoint.into(),
            day: day(at),
        };
        self.add(place, Some(kind), Tally::once(at));
    }

    /// Counts what was counted elsewhere.
    pub fn add(&mut self, place: Place, kind: Option<Kind>, tally: Tally) {
        let of_place = self.places.entry(place).or_default();
        if let Some(kind) = kind {
            if let Some(known) = of_place.kinds.get_mut(&kind) {
                *known = known.plus(tally);
                return;
            }
            if of_place.kinds.len() < MOST_OF_A_PLACE && self.kinds < MOST {
                of_place.kinds.insert(kind, tally);
                self.kinds += 1;
                return;
            }
        }
        of_place.rest = Some(of_place.rest.map_or(tally, |rest| rest.plus(tally)));
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Everything, in no order.
    pub fn into_lines(self) -> impl Iterator<Item = Line> {
        self.places.into_iter().flat_map(|(place, of_place)| {
            let kinds = of_place.kinds.into_iter();
            let kinds = kinds.map(|(kind, tally)| (Some(kind), tally));
            let rest = of_place.rest.map(|tally| (None, tally));
            kinds
                .chain(rest)
                .map(move |(kind, tally)| (place.clone(), kind, tally))
        })
    }
}

/// The day of a moment, in UTC.
pub fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// Refusals on their way from the cores to the store.
#[derive(Debug, Default)]
pub struct WaitingRefusals {
    refusals: Mutex<Refusals>,
    /// What was admitted goes the same way.
    pub admitted: WaitingAdmitted,
}

impl WaitingRefusals {
    /// Adds what was counted.
    pub fn merge(&self, lines: impl IntoIterator<Item = Line>) {
        let mut waiting = self.lock();
        for (place, kind, tally) in lines {
            waiting.add(place, kind, tally);
        }
    }

    /// Takes everything away.
    pub fn take(&self) -> Refusals {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(origin: &str) -> Kind {
        Kind {
            origin: SeenOrigin::Text(origin.into()),
            reason: Refusal::OriginNotAllowed,
            is_reported: false,
            name: None,
        }
    }

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_same_is_counted_together_whoever_saw_it() {
        let waiting = WaitingRefusals::default();
        for second in [5, 3, 4] {
            let mut core = Refusals::default();
            core.note("p/e", kind("https://a.example"), moment(second));
            waiting.merge(core.into_lines());
        }
        let lines: Vec<_> = waiting.take().into_lines().collect();
        let place = Place {
            endpoint: "p/e".into(),
            day: day(moment(0)),
        };
        let tally = Tally {
            count: 3,
            first: moment(3),
            last: moment(5),
        };
        assert_eq!(lines, [(place, Some(kind("https://a.example")), tally)]);
        assert!(waiting.take().is_empty());
    }

    #[test]
    fn whatever_is_sent_what_is_held_is_bounded_and_the_sum_is_exact() {
        let mut refusals = Refusals::default();
        let places = 20;
        let each = 2 * MOST_OF_A_PLACE;
        for number in 0..each {
            for place in 0..places {
                let origin = format!("https://{number}.example");
                refusals.note(&format!("p/{place}"), kind(&origin), moment(0));
            }
        }
        let lines: Vec<_> = refusals.into_lines().collect();
        let sum: u64 = lines.iter().map(|(.., tally)| tally.count).sum();
        assert_eq!(sum, u64::try_from(places * each).unwrap());
        assert_eq!(lines.len(), MOST + places);
        // One flooded place leaves the others theirs.
        let mut refusals = Refusals::default();
        for number in 0..10 * MOST {
            refusals.note("p/a", kind(&format!("https://{number}.example")), moment(0));
        }
        refusals.note("p/b", kind("https://a.example"), moment(0));
        let of_b = |line: &Line| line.1.is_some() && &*line.0.endpoint == "p/b";
        let lines: Vec<_> = refusals.into_lines().collect();
        assert_eq!(lines.len(), MOST_OF_A_PLACE + 2);
        assert!(lines.iter().any(of_b));
    }

    #[test]
    fn what_is_no_origin_and_no_name_is_not_held() {
        let long = format!("https://{}.example", "a".repeat(400));
        for origin in [
            OriginHeader::Unusable,
            OriginHeader::One(b"https://a.example/path?token=1"),
            OriginHeader::One(b"\x1b[31m"),
            OriginHeader::One(long.as_bytes()),
        ] {
            assert_eq!(SeenOrigin::of(origin), SeenOrigin::Malformed);
        }
        for origin in ["null", "https://a.example"] {
            let seen = SeenOrigin::of(OriginHeader::One(origin.as_bytes()));
            assert_eq!(seen, SeenOrigin::Text(origin.into()));
        }
        assert_eq!(Kind::held_name(b"x-a").as_deref(), Some("x-a"));
        for name in [&b"x a"[..], b"", b"a\xff", &[b'a'; LONGEST_NAME + 1]] {
            assert_eq!(Kind::held_name(name), None);
        }
    }

    #[test]
    fn the_names_of_a_preflight_are_held_as_far_as_they_are_names() {
        let held = |names: &[&[u8]]| Kind::held_headers(names);
        let names: [&[u8]; 4] = [b"X-B", b"a b", b"x-a", b"x-b"];
        assert_eq!(held(&names).as_deref(), Some("x-a, x-b"));
        assert_eq!(held(&[b"a b"]), None);
        let many: Vec<_> = (10..40).map(|number| format!("x-{number}")).collect();
        let many: Vec<_> = many.iter().map(|name| name.as_bytes()).collect();
        let kind = Kind {
            origin: SeenOrigin::Malformed,
            reason: Refusal::HeaderNotAllowed,
            is_reported: false,
            name: held(&many),
        };
        assert_eq!(kind.names().count(), MOST_NAMES);
    }
}
