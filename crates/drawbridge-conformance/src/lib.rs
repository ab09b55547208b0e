//! The conformance corpus as values, and the comparison of an answer with what a case expects of it.
//!
//! Every runner reads the data through here, so that all of them read it alike: a field that this crate does not know
//! fails the run, and so does a placeholder, an answer name or an exclusion without its reason. Must never judge a
//! request itself: what is right stands in the data, what happened comes from the runner.

mod answer;
mod case;
mod configuration;
mod corpus;
mod expect;
mod members;
mod tally;
mod text;

pub use answer::{Answer, differences};
pub use case::{BrowserCall, Case, Fault, Fetch, Key, Layer, OwnKey, Upstream};
pub use configuration::{
    Configuration, Document, Outcome, StatedIssue, configurations, issue_differences,
};
pub use corpus::{CorpusError, cases};
pub use expect::{Cors, Expect, HeaderValue};
pub use members::Members;
pub use tally::Tally;
pub use text::{Names, Text};
