//! The audit log: one row for each write, chained by hashes.
//!
//! Each row's hash covers its contents and the hash of the row before, so that no row can be changed, removed from the
//! middle or put in without every later hash changing. The serialisation in [`AuditRow::compute_hash`] must never
//! change: old rows would no longer verify.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::column::from_time;

/// What a write adds to the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: the id of a key, or `root`.
    pub actor: String,
    /// What was done, such as `endpoint.update`.
    pub action: String,
    /// The project that it concerns: what a project's own key may read. `None` for what concerns none.
    pub project_id: Option<String>,
    /// What it was done to: `{project_id}`, `{project_id}/{endpoint}`, the id of a key, or `root` where it signs in or out.
    pub target: String,
    /// Where the request came from.
    pub client_ip: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// What changed; never a secret.
    pub change: Value,
}

/// The actor that is no key.
pub(crate) const ROOT: &str = "root";

/// Which rows of the audit log are meant: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// [`AuditEntry::project_id`].
    pub project_id: Option<String>,
    /// [`AuditEntry::actor`].
    pub actor: Option<String>,
    /// [`AuditEntry::action`].
    pub action: Option<String>,
    /// [`AuditEntry::target`].
    pub target: Option<String>,
    /// At this time or later.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number: 1, 2, 3 …, without gaps.
    pub seq: u64,
    /// The revision that the write made.
    pub revision: u64,
    /// [`AuditEntry::at`].
    pub at: Timestamp,
    /// [`AuditEntry::actor`].
    pub actor: String,
    /// [`AuditEntry::action`].
    pub action: String,
    /// [`AuditEntry::project_id`].
    pub project_id: Option<String>,
    /// [`AuditEntry::target`].
    pub target: String,
    /// [`AuditEntry::client_ip`].
    pub client_ip: Option<String>,
    /// [`AuditEntry::request_id`].
    pub request_id: String,
    /// [`AuditEntry::change`] as the JSON text that is stored: the hash covers these bytes.
    pub change: String,
    /// The hash of the row before; zeros for the first.
    pub prev_hash: [u8; 32],
    /// [`AuditRow::compute_hash`] of this row.
    pub hash: [u8; 32],
}

impl AuditRow {
    /// The row that follows one with the number `last_seq` and the hash `prev_hash` (0 and zeros: the first).
    pub(crate) fn after(
        last_seq: u64,
        prev_hash: [u8; 32],
        revision: u64,
        entry: AuditEntry,
    ) -> Self {
        let mut row = Self {
            seq: last_seq + 1,
            revision,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            project_id: entry.project_id,
            target: entry.target,
            client_ip: entry.client_ip,
            request_id: entry.request_id,
            change: entry.change.to_string(),
            prev_hash,
            hash: [0; 32],
        };
        row.hash = row.compute_hash();
        row
    }

    /// What `hash` must be: SHA-256 over `drawbridge audit 1` and a zero byte, `prev_hash`, `seq` and `revision`
    /// (8 bytes each, big-endian), then at, actor, action, project_id, target, client_ip, request_id and change in this
    /// order, each as its length in UTF-8 bytes (8 bytes, big-endian; all ones for an absent one) and those bytes.
    /// `at` is RFC 3339 in UTC with nine digits of a second.
    pub fn compute_hash(&self) -> [u8; 32] {
        let at = from_time(self.at);
        let texts = [
            Some(at.as_str()),
            Some(&self.actor),
            Some(&self.action),
            self.project_id.as_deref(),
            Some(&self.target),
            self.client_ip.as_deref(),
            Some(&self.request_id),
            Some(&self.change),
        ];
        let mut hasher = Sha256::new();
        hasher.update(b"drawbridge audit 1\0");
        hasher.update(self.prev_hash);
        hasher.update(self.seq.to_be_bytes());
        hasher.update(self.revision.to_be_bytes());
        for text in texts {
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hasher.update(length.to_be_bytes());
            hasher.update(text.unwrap_or_default());
        }
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> AuditRow {
        let entry = AuditEntry {
            at: Timestamp::UNIX_EPOCH,
            actor: "root".to_owned(),
            action: "project.create".to_owned(),
            project_id: Some("proj_abcdef".to_owned()),
            target: "proj_abcdef".to_owned(),
            client_ip: None,
            request_id: "req-1".to_owned(),
            change: serde_json::json!({"slug": "a"}),
        };
        AuditRow::after(0, [0; 32], 1, entry)
    }

    #[test]
    fn the_serialisation_has_not_changed() {
        // Computed from the documentation of `compute_hash` by another program.
        let hex: String = row()
            .hash
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "1bd7d08968443841ae4c2f4ccd2b2027bef716e30025077282dff7ef4725720d"
        );
    }

    #[test]
    fn every_field_counts_and_none_can_pass_for_its_neighbour() {
        let original = row();
        let changes: [fn(&mut AuditRow); 11] = [
            |row| row.seq = 2,
            |row| row.revision = 2,
            |row| row.at = Timestamp::from_nanosecond(1).unwrap(),
            |row| row.actor.push('x'),
            |row| row.action.push('x'),
            |row| row.project_id = None,
            |row| row.target.push('x'),
            |row| row.client_ip = Some(String::new()),
            |row| row.request_id.push('x'),
            |row| row.change.push(' '),
            |row| row.prev_hash[31] = 1,
        ];
        for change in changes {
            let mut changed = original.clone();
            change(&mut changed);
            assert_ne!(changed.compute_hash(), original.hash, "{changed:?}");
        }
        let mut shifted = original.clone();
        shifted.actor.push('p');
        shifted.action.remove(0);
        assert_ne!(shifted.compute_hash(), original.hash);
    }
}
