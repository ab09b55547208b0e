//! Where a redirect leads, and what is left of the request there (Fetch, "HTTP-redirect fetch").

use url::Url;

use crate::explain::Browser;
use crate::explain::answer::Answer;
use crate::explain::checks::{Failed, Fault, Phase, check_access};
use crate::explain::code::Code;
use crate::explain::request::Mode;
use crate::explain::simulate::{Call, is_same_origin};

/// What belongs to a body, and goes with it (Fetch, "request-body-header name").
const OF_BODY: [&str; 4] = [
    "content-encoding",
    "content-language",
    "content-location",
    "content-type",
];

impl Call {
    /// Fetch, "HTTP-redirect fetch".
    pub(super) fn follow(&mut self, answer: &Answer, location: &str) -> Result<(), Box<Fault>> {
        let is_cors = self.is_cross_origin && self.mode == Mode::Cors;
        let fails = |call: &Self, code, value: &str| {
            let failed = Failed {
                list: location.to_owned(),
                ..Failed::new(code, value)
            };
            call.fault(failed, Phase::Redirect, Some(answer))
        };
        let target = self.url.join(location);
        if is_cors
            && let Err(failed) = check_access(self.origin(), self.includes_credentials, answer)
        {
            let failed = Failed {
                list: target.map_or_else(|_| location.to_owned(), |target| plain(&target)),
                ..failed
            };
            return Err(self.fault(failed, Phase::Redirect, Some(answer)));
        }
        let Ok(target) = target else {
            return Err(fails(self, Code::NetworkFailure, location));
        };
        if !matches!(target.scheme(), "http" | "https") {
            return Err(fails(self, Code::CorsDisabledScheme, location));
        }
        let has_user_info = !target.username().is_empty() || target.password().is_some();
        let leaves_page = !is_same_origin(&self.page, &target);
        if has_user_info && self.mode == Mode::Cors && (is_cors || leaves_page) {
            return Err(fails(self, Code::RedirectContainsCredentials, location));
        }
        self.go_to(target, answer.status, leaves_page);
        Ok(())
    }

    fn go_to(&mut self, target: Url, status: u16, leaves_page: bool) {
        let leaves_origin = target.origin() != self.url.origin();
        self.is_tainted |= leaves_origin && !is_same_origin(&self.page, &self.url);
        self.is_cross_origin |= leaves_page;
        let becomes_get = match status {
            301 | 302 => self.method == "POST",
            303 => !matches!(self.method.as_str(), "GET" | "HEAD"),
            _ => false,
        };
        let keeps_all = self.browser == Browser::Safari;
        if becomes_get {
            "GET".clone_into(&mut self.method);
            self.headers.retain(|(name, _)| {
                keeps_all || !OF_BODY.iter().any(|other| name.eq_ignore_ascii_case(other))
            });
        }
        if leaves_origin {
            self.headers
                .retain(|(name, _)| keeps_all || !name.eq_ignore_ascii_case("authorization"));
        }
        self.url = target;
    }
}

/// The URL without user name and password, as messages show it.
fn plain(url: &Url) -> String {
    let mut url = url.clone();
    // Neither can fail for a URL with a host; one without has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
