//! `POST /v1/api-keys/{id}/rotate`: a new token for a key, while the old one is still good for a time.
//!
//! A key never has more than two tokens that open it. The new one is shown once, and never stored or logged.

use axum::response::Response;
use drawbridge_policy::document::Fields;
use drawbridge_policy::issue::{ConfigIssue, Problems};
use drawbridge_policy::key_config::KeyConfig;
use drawbridge_policy::token::TokenDigest;
use drawbridge_store::{KeyRow, TokenRow};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::conditions::entity_tag;
use crate::key_document::{previous_token_end, resource};
use crate::problem::{Fault, Problem, settled};
use crate::{answer, audit, key_uses, keys, random};

/// How long the old token stays good where it is not said, in seconds: a day to deploy the new one.
pub(crate) const DEFAULT_OVERLAP: i64 = 86_400;
/// The longest that it can be asked to: 30 days. What is to be good for longer is a key of its own.
pub(crate) const LONGEST_OVERLAP: i64 = 30 * 86_400;

/// `POST /v1/api-keys/{id}/rotate`
pub(crate) async fn rotate(mut call: Call) -> Result<Response, Problem> {
    keys::find(&call).await?;
    let body = call.document().await?;
    let conditions = call.conditions()?;
    let mut writing = call.write().await?;
    let (mut row, config) = keys::find_in(&mut writing).await?;
    conditions.check_write(&entity_tag(row.revision))?;
    let mut problems = Problems::new();
    let overlap = settled(read_overlap(body, &mut problems), problems)?;
    let now = writing.now;
    let config = check_usable(&row, config, now)?;
    let slug = keys::slug(writing.call, &row).await?;
    let token = random::token(config.kind, config.mode, &slug)?;
    let exposed = row.exposed.take().as_ref().map(key_uses::member);
    let before = json!({"previous_token_expires_at": previous_token_end(&row), "exposed": exposed});
    row.tokens = rotated(
        &row.tokens,
        TokenDigest::of(token.expose().as_bytes()),
        now + overlap,
    );
    row.updated_at = now;
    let after = json!({"previous_token_expires_at": previous_token_end(&row), "exposed": null});
    writing.write.update_key(&row).await?;
    // No page has the new token yet; one that goes on with the old one flags the key anew.
    writing.write.clear_exposure(&row.id).await?;
    let revision = keys::commit(writing, &row, audit::changed(&before, &after)).await?;
    let mut shown = resource(&slug, &row, now);
    if revision.is_some() {
        shown["token"] = token.expose().into();
    }
    Ok(answer::unstored(answer::changed(&shown, revision)))
}

/// The new token, and the one before it until `end`; older ones end now.
fn rotated(tokens: &[TokenRow], digest: TokenDigest, end: Timestamp) -> Vec<TokenRow> {
    let new = TokenRow {
        digest,
        expires_at: None,
    };
    let previous = tokens.first().map(|token| TokenRow {
        expires_at: Some(end),
        ..*token
    });
    [Some(new), previous].into_iter().flatten().collect()
}

fn read_overlap(body: Map<String, Value>, problems: &mut Problems) -> Option<SignedDuration> {
    let body = Value::Object(body);
    let mut fields = Fields::open(&body, "", problems)?;
    let seconds = fields.integer("overlap_seconds", problems);
    fields.finish(problems);
    let seconds = seconds.unwrap_or(DEFAULT_OVERLAP);
    let possible = seconds.clamp(0, LONGEST_OVERLAP);
    if possible != seconds {
        let detail = format!(
            "an overlap is 0 (the old token ends now) to {LONGEST_OVERLAP} seconds; create another key for what is to \
             be good for longer"
        );
        let issue = ConfigIssue::new("/overlap_seconds", "out_of_range", detail);
        problems.push(issue.suggest(possible));
    }
    Some(SignedDuration::from_secs(possible))
}

/// A token for a key that opens nothing would open nothing.
///
/// # Errors
/// 409.
fn check_usable(
    row: &KeyRow,
    config: Option<KeyConfig>,
    now: Timestamp,
) -> Result<KeyConfig, Problem> {
    if row.revoked_at.is_some() {
        let detail = "the key was revoked, which is final; create a new key";
        return Err(Problem::new(Fault::KeyRevoked, detail));
    }
    let Some(config) = config else {
        let detail = "this release cannot read the key; its `warnings` say why. Change it first";
        return Err(Problem::new(Fault::Conflict, detail));
    };
    match config.expires_at.filter(|end| *end <= now) {
        Some(end) => {
            let detail = format!(
                "the key expired at {end}, and so would its new token; move `expires_at` first, then rotate"
            );
            Err(Problem::new(Fault::KeyExpired, detail))
        }
        None => Ok(config),
    }
}
