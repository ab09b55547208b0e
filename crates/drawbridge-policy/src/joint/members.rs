//! Sets of policies, by number.
//!
//! [`Members`] are stored, in millions perhaps, and take the smaller of two forms; a [`Selection`] is made to answer one
//! question and has a bit for every policy. Numbers must never come from requests.

/// Which policies have something in common; made once.
#[derive(Debug)]
pub(super) enum Members {
    /// In ascending order: smaller where there are fewer than one in 32.
    Few(Vec<u32>),
    /// Bit *n* of word *w* stands for the policy 64 *w* + *n*.
    Many(Vec<u64>),
}

/// Nobody.
pub(super) static NONE: Members = Members::Few(Vec::new());

impl Members {
    /// The set of these, in ascending order, all below 64 * `words`.
    pub(super) fn new(mut numbers: Vec<u32>, words: usize) -> Self {
        if numbers.len() < 2 * words {
            numbers.shrink_to_fit();
            return Self::Few(numbers);
        }
        let mut selection = Selection::none(words);
        for number in numbers {
            selection.add_one(number);
        }
        Self::Many(selection.words)
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Few(numbers) if numbers.is_empty())
    }
}

/// Which policies answer to a question.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    words: Vec<u64>,
}

impl Selection {
    /// None of 64 * `words` policies.
    pub(super) fn none(words: usize) -> Self {
        Self {
            words: vec![0; words],
        }
    }

    pub(super) fn add_one(&mut self, number: u32) {
        self.words[number as usize / 64] |= 1 << (number % 64);
    }

    pub(super) fn add(&mut self, members: &Members) {
        match members {
            Members::Few(numbers) => numbers.iter().for_each(|number| self.add_one(*number)),
            Members::Many(words) => {
                for (word, more) in self.words.iter_mut().zip(words) {
                    *word |= more;
                }
            }
        }
    }

    /// Keeps those that `other` has too.
    pub(super) fn keep(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Those that `other` has not.
    pub(super) fn without(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words);
        Self {
            words: words.map(|(word, other)| word & !other).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn intersects(&self, members: &Members) -> bool {
        match members {
            Members::Few(numbers) => numbers
                .iter()
                .any(|number| self.words[*number as usize / 64] >> (number % 64) & 1 != 0),
            Members::Many(words) => self.words.iter().zip(words).any(|(a, b)| a & b != 0),
        }
    }

    /// Whether all of these are members.
    pub(super) fn is_within(&self, members: &Members) -> bool {
        match members {
            Members::Few(numbers) => {
                let mut numbers = numbers.iter();
                self.iter()
                    .all(|number| numbers.any(|member| *member as usize == number))
            }
            Members::Many(words) => are_within(&self.words, words),
        }
    }

    /// Whether `other` has all of these.
    pub(super) fn is_subset(&self, other: &Self) -> bool {
        are_within(&self.words, &other.words)
    }

    /// The least number.
    pub(super) fn first(&self) -> Option<usize> {
        self.iter().next()
    }

    /// The one number, if there is but one.
    pub(super) fn only(&self) -> Option<usize> {
        let mut numbers = self.iter();
        let first = numbers.next()?;
        numbers.next().is_none().then_some(first)
    }

    /// The numbers, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(64 * index + bit)
            })
        })
    }

    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }
}

/// Whether every bit that is set in `words` is set in `others`. Looking at all of them is what compilers vectorize.
fn are_within(words: &[u64], others: &[u64]) -> bool {
    let words = words.iter().zip(others);
    words.fold(0, |outside, (word, other)| outside | (word & !other)) == 0
}
