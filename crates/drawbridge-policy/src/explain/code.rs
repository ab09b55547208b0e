//! Names of what goes wrong between a page and a server.

mod advice;

use crate::denial::Denial;

/// Which check failed. The names are those of Chromium's `CorsError`, without the k; those after `RedirectContainsCredentials`
/// that Chromium has no such name for are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The answer has no `Access-Control-Allow-Origin`.
    MissingAllowOriginHeader,
    /// It names several origins.
    MultipleAllowOriginValues,
    /// Its value is no URL.
    InvalidAllowOriginValue,
    /// It names another origin.
    AllowOriginMismatch,
    /// It is `*`, and the request includes credentials.
    WildcardOriginNotAllowed,
    /// The request includes credentials, and `Access-Control-Allow-Credentials` is not `true`.
    InvalidAllowCredentials,
    /// The same as [`Self::MissingAllowOriginHeader`], on the answer to the preflight.
    PreflightMissingAllowOriginHeader,
    /// The same as [`Self::MultipleAllowOriginValues`], on the answer to the preflight.
    PreflightMultipleAllowOriginValues,
    /// The same as [`Self::InvalidAllowOriginValue`], on the answer to the preflight.
    PreflightInvalidAllowOriginValue,
    /// The same as [`Self::AllowOriginMismatch`], on the answer to the preflight.
    PreflightAllowOriginMismatch,
    /// The same as [`Self::WildcardOriginNotAllowed`], on the answer to the preflight.
    PreflightWildcardOriginNotAllowed,
    /// The same as [`Self::InvalidAllowCredentials`], on the answer to the preflight.
    PreflightInvalidAllowCredentials,
    /// The preflight's status is not 2xx.
    PreflightInvalidStatus,
    /// The preflight is answered with a redirect.
    PreflightDisallowedRedirect,
    /// `Access-Control-Allow-Methods` is no list of tokens.
    InvalidAllowMethodsPreflightResponse,
    /// `Access-Control-Allow-Headers` is no list of tokens.
    InvalidAllowHeadersPreflightResponse,
    /// The method is not listed.
    MethodDisallowedByPreflightResponse,
    /// A header is not listed.
    HeaderDisallowedByPreflightResponse,
    /// A redirect leads to what is not HTTP.
    CorsDisabledScheme,
    /// The page asked for its own origin only.
    DisallowedByMode,
    /// A redirect leads to a URL with user name or password.
    RedirectContainsCredentials,
    /// A page that is not secure calls a more private network.
    InsecureLocalNetwork,
    /// Nobody gave the page leave to call a more private network.
    LocalNetworkAccessPermissionDenied,
    /// No answer at all.
    NetworkFailure,
    /// No script can send the method.
    ForbiddenMethod,
    /// The browser cannot send a stream.
    StreamNotSupported,
    /// The page's own `Content-Security-Policy` forbids the call.
    ContentSecurityPolicy,
    /// A secure page calls an insecure URL.
    MixedContent,
    /// An extension of the browser, an ad blocker for example, stopped the call.
    BlockedByClient,
    /// Some CORS check, of which the line does not say which.
    Unspecified,
    /// What a page sees, whatever the reason: `TypeError: Failed to fetch`.
    FailedToFetch,
    /// The gateway refuses, and the page can read why.
    Refused(Denial),
}

use Code::{
    AllowOriginMismatch, BlockedByClient, ContentSecurityPolicy, CorsDisabledScheme,
    DisallowedByMode, FailedToFetch, ForbiddenMethod, HeaderDisallowedByPreflightResponse,
    InsecureLocalNetwork, InvalidAllowCredentials, InvalidAllowHeadersPreflightResponse,
    InvalidAllowMethodsPreflightResponse, InvalidAllowOriginValue,
    LocalNetworkAccessPermissionDenied, MethodDisallowedByPreflightResponse,
    MissingAllowOriginHeader, MixedContent, MultipleAllowOriginValues, NetworkFailure,
    PreflightAllowOriginMismatch, PreflightDisallowedRedirect, PreflightInvalidAllowCredentials,
    PreflightInvalidAllowOriginValue, PreflightInvalidStatus, PreflightMissingAllowOriginHeader,
    PreflightMultipleAllowOriginValues, PreflightWildcardOriginNotAllowed,
    RedirectContainsCredentials, Refused, StreamNotSupported, Unspecified,
    WildcardOriginNotAllowed,
};

impl Code {
    /// Every code but those of the gateway's own refusals, in the order of their declaration.
    pub const ALL: [Self; 31] = [
        MissingAllowOriginHeader,
        MultipleAllowOriginValues,
        InvalidAllowOriginValue,
        AllowOriginMismatch,
        WildcardOriginNotAllowed,
        InvalidAllowCredentials,
        PreflightMissingAllowOriginHeader,
        PreflightMultipleAllowOriginValues,
        PreflightInvalidAllowOriginValue,
        PreflightAllowOriginMismatch,
        PreflightWildcardOriginNotAllowed,
        PreflightInvalidAllowCredentials,
        PreflightInvalidStatus,
        PreflightDisallowedRedirect,
        InvalidAllowMethodsPreflightResponse,
        InvalidAllowHeadersPreflightResponse,
        MethodDisallowedByPreflightResponse,
        HeaderDisallowedByPreflightResponse,
        CorsDisabledScheme,
        DisallowedByMode,
        RedirectContainsCredentials,
        InsecureLocalNetwork,
        LocalNetworkAccessPermissionDenied,
        NetworkFailure,
        ForbiddenMethod,
        StreamNotSupported,
        ContentSecurityPolicy,
        MixedContent,
        BlockedByClient,
        Unspecified,
        FailedToFetch,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            MissingAllowOriginHeader => "MissingAllowOriginHeader",
            MultipleAllowOriginValues => "MultipleAllowOriginValues",
            InvalidAllowOriginValue => "InvalidAllowOriginValue",
            AllowOriginMismatch => "AllowOriginMismatch",
            WildcardOriginNotAllowed => "WildcardOriginNotAllowed",
            InvalidAllowCredentials => "InvalidAllowCredentials",
            PreflightMissingAllowOriginHeader => "PreflightMissingAllowOriginHeader",
            PreflightMultipleAllowOriginValues => "PreflightMultipleAllowOriginValues",
            PreflightInvalidAllowOriginValue => "PreflightInvalidAllowOriginValue",
            PreflightAllowOriginMismatch => "PreflightAllowOriginMismatch",
            PreflightWildcardOriginNotAllowed => "PreflightWildcardOriginNotAllowed",
            PreflightInvalidAllowCredentials => "PreflightInvalidAllowCredentials",
            PreflightInvalidStatus => "PreflightInvalidStatus",
            PreflightDisallowedRedirect => "PreflightDisallowedRedirect",
            InvalidAllowMethodsPreflightResponse => "InvalidAllowMethodsPreflightResponse",
            InvalidAllowHeadersPreflightResponse => "InvalidAllowHeadersPreflightResponse",
            MethodDisallowedByPreflightResponse => "MethodDisallowedByPreflightResponse",
            HeaderDisallowedByPreflightResponse => "HeaderDisallowedByPreflightResponse",
            CorsDisabledScheme => "CorsDisabledScheme",
            DisallowedByMode => "DisallowedByMode",
            RedirectContainsCredentials => "RedirectContainsCredentials",
            InsecureLocalNetwork => "InsecureLocalNetwork",
            LocalNetworkAccessPermissionDenied => "LocalNetworkAccessPermissionDenied",
            NetworkFailure => "NetworkFailure",
            ForbiddenMethod => "ForbiddenMethod",
            StreamNotSupported => "StreamNotSupported",
            ContentSecurityPolicy => "ContentSecurityPolicy",
            MixedContent => "MixedContent",
            BlockedByClient => "BlockedByClient",
            Unspecified => "Unspecified",
            FailedToFetch => "FailedToFetch",
            Refused(denial) => denial.code(),
        }
    }

    /// The code for the same on the answer to a preflight; itself where there is none.
    #[must_use]
    pub fn on_preflight(self) -> Self {
        match self {
            MissingAllowOriginHeader => PreflightMissingAllowOriginHeader,
            MultipleAllowOriginValues => PreflightMultipleAllowOriginValues,
            InvalidAllowOriginValue => PreflightInvalidAllowOriginValue,
            AllowOriginMismatch => PreflightAllowOriginMismatch,
            WildcardOriginNotAllowed => PreflightWildcardOriginNotAllowed,
            InvalidAllowCredentials => PreflightInvalidAllowCredentials,
            other => other,
        }
    }

    /// The inverse of [`Self::on_preflight`].
    #[must_use]
    pub fn on_answer(self) -> Self {
        match self {
            PreflightMissingAllowOriginHeader => MissingAllowOriginHeader,
            PreflightMultipleAllowOriginValues => MultipleAllowOriginValues,
            PreflightInvalidAllowOriginValue => InvalidAllowOriginValue,
            PreflightAllowOriginMismatch => AllowOriginMismatch,
            PreflightWildcardOriginNotAllowed => WildcardOriginNotAllowed,
            PreflightInvalidAllowCredentials => InvalidAllowCredentials,
            other => other,
        }
    }
}
