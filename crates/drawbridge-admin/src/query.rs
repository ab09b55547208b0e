//! Query parameters. Every one is known or refused; in problems they stand as `?name`.

use drawbridge_policy::document::{as_timestamp, nearest};
use drawbridge_policy::endpoint::is_slug;
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_store::{KeyState, Page};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::problem::{Problem, settled};

pub(crate) const DEFAULT_LIMIT: u32 = 100;
pub(crate) const GREATEST_LIMIT: u32 = 1000;
/// Longest text to search for, in characters.
pub(crate) const LONGEST_SEARCH: usize = 100;

/// How long a page of a list is.
pub(crate) const LIMIT: &str = "limit";
/// Where a page of a list begins.
pub(crate) const AFTER: &str = "after";
/// Which project a list is narrowed to.
pub(crate) const PROJECT: &str = "project";
/// What a list is searched for.
pub(crate) const SEARCH: &str = "search";
/// Which state of keys a list is narrowed to.
pub(crate) const STATE: &str = "state";
/// What a list begins with.
pub(crate) const ORDER: &str = "order";
/// What [`ORDER`] can be, the default first.
pub(crate) const ORDERS: [&str; 2] = ["oldest", "newest"];
/// Who did what the audit log tells of.
pub(crate) const ACTOR: &str = "actor";
/// What was done.
pub(crate) const ACTION: &str = "action";
/// What it was done to.
pub(crate) const TARGET: &str = "target";
/// When at the earliest.
pub(crate) const SINCE: &str = "since";
/// Before when.
pub(crate) const UNTIL: &str = "until";
/// Which endpoints' name a list is narrowed to.
pub(crate) const ENDPOINT: &str = "endpoint";
/// By pages of which origin.
pub(crate) const ORIGIN: &str = "origin";
/// On which day at the earliest.
pub(crate) const FROM_DAY: &str = "from_day";
/// On which day at the latest.
pub(crate) const TO_DAY: &str = "to_day";
/// Whether all sessions are meant.
pub(crate) const EVERYWHERE: &str = "everywhere";
/// When the history that is asked for begins.
pub(crate) const FROM: &str = "from";
/// When it ends.
pub(crate) const TO: &str = "to";
/// How finely it is told.
pub(crate) const STEP: &str = "step";
/// Whether a write is only tried.
pub(crate) const DRY_RUN: &str = "dry_run";

/// The parameters of one request, each at most once, all of them known.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the query of a URL.
    ///
    /// # Errors
    /// 422 that names every parameter that is unknown or given twice.
    pub(crate) fn read(query: Option<&str>, known: &[&'static str]) -> Result<Self, Problem> {
        let mut problems = Problems::new();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                problems.push(unknown(&name, known));
            } else if pairs.iter().any(|(other, _)| *other == *name) {
                let detail = format!("the query parameter `{name}` is given twice");
                problems.push(ConfigIssue::new(
                    format!("?{name}"),
                    "duplicate_parameter",
                    detail,
                ));
            } else {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        settled(Some(Self { pairs }), problems)
    }

    /// The value of one parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| &**value)
    }

    /// A time.
    pub(crate) fn time(&self, name: &str, problems: &mut Problems) -> Option<Timestamp> {
        let text = Value::from(self.get(name)?);
        as_timestamp(&text, &format!("?{name}"), problems)
    }

    /// A day, as `2026-11-21`.
    pub(crate) fn day(&self, name: &str, problems: &mut Problems) -> Option<Date> {
        let text = self.get(name)?;
        let day = text
            .parse()
            .ok()
            .filter(|day: &Date| day.to_string() == text);
        if day.is_none() {
            let detail = format!("`{name}` is a day, such as `2026-11-21`");
            problems.push(ConfigIssue::new(format!("?{name}"), "bad_day", detail));
        }
        day
    }

    /// The name of an endpoint: 1 to 40 of a-z, 0-9 and `-`.
    pub(crate) fn endpoint(&self, problems: &mut Problems) -> Option<&str> {
        let name = self.get(ENDPOINT)?;
        if is_slug(name) {
            return Some(name);
        }
        let detail = "`endpoint` is the name of an endpoint: 1 to 40 of a-z, 0-9 and `-`";
        problems.push(ConfigIssue::new("?endpoint", "bad_slug", detail));
        None
    }

    /// What to search for: 1 to 100 characters, without control characters.
    pub(crate) fn search(&self, problems: &mut Problems) -> Option<String> {
        let text = self.get(SEARCH)?;
        let is_short = (1..=LONGEST_SEARCH).contains(&text.chars().count());
        if is_short && !text.contains(char::is_control) {
            return Some(text.to_owned());
        }
        let detail = format!(
            "`search` has 1 to {LONGEST_SEARCH} characters, none of them a control character"
        );
        problems.push(ConfigIssue::new("?search", "bad_search", detail));
        None
    }

    /// Whether a list begins with what was created last.
    pub(crate) fn is_newest_first(&self, problems: &mut Problems) -> bool {
        let text = self.get(ORDER).unwrap_or(ORDERS[0]);
        if !ORDERS.contains(&text) {
            let detail = format!("`order` is one of {}", ORDERS.join(", "));
            let mut issue = ConfigIssue::new("?order", "unknown_value", detail);
            issue.suggestion = nearest(text, &ORDERS).map(Value::from);
            problems.push(issue);
        }
        text == ORDERS[1]
    }

    /// A state of keys.
    pub(crate) fn state(&self, problems: &mut Problems) -> Option<KeyState> {
        let text = self.get(STATE)?;
        let found = KeyState::ALL.into_iter().find(|state| state.name() == text);
        if found.is_none() {
            let names = KeyState::ALL.map(KeyState::name);
            let detail = format!("`state` is one of {}", names.join(", "));
            let mut issue = ConfigIssue::new("?state", "unknown_value", detail);
            issue.suggestion = nearest(text, &names).map(Value::from);
            problems.push(issue);
        }
        found
    }

    /// Whether something is wanted that is not by itself.
    ///
    /// # Errors
    /// 422 for anything but `true` and `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => {
                let detail = format!("`{name}` is `true` or `false`; nothing was done");
                let issue = ConfigIssue::new(format!("?{name}"), "unknown_value", detail);
                Err(Problem::invalid(vec![issue.suggest(true)]))
            }
        }
    }

    /// Whether a write is only to be tried.
    ///
    /// # Errors
    /// 422 for anything but `true` and `false`: whoever misspells it must not have written.
    pub(crate) fn is_dry_run(&self) -> Result<bool, Problem> {
        match self.get(DRY_RUN) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => {
                let detail = "`dry_run` is `true` or `false`; nothing was saved";
                let issue = ConfigIssue::new("?dry_run", "unknown_value", detail);
                Err(Problem::invalid(vec![issue.suggest(true)]))
            }
        }
    }

    /// Which part of a list is asked for.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn page(&self) -> Result<Page, Problem> {
        Ok(Page {
            limit: self.get(LIMIT).map_or(Ok(DEFAULT_LIMIT), read_limit)?,
            after: self.get(AFTER).map(str::to_owned),
        })
    }
}

fn read_limit(text: &str) -> Result<u32, Problem> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|_| is_number);
    let Some(number) = number else {
        return Err(bad_limit(None));
    };
    let limit = number.clamp(1, GREATEST_LIMIT);
    if limit == number {
        Ok(limit)
    } else {
        Err(bad_limit(Some(limit)))
    }
}

fn bad_limit(nearest: Option<u32>) -> Problem {
    let detail = format!("`limit` is a number from 1 to {GREATEST_LIMIT}");
    let mut issue = ConfigIssue::new("?limit", "out_of_range", detail);
    issue.suggestion = nearest.map(Value::from);
    Problem::invalid(vec![issue])
}

fn unknown(name: &str, known: &[&'static str]) -> ConfigIssue {
    let cure = match (nearest(name, known), known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "leave the query out".to_owned(),
        (None, known) => format!("the parameters are {}", known.join(", ")),
    };
    let detail = format!("there is no query parameter `{name}` here; {cure}");
    ConfigIssue::new(format!("?{name}"), "unknown_parameter", detail)
}
