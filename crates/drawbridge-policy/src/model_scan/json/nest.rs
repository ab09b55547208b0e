//! The containers that are open.

use super::{JsonFault, Next};

/// Containers that may be open at once: what `serde_json` reads, so that both refuse the same texts.
const MAX_DEPTH: u32 = 127;

/// The containers that are open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nest {
    depth: u32,
    /// One bit for each container, the innermost lowest: set for an object.
    objects: u128,
}

impl Nest {
    pub(super) const fn new() -> Self {
        Self {
            depth: 0,
            objects: 0,
        }
    }

    /// How many containers are open.
    #[inline]
    pub(super) const fn depth(self) -> u32 {
        self.depth
    }

    /// Whether the innermost container is an object.
    #[inline]
    pub(super) const fn is_object(self) -> bool {
        self.objects & 1 == 1
    }

    /// Whether nothing of interest can stand here: only the outermost object has the names that are looked for.
    #[inline]
    pub(super) const fn is_unwatched(self) -> bool {
        self.depth > 1 || self.depth == 1 && !self.is_object()
    }

    #[inline]
    pub(super) const fn open(&mut self, is_object: bool) -> Result<(), JsonFault> {
        if self.depth == MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | is_object as u128;
        Ok(())
    }

    #[inline]
    pub(super) const fn close(&mut self, is_object: bool) -> Result<(), JsonFault> {
        if self.is_object() != is_object {
            return Err(JsonFault::UnexpectedByte);
        }
        self.depth -= 1;
        self.objects >>= 1;
        Ok(())
    }

    /// What comes behind a comma.
    #[inline]
    pub(super) const fn after_comma(self) -> Next {
        if self.is_object() {
            Next::Name
        } else {
            Next::Value
        }
    }

    /// What comes behind a value.
    #[inline]
    pub(super) const fn after_value(self) -> Next {
        if self.depth == 0 {
            Next::Nothing
        } else {
            Next::CommaOrEnd
        }
    }
}
