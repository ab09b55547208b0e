//! `GET /dashboard/api/settings`: what this node was configured with, read only.
//!
//! It must never have a secret in it: whoever makes [`Settings`] leaves them out.

use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::call::Call;
use crate::problem::Problem;

/// What a node was configured with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The configuration file that was read, if one was.
    pub config_file: Option<String>,
    /// Every setting, by its path in the file.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its path in the file, such as `log.format`.
    pub name: &'static str,
    /// What holds; null where nothing does.
    pub value: Value,
    /// Where that was written: `default`, `file`, `environment` or `flag`.
    pub source: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
}

/// `GET /dashboard/api/settings`
pub(crate) async fn show(call: Call) -> Result<Response, Problem> {
    call.query()?;
    let settings = call.settings();
    let entry = |setting: &Setting| {
        json!({
            "name": setting.name,
            "value": setting.value,
            "source": setting.source,
            "summary": setting.summary,
        })
    };
    Ok(answer::said(&json!({
        "object": "settings",
        "config_file": settings.config_file,
        "settings": settings.settings.iter().map(entry).collect::<Vec<_>>(),
    })))
}
