//! Why a browser blocked a call: its decision, its words for it, and the change that cures it.
//!
//! [`simulate`] is the browser: from what a page asks for and what a server answers it follows Fetch ("CORS protocol") to
//! the check that fails, in each browser's own order, and [`console_lines`] prints what that browser prints.
//! [`recognize`] goes the other way, from a pasted line to the check. [`explain`] asks the configuration's own judgement
//! ([`CorsPolicy`](crate::cors::CorsPolicy)) what the gateway answers, has the browser judge that, and says what would cure
//! it. [`suspect`] names what no server's log shows.
//!
//! It must never be used to decide about a request: nothing here admits or refuses. Everything is bounded by the length
//! of what is handed in, and pasted text is cut before it is looked at.
//!
//! What browsers do and print was measured, and stands with the versions in `conformance/console.json`; the end-to-end
//! tests compare the browsers of the machine with it. Safari's part was measured in WebKitGTK, which has the same code
//! but another network stack, and not in Safari: see [`ConsoleLine::is_verified`].

mod answer;
mod cause;
mod checks;
mod code;
mod document;
mod fix;
mod judge;
mod notes;
mod recognize;
mod request;
mod safelist;
mod simulate;
mod unseen;
mod wording;

pub use answer::{Answer, Hop, NetworkError, Reply};
pub use cause::Cause;
pub use checks::{Fault, Phase};
pub use code::Code;
pub use document::{Unrecognized, call_document, line_document, read_line};
pub use fix::{Fix, Target};
pub use judge::{AskedKey, Explanation, InBrowser, Question, Verdict, explain};
pub use notes::{Note, notes_on_line};
pub use recognize::{MAX_PASTED, Recognized, excerpt, nearest, recognize};
pub use request::{Api, Body, Mode, PageRequest};
pub use safelist::Objection;
pub use simulate::{Asked, Need, Outcome, Simulation, Step, simulate, stopped};
pub use unseen::{AddressSpace, suspect};
pub use wording::{ConsoleLine, console_lines};

/// A family of browsers that share order of checks and wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Browser {
    /// Chromium, Chrome, Edge, Opera, Brave …
    Chromium,
    /// Firefox and its relatives.
    Firefox,
    /// Safari, and every browser on iOS.
    Safari,
}

impl Browser {
    /// All of them, in the order in which answers list them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Safari];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Safari => "safari",
        }
    }
}
