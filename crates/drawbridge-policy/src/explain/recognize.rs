//! From a line of a console, or people's words for it, to the check that failed.
//!
//! Reads the table that the simulator prints from. Whatever stands around a sentence does not matter: other lines, file
//! names, times; nor do line breaks, kinds of quotes and case. It must never take longer than a text of [`MAX_PASTED`]
//! bytes allows, whatever is pasted.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::explain::Browser;
use crate::explain::code::Code;
use crate::explain::wording::{CONTEXTS, PREFLIGHT, Part, Rank, Row, parts, rows};

/// Only so many bytes of what is pasted are looked at.
pub const MAX_PASTED: usize = 8192;

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
    match found {
        Some((found, row)) if row.rank > Rank::Some => Some(read(&text, &found, row)),
        vague => named(&text).or_else(|| vague.map(|(found, row)| read(&text, &found, row))),
    }
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

fn read(text: &Pasted, found: &Found, row: &Row) -> Recognized {
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

/// A text in the form in which it is compared; `lower` has the same length, byte by byte.
struct Pasted {
    text: String,
    lower: String,
}

impl Pasted {
    fn new(pasted: &str) -> Self {
        let text = normal(&pasted[..pasted.floor_char_boundary(MAX_PASTED)]);
        let lower = text.to_ascii_lowercase();
        Self { text, lower }
    }
}

/// Plain quotes, and one space for any white space.
fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '‘' | '’' => normal.push('\''),
            '“' | '”' => normal.push('"'),
            space if space.is_whitespace() => {
                if !normal.ends_with(' ') {
                    normal.push(' ');
                }
            }
            other => normal.push(other),
        }
    }
    normal
}

/// Where the name ends that `rest` begins with, and that `next` stands behind as far as it is not cut off. Where the text
/// ends within a name it may be cut itself, and does not count.
fn end_of_name(rest: &str, next: &str) -> Option<usize> {
    let closing = next.split(' ').next().unwrap_or_default();
    let run = match rest.find(' ') {
        Some(end) => &rest[..end],
        None if closing == "." => rest,
        None => return None,
    };
    let name = run.strip_suffix(closing).filter(|name| !name.is_empty())?;
    let behind = &rest[name.len()..];
    let shared = shared_len(behind, next);
    let is_followed = shared > closing.len() + 1;
    let is_cut = !behind[shared..].starts_with(|it: char| it.is_ascii_alphanumeric());
    (is_followed || is_cut).then_some(name.len())
}

/// How many bytes two texts have in common at their beginning, in whole characters.
fn shared_len(left: &str, right: &str) -> usize {
    let pairs = left.bytes().zip(right.bytes());
    let shared = pairs.take_while(|(left, right)| left == right).count();
    left.floor_char_boundary(shared)
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

#[derive(Debug)]
enum Piece {
    Text(String),
    Gap(&'static str),
}

/// A template, ready to be found.
struct Sentence {
    pieces: Vec<Piece>,
    /// How many of the pieces must be there.
    needed: usize,
}

/// A sentence that was found.
struct Found {
    start: usize,
    matched: usize,
    gaps: Vec<(&'static str, String)>,
}

impl Sentence {
    fn new(text: &'static str) -> Self {
        let mut pieces = Vec::new();
        let mut needed = None;
        for part in parts(text) {
            match part {
                Part::Text(text) => pieces.push(Piece::Text(normal(text).to_ascii_lowercase())),
                Part::Gap(name) => pieces.push(Piece::Gap(name)),
                Part::Told => needed = Some(pieces.len()),
            }
        }
        Self {
            needed: needed.unwrap_or(pieces.len()),
            pieces,
        }
    }

    /// The first place where the sentence stands. Every sentence begins with text.
    fn find(&self, text: &Pasted) -> Option<Found> {
        let Some(Piece::Text(first)) = self.pieces.first() else {
            return None;
        };
        text.lower
            .match_indices(first.as_str())
            .find_map(|(start, _)| self.read(text, start))
    }

    fn read(&self, text: &Pasted, start: usize) -> Option<Found> {
        let mut found = Found {
            start,
            matched: 0,
            gaps: Vec::new(),
        };
        let mut at = start;
        for (index, piece) in self.pieces.iter().enumerate() {
            let is_needed = index < self.needed;
            let end = match piece {
                Piece::Text(piece) if text.lower[at..].starts_with(piece) => {
                    found.matched += piece.len();
                    Some(at + piece.len())
                }
                Piece::Text(_) => None,
                Piece::Gap(name) => {
                    let end = self.end_of_gap(text, at, index);
                    if let Some(end) = end {
                        found.gaps.push((name, text.text[at..end].to_owned()));
                    }
                    end
                }
            };
            match end {
                Some(end) => at = end,
                None if is_needed => return None,
                None => break,
            }
        }
        Some(found)
    }

    /// Where what fills a gap ends: before the text that follows, which alone tells that nothing is cut off. Names and
    /// URLs have no white space in them; names of methods and headers end there even where the rest is cut off.
    fn end_of_gap(&self, text: &Pasted, at: usize, index: usize) -> Option<usize> {
        let rest = &text.lower[at..];
        let Some(Piece::Gap(name)) = self.pieces.get(index) else {
            return None;
        };
        let run = rest.find(' ').unwrap_or(rest.len());
        let len = match self.pieces.get(index + 1) {
            Some(Piece::Text(next)) if matches!(*name, "method" | "header") => {
                end_of_name(rest, next)
            }
            Some(Piece::Text(next)) if next == "." && *name != "status" => None,
            Some(Piece::Text(next)) if *name == "value" => rest.find(next.as_str()),
            Some(Piece::Text(next)) => {
                let window = rest.floor_char_boundary(run + next.len());
                rest[..window].find(next.as_str())
            }
            // Every status has three digits.
            _ if *name == "status" => rest.get(..3).map(str::len),
            _ => None,
        };
        len.map(|len| at + len)
    }

    /// What fills the gaps where the sentence stands right before `end`.
    fn find_ending(&self, text: &Pasted, end: usize) -> Option<Vec<(&'static str, String)>> {
        let Some(Piece::Text(first)) = self.pieces.first() else {
            return None;
        };
        let before = Pasted {
            text: text.text.get(..end)?.to_owned(),
            lower: text.lower.get(..end)?.to_owned(),
        };
        let start = before.lower.rfind(first.as_str())?;
        let found = self.read(&before, start)?;
        Some(found.gaps)
    }
}
