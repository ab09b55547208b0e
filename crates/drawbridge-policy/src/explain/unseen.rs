//! What stops a call before anything is sent, so that no server's log shows it.
//!
//! Judged by the names in the two URLs alone: a name that resolves to a private address, a permission that was given and
//! a flag that was set are not seen. What is found is a suspicion, never a verdict.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::explain::code::Code;
use crate::explain::request::PageRequest;

/// How private an address is, from least to most (Local Network Access, "address space"). The names are Chromium's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressSpace {
    /// The internet.
    Public,
    /// Private and link-local networks.
    Local,
    /// The machine itself.
    Loopback,
}

impl AddressSpace {
    /// The name in Chromium's messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Local => "local",
            Self::Loopback => "loopback",
        }
    }

    /// The space that a URL's host names; a name is public unless it can only be private.
    pub fn of(url: &Url) -> Self {
        match url.host() {
            Some(Host::Ipv4(address)) => Self::of_v4(address),
            Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
                Some(mapped) => Self::of_v4(mapped),
                None => Self::of_v6(address),
            },
            Some(Host::Domain(name)) => Self::of_name(name.trim_end_matches('.')),
            None => Self::Public,
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_private() || address.is_link_local() {
            Self::Local
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_unique_local() || address.is_unicast_link_local() {
            Self::Local
        } else {
            Self::Public
        }
    }

    fn of_name(name: &str) -> Self {
        let is_below = |parent: &str| {
            name.strip_suffix(parent)
                .is_some_and(|it| it.ends_with('.'))
        };
        if name == "localhost" || is_below("localhost") {
            Self::Loopback
        } else if is_below("local") {
            Self::Local
        } else {
            Self::Public
        }
    }
}

/// What may stop the call before anything is sent, the surest first: [`Code::MixedContent`],
/// [`Code::InsecureLocalNetwork`] or [`Code::LocalNetworkAccessPermissionDenied`].
///
/// A page's own policy is for [`Csp`](crate::csp::Csp) to judge, and nobody can see extensions.
pub fn suspect(request: &PageRequest) -> Vec<Code> {
    let Ok(page) = Url::parse(&request.origin) else {
        return Vec::new();
    };
    let (from, to) = (AddressSpace::of(&page), AddressSpace::of(&request.url));
    let is_secure = page.scheme() != "http" || from == AddressSpace::Loopback;
    let mut codes = Vec::new();
    // Browsers trust the machine itself without https (Secure Contexts); Safari does not always.
    if page.scheme() == "https" && request.url.scheme() == "http" && to != AddressSpace::Loopback {
        codes.push(Code::MixedContent);
    }
    if to > from && matches!(page.scheme(), "http" | "https") {
        codes.push(match is_secure {
            true => Code::LocalNetworkAccessPermissionDenied,
            false => Code::InsecureLocalNetwork,
        });
    }
    codes
}
