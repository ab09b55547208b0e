//! What the policies that pass have in common.

use bytes::Bytes;

use crate::cors::{Expose, PreflightAnswer, names_in};
use crate::joint::JointPolicies;
use crate::joint::admission::Admission;
use crate::joint::index::Question;
use crate::joint::members::Selection;

impl JointPolicies {
    /// Promises what each of those that pass promises by itself.
    ///
    /// Names stand as the oldest has them, then as they were asked for.
    pub(super) fn fill_in(
        &self,
        answer: &mut PreflightAnswer,
        question: &Question<'_>,
        passing: &Selection,
        admission: &Admission,
    ) {
        answer.allow_origin = admission.allow_origin(passing);
        answer.allow_credentials = passing.is_within(self.index.allowing_credentials())
            && passing.is_subset(&admission.credentialed);
        answer.allow_methods = self.common_methods(question, passing);
        answer.allow_headers = self.common_headers(question, passing);
        answer.max_age = self.least_max_age(passing);
        answer.expose_headers = self.commonly_exposed(passing);
    }

    fn common_methods(&self, question: &Question<'_>, passing: &Selection) -> Option<Bytes> {
        let oldest = &self.policies[passing.first()?];
        let is_common = |name: &&[u8]| passing.is_within(self.index.naming_method(name));
        let mut common: Vec<_> = oldest.methods().listed().filter(is_common).collect();
        // A HEAD that is listed as GET stands in no list; browsers need no permission for it.
        let asked = question.method;
        if !is_common(&asked) && passing.is_subset(&self.index.answering_method(question)) {
            common.push(asked);
        }
        joined(&common)
    }

    fn common_headers(&self, question: &Question<'_>, passing: &Selection) -> Option<Bytes> {
        let oldest = &self.policies[passing.first()?];
        let is_common = |name: &&[u8]| passing.is_within(self.index.naming_header(name));
        let mut common: Vec<_> = oldest.headers().listed().filter(is_common).collect();
        for header in &question.headers {
            if !passing.is_within(header.named) {
                common.push(header.name);
            }
        }
        joined(&common)
    }

    fn least_max_age(&self, passing: &Selection) -> Option<Bytes> {
        let least = passing
            .iter()
            .min_by_key(|policy| self.index.max_age(*policy))?;
        Some(self.policies[least].max_age().clone())
    }

    /// The names that all expose, where `*` exposes every name.
    fn commonly_exposed(&self, passing: &Selection) -> Option<Bytes> {
        let all = self.index.exposing_all();
        let naming = passing.without(&self.index.union([all]));
        let Some(oldest) = naming.first() else {
            // With credentials a `*` is the name of a header.
            let is_literal = passing.intersects(self.index.allowing_credentials());
            return (!is_literal).then(|| Bytes::from_static(b"*"));
        };
        let Expose::Fixed(names) = self.policies[oldest].exposed() else {
            return None;
        };
        let is_common = |name: &&[u8]| naming.is_within(self.index.exposing(name));
        joined(&names_in(names).filter(is_common).collect::<Vec<_>>())
    }
}

fn joined(names: &[&[u8]]) -> Option<Bytes> {
    (!names.is_empty()).then(|| names.join(b", ".as_slice()).into())
}
