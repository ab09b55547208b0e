//! What can be wrong with a base URL, in words that say what to do.

/// One problem of a base URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("a base URL has 2048 bytes at most")]
    TooLong,
    #[error("a base URL holds no white space and no control characters; remove them")]
    Space,
    #[error("the scheme is missing; begin with `http://` or `https://`")]
    NoScheme,
    #[error("upstreams are spoken to over `http` or `https`, not `{0}`")]
    Scheme(String),
    #[error(
        "a base URL holds no user info; put the credential into `upstream.credential`, where it is encrypted"
    )]
    UserInfo,
    #[error("the host is missing; write it behind `://`")]
    NoHost,
    #[error("an IPv6 address stands in brackets, as in `http://[fd00::1]:8000/v1`")]
    NoBrackets,
    #[error(
        "`{0}` is no host; write a name made of letters, digits, `-` and `_` between dots (63 characters each, 253 in \
         all), an IPv4 address, or an IPv6 address in brackets"
    )]
    Host(String),
    #[error(
        "`{0}` is not ASCII; write the name with its A-labels (`xn--…`), which is what DNS is asked"
    )]
    HostNotAscii(String),
    #[error(
        "`{0}` is percent-encoded; write the host with plain letters, so that it is read in one way only"
    )]
    HostEncoded(String),
    #[error(
        "`{0}` is an address not in its canonical form, which programs read differently; write IPv4 as four decimal \
         numbers without leading zeros, IPv6 as RFC 5952 says, and a v4-mapped address as the IPv4 address it is"
    )]
    AddressNotCanonical(String),
    #[error("`{host}` is {reason}, which no upstream may have; name the inference server itself")]
    Forbidden { host: String, reason: &'static str },
    #[error(
        "a port is a number from 1 to 65535 without leading zeros; leave out the colon for the default port"
    )]
    Port,
    #[error(
        "a base URL has no query; name the path only, and put a key into `upstream.credential`, where it is encrypted"
    )]
    Query,
    #[error("a base URL has no fragment (`#…`), which is never sent; remove it")]
    Fragment,
    #[error(
        "the path holds a character that must be percent-encoded, or a `%` without two hexadecimal digits"
    )]
    PathCharacter,
    #[error("the path holds a `.` or `..` segment; write the path that it leads to")]
    DotSegment,
}

impl Fault {
    /// The stable name of the problem.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Space => "bad_character",
            Self::NoScheme => "missing_scheme",
            Self::Scheme(_) => "unsupported_scheme",
            Self::UserInfo => "user_info",
            Self::NoHost => "missing_host",
            Self::NoBrackets | Self::Host(_) | Self::HostEncoded(_) => "bad_host",
            Self::HostNotAscii(_) => "non_ascii_host",
            Self::AddressNotCanonical(_) => "address_not_canonical",
            Self::Forbidden { .. } => "forbidden_upstream",
            Self::Port => "bad_port",
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::PathCharacter | Self::DotSegment => "bad_path",
        }
    }
}
