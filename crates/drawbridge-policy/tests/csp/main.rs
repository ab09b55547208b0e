//! Reading Content-Security-Policy headers: what they allow, what is odd about them, and the smallest cure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod generated;
mod judged;

use drawbridge_policy::csp::{Call, Csp, Judgement};
use drawbridge_policy::origin::Origin;

/// A call to everything below `path`.
fn judge(csp: &str, gateway: &str, path: &str, page: Option<&str>) -> Judgement {
    let call = Call {
        gateway: Origin::parse(gateway.as_bytes()).unwrap(),
        path,
        page: page.map(|page| Origin::parse(page.as_bytes()).unwrap()),
    };
    Csp::parse(csp).0.judge(&call)
}

fn allows(csp: &str, gateway: &str, path: &str, page: Option<&str>) -> bool {
    judge(csp, gateway, path, page).blocks.is_empty()
}
