//! How often each policy refuses, counted for 64 policies at a time.

use crate::joint::members::Selection;

/// A number for each policy, bit by bit: the policies whose number has bit *n* set are selected in plane *n*.
#[derive(Debug, Default)]
pub(super) struct Tally {
    planes: Vec<Selection>,
}

impl Tally {
    /// Adds one for each of these: an addition by hand, with the carry going on to the next plane.
    pub(super) fn count(&mut self, mut carry: Selection) {
        for plane in &mut self.planes {
            let mut left = 0_u64;
            for (sum, carry) in plane.words_mut().iter_mut().zip(carry.words_mut()) {
                (*sum, *carry) = (*sum ^ *carry, *sum & *carry);
                left |= *carry;
            }
            if left == 0 {
                return;
            }
        }
        if !carry.is_empty() {
            self.planes.push(carry);
        }
    }

    /// Those of `among` whose number is the least.
    pub(super) fn fewest(&self, among: &Selection) -> Selection {
        let mut fewest = among.clone();
        for plane in self.planes.iter().rev() {
            let less = fewest.without(plane);
            if !less.is_empty() {
                fewest = less;
            }
        }
        fewest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::joint::members::Members;

    fn selection(numbers: &[u32]) -> Selection {
        let mut selection = Selection::none(3);
        selection.add(&Members::new(numbers.to_vec(), 3));
        selection
    }

    #[test]
    fn the_least_counted_are_found_however_often_others_are_counted() {
        let mut tally = Tally::default();
        let all = selection(&[0, 1, 63, 64, 130]);
        for round in 0..65 {
            let mut counted = vec![0, 64];
            if round < 64 {
                counted.push(130);
            }
            if round < 7 {
                counted.extend([1, 63]);
            }
            counted.sort_unstable();
            tally.count(selection(&counted));
        }
        let fewest = |among: &Selection| tally.fewest(among).iter().collect::<Vec<_>>();
        assert_eq!(fewest(&all), [1, 63]);
        assert_eq!(fewest(&selection(&[0, 64, 130])), [130]);
        assert_eq!(fewest(&selection(&[0, 64])), [0, 64]);
        assert_eq!(fewest(&selection(&[2, 63])), [2]);
        assert!(fewest(&selection(&[])).is_empty());
    }
}
