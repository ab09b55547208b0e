//! From a line of a console, or people's words for it, to the check that failed.
//!
//! Reads the table that the simulator prints from. Whatever stands around a sentence does not matter: other lines, file
//! names, times; nor do line breaks, kinds of quotes and case, nor that it is cut off. It must never take longer than a text of [`MAX_PASTED`]
//! bytes allows, whatever is pasted.

mod cut;
mod sentence;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::explain::Browser;
use crate::explain::code::Code;
use crate::explain::wording::{CONTEXTS, PREFLIGHT, Rank, Row, rows};
use sentence::{Pasted, Reading, Sentence};

pub use sentence::{MAX_PASTED, excerpt};

/// What a text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognized {
    /// What it may mean, the likeliest first; never empty.
    pub codes: Vec<Code>,
    /// Whose wording it is; `None` for people's.
    pub browser: Option<Browser>,
    /// What was called, or where a redirect led.
    pub url: Option<String>,
    /// What was called, where `url` was reached by a redirect.
    pub redirected_from: Option<String>,
    /// The page's origin.
    pub origin: Option<String>,
    /// The method at fault.
    pub method: Option<String>,
    /// The header at fault.
    pub header: Option<String>,
    /// The status of the answer at fault.
    pub status: Option<u16>,
    /// The value at fault, or the part of it.
    pub value: Option<String>,
}

impl Recognized {
    /// The likeliest code.
    pub fn code(&self) -> Code {
        self.codes.first().copied().unwrap_or(Code::Unspecified)
    }

    fn set(&mut self, gap: &str, filling: &str) {
        let field = match gap {
            "url" => &mut self.url,
            "start" => &mut self.redirected_from,
            "origin" => &mut self.origin,
            "method" => &mut self.method,
            "header" => &mut self.header,
            "value" => &mut self.value,
            "status" => {
                self.status = filling.parse().ok();
                return;
            }
            _ => return,
        };
        field.get_or_insert_with(|| filling.to_owned());
    }

    /// Adds what stands before a reason, where nothing is known of it.
    fn complete(&mut self, context: Option<Self>) {
        let Some(context) = context else { return };
        self.browser = self.browser.or(context.browser);
        for (own, other) in [
            (&mut self.url, context.url),
            (&mut self.redirected_from, context.redirected_from),
            (&mut self.origin, context.origin),
        ] {
            *own = own.take().or(other);
        }
    }
}

/// What the text says: its most telling sentence. `None` where no browser prints, and nobody calls it, anything like it.
pub fn recognize(pasted: &str) -> Option<Recognized> {
    let text = Pasted::new(pasted);
    let found = SENTENCES
        .iter()
        .filter_map(|(row, sentence)| Some((sentence.find(&text)?, *row)))
        // The first of several that are equally telling.
        .rev()
        .max_by_key(|(found, row)| (row.rank, found.matched));
    let as_read = |found: &Option<(Reading, &Row)>| {
        let (found, row) = found.as_ref()?;
        Some(read(&text, found, row))
    };
    let rank = found.as_ref().map(|(_, row)| row.rank);
    if rank == Some(Rank::Reason) {
        return as_read(&found);
    }
    if let Some(reason) = cut::reason(&text) {
        return Some(reason);
    }
    let context = cut::context(&text);
    let said = match rank {
        Some(Rank::Phrase) => as_read(&found),
        _ => named(&text),
    };
    if let Some(mut said) = said {
        said.complete(context);
        return Some(said);
    }
    let is_browsers = found
        .as_ref()
        .is_some_and(|(_, row)| row.rank == Rank::Some && row.browser.is_some());
    if is_browsers {
        return as_read(&found);
    }
    context
        .or_else(|| as_read(&found))
        .or_else(|| cut::some(&text))
}

/// A code by its own name.
fn named(text: &Pasted) -> Option<Recognized> {
    let mut words = text.lower.split(|it: char| !it.is_ascii_alphanumeric());
    let code = words.find_map(|word| {
        let named = |code: &Code| code.name().eq_ignore_ascii_case(word);
        Code::ALL.into_iter().find(named)
    })?;
    Some(Recognized {
        codes: vec![code],
        ..Recognized::default()
    })
}

fn read(text: &Pasted, found: &Reading, row: &Row) -> Recognized {
    let mut recognized = Recognized {
        browser: row.browser,
        ..Recognized::default()
    };
    for (gap, filling) in &found.gaps {
        recognized.set(gap, filling);
    }
    let before = context(text, row, found.start, &mut recognized);
    recognized.codes = codes(row, before);
    if row.browser == Some(Browser::Safari) && recognized.url.is_none() {
        recognized.url = ECHO.iter().find_map(|echo| {
            let echo = echo.find(text)?;
            let (_, url) = echo.gaps.into_iter().find(|(gap, _)| *gap == "url")?;
            Some(url)
        });
    }
    recognized
}

/// The sentence of a browser that has most words in common with the text, for whoever mistyped one.
pub fn nearest(pasted: &str) -> Option<(Code, &'static str)> {
    let text = Pasted::new(pasted);
    let words: Vec<&str> = words(&text.lower).collect();
    let (row, _) = rows()
        .filter(|row| row.rank == Rank::Reason)
        .map(|row| (row, shared_words(row.text, &words)))
        .filter(|(_, (shared, _))| *shared >= 3)
        .rev()
        .max_by_key(|(_, (shared, all))| shared * 100 / all)?;
    Some((*row.codes.first()?, row.text))
}

/// What stands before a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Context,
    Preflight,
}

fn context(text: &Pasted, row: &Row, start: usize, recognized: &mut Recognized) -> Before {
    if !row.is_prefixed {
        return Before::Nothing;
    }
    let of_preflight = PREFLIGHT.to_ascii_lowercase();
    let before = text.lower.get(..start).unwrap_or_default();
    let (end, told) = match before.strip_suffix(of_preflight.as_str()) {
        Some(before) => (before.len(), Before::Preflight),
        None => (start, Before::Context),
    };
    let own = CONTEXT_SENTENCES
        .iter()
        .filter(|(browser, _)| row.browser == Some(*browser));
    for (_, sentence) in own {
        if let Some(found) = sentence.find_ending(text, end) {
            for (gap, filling) in &found {
                recognized.set(gap, filling);
            }
            return told;
        }
    }
    if told == Before::Preflight {
        told
    } else {
        Before::Nothing
    }
}

fn codes(row: &Row, before: Before) -> Vec<Code> {
    let mut codes: Vec<Code> = Vec::new();
    let is_chromium = row.browser == Some(Browser::Chromium);
    match before {
        Before::Preflight => codes.extend(row.codes.iter().map(|code| code.on_preflight())),
        Before::Context if is_chromium => codes.extend(row.codes),
        Before::Context | Before::Nothing => {
            codes.extend(row.codes);
            codes.extend(row.codes.iter().map(|code| code.on_preflight()));
        }
    }
    let mut distinct: Vec<Code> = Vec::new();
    for code in codes {
        if !distinct.contains(&code) {
            distinct.push(code);
        }
    }
    distinct
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_ascii_alphanumeric() && it != '-')
        .filter(|word| word.len() > 2)
}

/// How many words of the template stand in the text, and how many it has, each counted once.
fn shared_words(template: &str, words_of_text: &[&str]) -> (usize, usize) {
    let template = template.to_ascii_lowercase();
    let distinct: BTreeSet<_> = words(&template).collect();
    let shared = distinct.iter().filter(|word| words_of_text.contains(word));
    (shared.count(), distinct.len().max(1))
}

static SENTENCES: LazyLock<Vec<(&Row, Sentence)>> =
    LazyLock::new(|| rows().map(|row| (row, Sentence::new(row.text))).collect());

static ECHO: LazyLock<Vec<Sentence>> = LazyLock::new(|| {
    rows()
        .filter(|row| row.text.contains("due to access control checks"))
        .map(|row| Sentence::new(row.text))
        .collect()
});

static CONTEXT_SENTENCES: LazyLock<Vec<(Browser, Sentence)>> = LazyLock::new(|| {
    CONTEXTS
        .iter()
        .map(|(browser, text)| (*browser, Sentence::new(text)))
        .collect()
});
