//! Names for sets of request headers: what the official SDKs send from a browser.
//!
//! Kept current with the SDKs, so that an operator who lists `@openai` need not know which headers its next release
//! adds. The names were read in the packages named below and seen in preflights; `User-Agent` is there because Firefox
//! lets scripts set it and every SDK does.

/// One preset, e.g. `@openai`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// How it is written in `allowedHeaders`.
    pub name: &'static str,
    /// The headers that it stands for.
    pub headers: &'static [&'static str],
}

/// All presets.
pub const PRESETS: [Preset; 4] = [OPENAI, ANTHROPIC, GOOGLE_GENAI, DRAWBRIDGE];

/// npm `openai` 4 and 6.
const OPENAI: Preset = Preset {
    name: "@openai",
    headers: &[
        "Authorization",
        "Content-Type",
        "OpenAI-Beta",
        "OpenAI-Organization",
        "OpenAI-Project",
        "User-Agent",
        "X-Stainless-Arch",
        "X-Stainless-Custom-Poll-Interval",
        "X-Stainless-Helper-Method",
        "X-Stainless-Lang",
        "X-Stainless-OS",
        "X-Stainless-Package-Version",
        "X-Stainless-Poll-Helper",
        "X-Stainless-Retry-Count",
        "X-Stainless-Runtime",
        "X-Stainless-Runtime-Version",
        "X-Stainless-Timeout",
    ],
};

/// npm `@anthropic-ai/sdk` 0.137 and 1.12.
const ANTHROPIC: Preset = Preset {
    name: "@anthropic",
    headers: &[
        "Anthropic-Beta",
        "Anthropic-Dangerous-Direct-Browser-Access",
        "Anthropic-User-Profile-Id",
        "Anthropic-Version",
        "Anthropic-Workspace-Id",
        "Authorization",
        "Content-Type",
        "User-Agent",
        "X-Api-Key",
        "X-Stainless-Arch",
        "X-Stainless-Helper",
        "X-Stainless-Helper-Method",
        "X-Stainless-Lang",
        "X-Stainless-OS",
        "X-Stainless-Package-Version",
        "X-Stainless-Retry-Count",
        "X-Stainless-Runtime",
        "X-Stainless-Runtime-Version",
        "X-Stainless-Timeout",
    ],
};

/// npm `@google/genai` 2.32; the upload headers are those of its file API.
const GOOGLE_GENAI: Preset = Preset {
    name: "@google-genai",
    headers: &[
        "Authorization",
        "Content-Type",
        "User-Agent",
        "X-Goog-Api-Client",
        "X-Goog-Api-Key",
        "X-Goog-Upload-Command",
        "X-Goog-Upload-File-Name",
        "X-Goog-Upload-Header-Content-Length",
        "X-Goog-Upload-Header-Content-Type",
        "X-Goog-Upload-Offset",
        "X-Goog-Upload-Protocol",
        "X-Goog-User-Project",
        "X-Server-Timeout",
    ],
};

/// What the gateway itself understands.
const DRAWBRIDGE: Preset = Preset {
    name: "@drawbridge",
    headers: &["Idempotency-Key", "X-Idempotency-Key", "X-Request-Id"],
};

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
