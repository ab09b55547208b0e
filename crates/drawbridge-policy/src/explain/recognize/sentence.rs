//! Templates as they are found in pasted text, whole or in part.

use std::borrow::Cow;

use crate::explain::wording::{Part, parts};

/// How much is looked at of the beginning of what is pasted, and of its end, in bytes.
const EXCERPT: usize = 8192;

/// Only so many bytes of what is pasted are looked at: half of them at its beginning, half at its end.
pub const MAX_PASTED: usize = 2 * EXCERPT;

/// What is looked at of a text.
pub fn excerpt(pasted: &str) -> Cow<'_, str> {
    if pasted.len() <= MAX_PASTED {
        return Cow::Borrowed(pasted);
    }
    let start = &pasted[..pasted.floor_char_boundary(EXCERPT)];
    let end = &pasted[pasted.ceil_char_boundary(pasted.len() - EXCERPT)..];
    Cow::Owned(format!("{start} \u{22ef} {end}"))
}

/// A text in the form in which it is compared; `lower` has the same length, byte by byte.
pub(super) struct Pasted {
    pub(super) text: String,
    pub(super) lower: String,
}

impl Pasted {
    pub(super) fn new(pasted: &str) -> Self {
        Self::of(normal(&excerpt(pasted)))
    }

    pub(super) fn of(text: String) -> Self {
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

#[derive(Debug)]
enum Piece {
    Text(String),
    Gap(&'static str),
}

/// A template, ready to be found.
pub(super) struct Sentence {
    pieces: Vec<Piece>,
    /// How many of the pieces must be there.
    needed: usize,
}

/// How far a sentence stands at one place of a text.
pub(super) struct Reading {
    pub(super) start: usize,
    /// Where the last piece ends that stands there whole.
    pub(super) end: usize,
    /// How many pieces stand there whole.
    pieces: usize,
    /// How many bytes of the sentence's own text they have.
    pub(super) matched: usize,
    /// How many bytes of the next piece stand there.
    more: usize,
    /// Whether the text ends within the sentence.
    pub(super) runs_out: bool,
    pub(super) gaps: Vec<(&'static str, String)>,
}

impl Reading {
    /// How many bytes of the sentence's own text stand there.
    pub(super) fn shared(&self) -> usize {
        self.matched + self.more
    }

    /// Whether the sentence breaks off there, rather than goes on in other words.
    pub(super) fn is_cut(&self, text: &Pasted) -> bool {
        let behind = &text.lower[self.end + self.more..];
        self.runs_out || (self.more > 0 && !behind.starts_with(|it: char| it.is_alphanumeric()))
    }
}

impl Sentence {
    pub(super) fn new(text: &'static str) -> Self {
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

    /// The text that the sentence begins with; none begins with a gap.
    fn first(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(first)) => first,
            _ => "",
        }
    }

    /// The first place where the sentence stands, as far as it is needed.
    pub(super) fn find(&self, text: &Pasted) -> Option<Reading> {
        self.find_all(text).next()
    }

    /// Every such place.
    pub(super) fn find_all(&self, text: &Pasted) -> impl Iterator<Item = Reading> {
        let starts = text.lower.match_indices(self.first());
        starts.filter_map(|(start, _)| self.read(text, start))
    }

    /// Where the text breaks off within the sentence, with at least `least` bytes of it.
    pub(super) fn find_cut(&self, text: &Pasted, least: usize) -> Option<Reading> {
        let first = self.first();
        let probe = &first[..first.floor_char_boundary(least)];
        let starts = text.lower.match_indices(probe);
        let readings = starts.map(|(start, _)| self.reach(text, start));
        let mut cut = readings.filter(|reading| reading.runs_out && reading.shared() >= least);
        cut.next()
    }

    fn read(&self, text: &Pasted, start: usize) -> Option<Reading> {
        Some(self.reach(text, start)).filter(|reading| reading.pieces >= self.needed)
    }

    pub(super) fn is_whole(&self, reading: &Reading) -> bool {
        reading.pieces == self.pieces.len()
    }

    /// How far the sentence stands there.
    pub(super) fn reach(&self, text: &Pasted, start: usize) -> Reading {
        let mut reading = Reading {
            start,
            end: start,
            pieces: 0,
            matched: 0,
            more: 0,
            runs_out: false,
            gaps: Vec::new(),
        };
        for (index, piece) in self.pieces.iter().enumerate() {
            let at = reading.end;
            let rest = &text.lower[at..];
            match piece {
                Piece::Text(piece) if rest.starts_with(piece) => {
                    reading.matched += piece.len();
                    reading.end += piece.len();
                }
                Piece::Text(piece) => {
                    reading.more = shared_len(rest, piece);
                    reading.runs_out = reading.more == rest.len();
                    break;
                }
                Piece::Gap(name) => {
                    let Some(end) = self.end_of_gap(text, at, index) else {
                        reading.runs_out = !rest.contains(' ');
                        break;
                    };
                    reading.gaps.push((name, text.text[at..end].to_owned()));
                    reading.end = end;
                }
            }
            reading.pieces += 1;
        }
        reading
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
                let whole = rest[..window].find(next.as_str());
                whole.or_else(|| end_before_cut(&rest[..run], rest, next))
            }
            // Every status has three digits.
            _ if *name == "status" => rest.get(..3).map(str::len),
            _ => None,
        };
        len.map(|len| at + len)
    }

    /// What fills the gaps where the sentence stands right before `end`.
    pub(super) fn find_ending(
        &self,
        text: &Pasted,
        end: usize,
    ) -> Option<Vec<(&'static str, String)>> {
        let before = Pasted {
            text: text.text.get(..end)?.to_owned(),
            lower: text.lower.get(..end)?.to_owned(),
        };
        let start = before.lower.rfind(self.first())?;
        let reading = self.reach(&before, start);
        self.is_whole(&reading).then_some(reading.gaps)
    }
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

/// Where what fills a gap ends, where the text breaks off within `next` behind it, and behind the white space in that.
fn end_before_cut(run: &str, rest: &str, next: &str) -> Option<usize> {
    let closing = next.split(' ').next().unwrap_or_default();
    let filling = run.strip_suffix(closing).filter(|it| !it.is_empty())?;
    let behind = &rest[filling.len()..];
    (behind.len() > closing.len() && next.starts_with(behind)).then_some(filling.len())
}

/// How many bytes two texts have in common at their beginning, in whole characters.
pub(super) fn shared_len(left: &str, right: &str) -> usize {
    let pairs = left.bytes().zip(right.bytes());
    let shared = pairs.take_while(|(left, right)| left == right).count();
    left.floor_char_boundary(shared)
}
