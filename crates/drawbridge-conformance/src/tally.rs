//! What ran on a layer, and what did not.

use std::fmt;

/// Counts the cases of one layer, and remembers what went wrong.
#[derive(Debug, Default)]
pub struct Tally {
    layer: String,
    ran: usize,
    excluded: Vec<(String, String)>,
    failed: Vec<(String, Vec<String>)>,
}

impl Tally {
    /// Nothing has run yet.
    pub fn of(layer: &str) -> Self {
        Self {
            layer: layer.to_owned(),
            ..Self::default()
        }
    }

    /// A case ran; `differences` is empty when all was as expected.
    pub fn ran(&mut self, id: &str, differences: Vec<String>) {
        self.ran += 1;
        if !differences.is_empty() {
            self.failed.push((id.to_owned(), differences));
        }
    }

    /// A case did not run, for this reason.
    pub fn excluded(&mut self, id: &str, reason: &str) {
        self.excluded.push((id.to_owned(), reason.to_owned()));
    }

    /// `Ok` when at least `committed` cases ran and none differed.
    ///
    /// # Errors
    /// Every difference of every case, or the count that fell.
    pub fn verdict(&self, committed: usize) -> Result<(), String> {
        if !self.failed.is_empty() {
            let mut text = format!(
                "{} of {} cases differ on {}:",
                self.failed.len(),
                self.ran,
                self.layer
            );
            for (id, differences) in &self.failed {
                text += &format!("\n  {id}");
                for difference in differences {
                    text += &format!("\n    {difference}");
                }
            }
            return Err(text);
        }
        if self.ran < committed {
            return Err(format!(
                "{} cases ran on {}, fewer than {committed}",
                self.ran, self.layer
            ));
        }
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} cases run, {} differ, {} excluded",
            self.layer,
            self.ran,
            self.failed.len(),
            self.excluded.len()
        )?;
        for (id, reason) in &self.excluded {
            write!(formatter, "\n  excluded {id}: {reason}")?;
        }
        Ok(())
    }
}
