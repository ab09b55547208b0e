//! Reading policies into an index.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::cors::{CorsPolicy, Enforcement, Expose, KeyGrant, names_in};
use crate::joint::index::{Index, Kind, Term, origin_term};
use crate::joint::left_to_keys::LeftToKeys;
use crate::joint::members::Members;

impl Index {
    /// The index over the policies of endpoints, those of them that differ, in the order given, and which endpoints list no
    /// origins.
    pub(in crate::joint) fn new<'p>(
        policies: impl IntoIterator<Item = (&'p str, &'p Arc<CorsPolicy>)>,
    ) -> (Self, Box<[Arc<CorsPolicy>]>, LeftToKeys) {
        let mut terms = Terms::default();
        let mut known: HashMap<Box<[usize]>, u32, RandomState> = HashMap::default();
        let mut left_to_keys = LeftToKeys::default();
        let mut distinct = Vec::new();
        let mut max_ages = Vec::new();
        for (path, policy) in policies {
            let numbers = terms.of(policy);
            // A list of four billion policies fits into no memory.
            let next = u32::try_from(distinct.len()).unwrap_or(u32::MAX);
            let place = known.get(&*numbers).copied().unwrap_or(next);
            if !policy.lists_origins() {
                left_to_keys.add(path, place, policy);
            }
            if place != next {
                continue;
            }
            for number in &numbers {
                terms.postings[*number].push(place);
            }
            known.insert(numbers.into(), place);
            max_ages.push(seconds(policy.max_age()));
            distinct.push(Arc::clone(policy));
        }
        let words = distinct.len().div_ceil(64);
        let postings = terms.postings.into_iter();
        let index = Self {
            members: postings
                .map(|numbers| Members::new(numbers, words))
                .collect(),
            terms: terms.numbers,
            longest_prefix: terms.longest_prefix,
            max_ages: max_ages.into(),
            words,
        };
        (index, distinct.into(), left_to_keys)
    }
}

/// A compiled `maxAge`, which is from 0 to 2147483647.
fn seconds(max_age: &[u8]) -> u32 {
    let text = str::from_utf8(max_age).unwrap_or_default();
    text.parse().unwrap_or_default()
}

/// Terms by number, and which policies have them.
#[derive(Default)]
struct Terms {
    numbers: HashMap<Term<Box<[u8]>>, usize, RandomState>,
    postings: Vec<Vec<u32>>,
    longest_prefix: usize,
    lower_case: Vec<u8>,
}

impl Terms {
    /// The numbers of all terms of a policy, each once: equal for policies that answer preflights alike.
    fn of(&mut self, policy: &CorsPolicy) -> Vec<usize> {
        let mut numbers = Vec::new();
        let mut push = |kind, text: &[u8]| numbers.push(self.number(kind, text));
        for part in policy.origins().parts() {
            let (kind, text) = origin_term(part);
            push(kind, text);
        }
        for (kind, is_true) in [
            (Kind::AnyMethod, policy.methods().admits_any()),
            (Kind::AnyHeader, policy.headers().admits_any()),
            (Kind::Credentials, policy.allows_credentials()),
            (Kind::Star, policy.answers_all_alike(KeyGrant::default())),
            (Kind::Reporting, policy.enforcement() == Enforcement::Report),
        ] {
            if is_true {
                push(kind, b"");
            }
        }
        push(Kind::MaxAge, policy.max_age());
        policy
            .methods()
            .listed()
            .for_each(|name| push(Kind::Method, name));
        for name in policy.headers().listed() {
            numbers.push(self.number_in_lower_case(Kind::Header, name));
        }
        for prefix in policy.headers().prefixes() {
            self.longest_prefix = self.longest_prefix.max(prefix.len());
            numbers.push(self.number_in_lower_case(Kind::HeaderPrefix, prefix));
        }
        match policy.exposed() {
            Expose::None => {}
            Expose::Fixed(names) if &**names != b"*" => {
                for name in names_in(names) {
                    numbers.push(self.number_in_lower_case(Kind::Exposed, name));
                }
            }
            Expose::Fixed(_) | Expose::ResponseNames => {
                numbers.push(self.number(Kind::AnyExposed, b""));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn number_in_lower_case(&mut self, kind: Kind, name: &[u8]) -> usize {
        let mut text = std::mem::take(&mut self.lower_case);
        text.clear();
        text.extend(name.iter().map(u8::to_ascii_lowercase));
        let number = self.number(kind, &text);
        self.lower_case = text;
        number
    }

    fn number(&mut self, kind: Kind, text: &[u8]) -> usize {
        if let Some(number) = self.numbers.get(&Term { kind, text }) {
            return *number;
        }
        let number = self.postings.len();
        self.postings.push(Vec::new());
        let text = text.into();
        self.numbers.insert(Term { kind, text }, number);
        number
    }
}
