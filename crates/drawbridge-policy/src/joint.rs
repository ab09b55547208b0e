//! The joint test: one answer for the shared URL, where a preflight does not say which endpoint it is for.
//!
//! [`JointPolicies`] answers for the policies of all endpoints at once. A preflight passes if one of them admits origin,
//! method and headers together, and the answer promises no more than all that pass have in common; whichever endpoint
//! the actual request turns out to be for then judges it exactly. Fields of different policies must never be mixed: a
//! page that one policy admits must not be told what only another one allows.
//!
//! Policies that are equal as far as preflights go are numbered once, in the order of creation. Every fact about a
//! policy (an origin pattern, a method, a header name ...) is a *term* that knows its members, and a question is answered
//! by uniting and intersecting members, 64 policies at a time. Only the one policy that answers alone is asked itself.
//!
//! **Policies in report mode** take part as what they answer by themselves: they admit every well-formed origin, and
//! list whatever is asked for, so that they pass whenever nothing impossible is asked for. To an origin that they do not
//! list they never allow credentials, and so neither does an answer that they share. **Endpoints that list no origins**
//! take part with what their keys admit at the moment of the question; those whose policies are otherwise equal share a
//! number, the oldest's, and answer together what each of them would.

mod admission;
mod answer;
mod index;
mod left_to_keys;
mod members;
mod tally;

use std::sync::Arc;

use bytes::Bytes;

use crate::cors::{
    ActualVerdict, AllowOrigin, CorsConfig, CorsPolicy, Expose, OriginHeader, Preflight,
    PreflightAnswer, Refusal, exposed, requested_names,
};
use crate::joint::admission::Admission;
use crate::joint::index::{Bar, Index, Question};
use crate::joint::left_to_keys::LeftToKeys;
use crate::joint::members::Selection;
use crate::joint::tally::Tally;
use crate::key_origins::KeysAt;

/// Which endpoints pass depends on all that a preflight asks, and so does every answer.
const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The policies of all endpoints of all projects, as one.
///
/// Immutable; a change of an endpoint makes a new one, which looks at every entry of every list once.
///
/// What an answer costs, with a *step* for 64 different policies: three for each header asked for (64 at most), one for
/// each prefix in a list that covers one of them (names of 4096 bytes have 2047 dashes at most, and each is looked up
/// that is not beyond the longest prefix), one for each name that the oldest policy that passes lists, and a look at the
/// `maxAge` of each policy that passes. Nothing grows with policies times names. Where endpoints list no origins, a look at
/// each project and endpoint whose keys list the origin comes first, until all their policies are known to admit it.
#[derive(Debug)]
pub struct JointPolicies {
    /// Different ones, oldest first; the index has them by their places here.
    policies: Box<[Arc<CorsPolicy>]>,
    index: Index,
    left_to_keys: LeftToKeys,
    /// What pages may read of answers that belong to no endpoint.
    expose: Expose,
}

impl Default for JointPolicies {
    fn default() -> Self {
        Self::new([])
    }
}

impl JointPolicies {
    /// Joins policies about which no key has a say, oldest first.
    pub fn new<'p>(policies: impl IntoIterator<Item = &'p Arc<CorsPolicy>>) -> Self {
        Self::of_endpoints(policies.into_iter().map(|policy| ("", policy)))
    }

    /// Joins the policies of all endpoints (`{project_id}/{name}`), oldest endpoint first.
    pub fn of_endpoints<'p>(
        endpoints: impl IntoIterator<Item = (&'p str, &'p Arc<CorsPolicy>)>,
    ) -> Self {
        let (index, policies, left_to_keys) = Index::new(endpoints);
        let default = CorsConfig::default();
        Self {
            policies,
            index,
            left_to_keys,
            expose: exposed(&default.exposed_headers, false),
        }
    }

    /// How many different policies there are.
    pub fn distinct(&self) -> usize {
        self.policies.len()
    }

    /// Judges a preflight of the shared URL.
    ///
    /// Where none passes but some admit the origin, the answer is that of the policy that refuses the least, the method
    /// counting one and each header one (the oldest of several): the browser's own message then names what is missing.
    /// An origin that no policy admits is told nothing. `reported` is what would have been refused if no policy were in
    /// report mode.
    pub fn preflight<'r, L>(&self, request: &Preflight<'r, L>, keys: KeysAt<'_>) -> PreflightAnswer
    where
        L: Iterator<Item = &'r [u8]> + Clone,
    {
        let mut answer = PreflightAnswer::nothing(Some(Bytes::from_static(VARY.as_bytes())));
        let admission = self.admission(request.origin, keys);
        answer.allow_origin = admission.allow_origin(&admission.admitted);
        let Some(names) = requested_names(request.header_lines.clone()) else {
            answer.status = 431;
            answer.refusal = Some(Refusal::HeadersTooLarge);
            return answer;
        };
        if admission.admitted.is_empty() {
            answer.refusal = Some(Refusal::OriginNotAllowed);
            return answer;
        }
        let question = self.index.question(request.method, &names);
        let passing = self.passing(&admission.admitted, &question, Bar::AsIfListed);
        let alone = if passing.is_empty() {
            self.closest(&admission.admitted, &question)
        } else {
            passing.only()
        };
        if let Some(policy) = alone {
            let vary = answer.vary;
            let grant = admission.grant(policy);
            answer = self.policies[policy].preflight_with(request, grant);
            return PreflightAnswer { vary, ..answer };
        }
        self.fill_in(&mut answer, &question, &passing, &admission);
        if self.owes_to_report_mode(&passing, &question, &admission) {
            answer.reported = passing.first().and_then(|oldest| {
                let grant = admission.grant(oldest);
                let answer = self.policies[oldest].preflight_with(request, grant);
                answer.reported
            });
        }
        answer
    }

    /// What an answer wears while its endpoint is not known: errors made before that, and `GET /v1/models`.
    ///
    /// Readable for every origin that some policy admits, never with credentials. `is_same_origin` says that the
    /// request's one `Origin` is the gateway's own. Nothing is refused here: that is the endpoint's to do.
    pub fn before_endpoint(
        &self,
        origin: OriginHeader<'_>,
        is_same_origin: bool,
        keys: KeysAt<'_>,
    ) -> ActualVerdict<'_> {
        let is_same_origin = is_same_origin && matches!(origin, OriginHeader::One(_));
        let allow_origin = match origin {
            OriginHeader::One(origin) if !is_same_origin => {
                let admission = self.admission(origin, keys);
                admission.allow_origin(&admission.admitted)
            }
            _ => AllowOrigin::Withheld,
        };
        ActualVerdict {
            allow_origin,
            allow_credentials: false,
            expose: match allow_origin {
                AllowOrigin::Withheld => &Expose::None,
                AllowOrigin::Any | AllowOrigin::Echo => &self.expose,
            },
            vary_origin: true,
            refusal: None,
            withheld: None,
            reported: None,
            same_origin: is_same_origin,
        }
    }

    /// Those `among` which list the method and every header asked for.
    fn passing(&self, among: &Selection, question: &Question<'_>, bar: Bar) -> Selection {
        let mut passing = among.clone();
        passing.keep(&self.index.allowing_method(question, bar));
        for header in &question.headers {
            if passing.is_empty() {
                break;
            }
            passing.keep(&self.index.allowing_header(header, bar));
        }
        passing
    }

    /// The one `among` which refuses the least.
    fn closest(&self, among: &Selection, question: &Question<'_>) -> Option<usize> {
        let mut refusals = Tally::default();
        refusals.count(among.without(&self.index.allowing_method(question, Bar::AsIfListed)));
        for header in &question.headers {
            refusals.count(among.without(&self.index.allowing_header(header, Bar::AsIfListed)));
        }
        refusals.fewest(among).first()
    }

    /// Whether none would pass if nothing were in report mode.
    fn owes_to_report_mode(
        &self,
        passing: &Selection,
        question: &Question<'_>,
        admission: &Admission,
    ) -> bool {
        passing.intersects(self.index.reporting())
            && self
                .passing(&admission.listed, question, Bar::Listed)
                .is_empty()
    }
}
