//! What each code means, and what a server's or a page's author does about it, whatever the server is.

use crate::explain::code::Code;

impl Code {
    /// What happened, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::MissingAllowOriginHeader => {
                "The answer has no Access-Control-Allow-Origin header, so the page may not read it."
            }
            Self::MultipleAllowOriginValues => {
                "Access-Control-Allow-Origin names several origins, or was sent twice; it holds exactly one."
            }
            Self::InvalidAllowOriginValue => {
                "The value of Access-Control-Allow-Origin is no origin."
            }
            Self::AllowOriginMismatch => {
                "Access-Control-Allow-Origin names another origin than the page's; they are compared byte by byte."
            }
            Self::WildcardOriginNotAllowed => {
                "The page includes credentials, and with them Access-Control-Allow-Origin may not be `*`."
            }
            Self::InvalidAllowCredentials => {
                "The page includes credentials, and Access-Control-Allow-Credentials is not exactly `true`."
            }
            Self::PreflightMissingAllowOriginHeader => {
                "The preflight was answered without Access-Control-Allow-Origin, so the request was never sent."
            }
            Self::PreflightMultipleAllowOriginValues => {
                "On the answer to the preflight, Access-Control-Allow-Origin names several origins, or was sent twice."
            }
            Self::PreflightInvalidAllowOriginValue => {
                "On the answer to the preflight, the value of Access-Control-Allow-Origin is no origin."
            }
            Self::PreflightAllowOriginMismatch => {
                "On the answer to the preflight, Access-Control-Allow-Origin names another origin than the page's."
            }
            Self::PreflightWildcardOriginNotAllowed => {
                "The page includes credentials, and the preflight was answered with `*` as Access-Control-Allow-Origin."
            }
            Self::PreflightInvalidAllowCredentials => {
                "The page includes credentials, and the answer to the preflight does not say \
                 `Access-Control-Allow-Credentials: true`."
            }
            Self::PreflightInvalidStatus => {
                "The preflight was answered with a status that is not 2xx. Safari looks at the status first, the others at \
                 Access-Control-Allow-Origin."
            }
            Self::PreflightDisallowedRedirect => {
                "The preflight was answered with a redirect, which no browser follows."
            }
            Self::InvalidAllowMethodsPreflightResponse => {
                "Access-Control-Allow-Methods is not a list of names separated by commas."
            }
            Self::InvalidAllowHeadersPreflightResponse => {
                "Access-Control-Allow-Headers is not a list of names separated by commas."
            }
            Self::MethodDisallowedByPreflightResponse => {
                "Access-Control-Allow-Methods does not list the method; methods are case-sensitive, and with credentials `*` \
                 is a name."
            }
            Self::HeaderDisallowedByPreflightResponse => {
                "Access-Control-Allow-Headers does not list a header that the page sets; with credentials `*` is a name."
            }
            Self::CorsDisabledScheme => "A redirect leads to a URL that is not http or https.",
            Self::DisallowedByMode => {
                "The page asked with `mode: \"same-origin\"` for a URL of another origin."
            }
            Self::RedirectContainsCredentials => {
                "A redirect leads to a URL with user name or password in it."
            }
            Self::InsecureLocalNetwork => {
                "A page that is not secure calls a more private network than its own."
            }
            Self::LocalNetworkAccessPermissionDenied => {
                "A page of a public site calls this machine or the local network, and the browser has no leave for that. \
                 No request was sent, so no server's log has it."
            }
            Self::NetworkFailure => "No answer came at all, so CORS was not looked at.",
            Self::ForbiddenMethod => "No script can send CONNECT, TRACE or TRACK.",
            Self::StreamNotSupported => "This browser cannot send a stream as a request's body.",
            Self::ContentSecurityPolicy => {
                "The page's own Content-Security-Policy does not list the server in connect-src. No request was sent."
            }
            Self::MixedContent => {
                "A page served over https calls a plain http URL. No request was sent."
            }
            Self::BlockedByClient => {
                "An extension of the browser stopped the call, most likely an ad blocker. No request was sent."
            }
            Self::Unspecified => "A CORS check failed; the line does not say which.",
            Self::FailedToFetch => {
                "This is all that a page may know, whatever went wrong. The browser's console says more."
            }
            Self::Refused(denial) => denial.message(),
        }
    }

    /// What to do about it, for people.
    pub fn cure(self) -> &'static str {
        match self.on_answer() {
            Self::MissingAllowOriginHeader => {
                "Have the server send the page's origin in it, on errors too; on preflights without asking for a key."
            }
            Self::MultipleAllowOriginValues => {
                "Have only one place send it: the gateway or the server behind it, and there once."
            }
            Self::InvalidAllowOriginValue | Self::AllowOriginMismatch => {
                "Send the origin exactly as the browser does: scheme, host and port, no path, no trailing slash."
            }
            Self::WildcardOriginNotAllowed => {
                "Name the origin instead of `*`; or drop the credentials, which an Authorization header does not need."
            }
            Self::InvalidAllowCredentials => {
                "Send `Access-Control-Allow-Credentials: true`; or drop the credentials, which an Authorization header does \
                 not need."
            }
            Self::PreflightInvalidStatus => {
                "Answer OPTIONS with 204, before authentication and routing: a preflight carries no key."
            }
            Self::PreflightDisallowedRedirect => {
                "Call the URL that it leads to: mind https, the host's name, and trailing slashes."
            }
            Self::InvalidAllowMethodsPreflightResponse
            | Self::InvalidAllowHeadersPreflightResponse => {
                "Separate the names by commas, without quotes, semicolons or spaces within a name."
            }
            Self::MethodDisallowedByPreflightResponse => {
                "List the method, in the very case in which the page sends it."
            }
            Self::HeaderDisallowedByPreflightResponse => {
                "List every header that the page sets; SDKs set some of their own."
            }
            Self::CorsDisabledScheme | Self::RedirectContainsCredentials => {
                "Change where the server redirects to, or call that place directly."
            }
            Self::DisallowedByMode => "Leave `mode` out.",
            Self::InsecureLocalNetwork => "Serve the page over https.",
            Self::LocalNetworkAccessPermissionDenied => {
                "Allow the site to access the local network in the browser, or put the server behind a public name."
            }
            Self::NetworkFailure => {
                "Check that the server runs at that address, that its certificate is trusted, and that no proxy hangs up."
            }
            Self::ForbiddenMethod => "Use another method.",
            Self::StreamNotSupported => "Send the body as a string or a Blob.",
            Self::ContentSecurityPolicy => {
                "Add the server's origin to connect-src in the page's policy."
            }
            Self::MixedContent => "Serve the API over https.",
            Self::BlockedByClient => "Try without extensions, in a private window.",
            Self::Unspecified | Self::FailedToFetch => {
                "Open the browser's console and take the line that names CORS, a policy or an error."
            }
            Self::Refused(denial) => denial.hint(),
            // `on_answer` leaves none of these.
            Self::PreflightMissingAllowOriginHeader
            | Self::PreflightMultipleAllowOriginValues
            | Self::PreflightInvalidAllowOriginValue
            | Self::PreflightAllowOriginMismatch
            | Self::PreflightWildcardOriginNotAllowed
            | Self::PreflightInvalidAllowCredentials => "",
        }
    }
}
