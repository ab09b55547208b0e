//! Every statement on the schema, in SQL that SQLite and PostgreSQL both understand.
//!
//! Column lists must keep the order in which `read.rs` takes them apart. What only one engine knows (opening, backing
//! up) stands with that engine, not here.

/// A page of the audit log, newest first: `$1` to `$4` narrow it where they are not null, `$5` and `$6` are where it
/// begins, `$7` is the earliest time. What `$lead` says is found by an index, the rest is looked at row by row.
macro_rules! audit_log {
    ($lead:literal) => {
        concat!(
            "SELECT seq, revision, at, actor, action, project_id, target, client_ip, request_id, change, prev_hash, \
                hash FROM audit_log WHERE ",
            $lead,
            "($1 IS NULL OR target = $1) AND ($2 IS NULL OR actor = $2) AND ($3 IS NULL OR project_id = $3) \
                AND ($4 IS NULL OR action = $4) AND (at, seq) < ($5, $6) AND at >= $7 \
                ORDER BY at DESC, seq DESC LIMIT $8"
        )
    };
}

/// A page of keys in the order of their creation, on or back as `$beyond` and `$way` say: `$1` and `$4` to `$6` narrow it where they are not null, `$7` is the moment that a state
/// is about, `$2` and `$3` are where it begins. What `$lead` says is found by an index.
macro_rules! keys {
    ($lead:literal, $beyond:literal, $way:literal) => {
        concat!(
            "SELECT k.id, k.project_id, k.document, k.revoked_at, k.revision, k.created_at, k.updated_at, \
                k.last_used_at, k.last_used_ip, k.last_used_origin, k.exposed_first_at, k.exposed_last_at, \
                k.exposed_origin, t.digest, t.expires_at FROM (SELECT * FROM api_keys WHERE ",
            $lead,
            "($1 IS NULL OR project_id = $1) AND (created_at, id) ",
            $beyond,
            " ($2, $3) AND ($4 IS NULL OR search LIKE $4 ESCAPE '\\') \
                AND ($5 IS NULL OR endpoints IS NULL OR endpoints LIKE $5) \
                AND ($6 IS NULL OR ($6 = 'revoked' AND revoked_at IS NOT NULL) \
                    OR ($6 = 'exposed' AND exposed_last_at IS NOT NULL) \
                    OR ($6 = 'expired' AND revoked_at IS NULL AND expires_at <= $7) \
                    OR ($6 = 'active' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $7))) \
                ORDER BY created_at",
            $way,
            ", id",
            $way,
            " LIMIT $8) k LEFT JOIN key_tokens t ON t.key_id = k.id ORDER BY k.created_at",
            $way,
            ", k.id",
            $way,
            ", t.position"
        )
    };
}

/// Defines the statements, and for the tests a list of all of them.
macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(pub(crate) const $name: &str = $sql;)+
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

statements! {
    READ_REVISION = "SELECT revision FROM meta WHERE id = 1";
    BUMP_REVISION = "UPDATE meta SET revision = revision + 1 WHERE id = 1 RETURNING revision";
    REPAIR = "UPDATE meta SET repairs = repairs + 1 WHERE id = 1";
    READ_KEY_CHECK = "SELECT key_check FROM meta WHERE id = 1";
    INSERT_META = "INSERT INTO meta (id, revision, repairs, key_check) VALUES (1, 0, 0, $1)";

    // A slug has no underscore and an id has one, so at most one row fits.
    PROJECT = "SELECT id, slug, name, settings, revision, created_at, updated_at FROM projects WHERE id = $1 OR slug = $1";
    ALL_PROJECTS = "SELECT id, slug, name, settings, revision, created_at, updated_at FROM projects ORDER BY created_at, id";
    PROJECTS = "SELECT id, slug, name, settings, revision, created_at, updated_at FROM projects \
        WHERE (created_at, id) > ($1, $2) AND ($3 IS NULL OR id = $3) AND ($4 IS NULL OR search LIKE $4 ESCAPE '\\') \
        ORDER BY created_at, id LIMIT $5";
    INSERT_PROJECT = "INSERT INTO projects (id, slug, name, settings, revision, created_at, updated_at, search) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE_PROJECT = "UPDATE projects SET name = $2, settings = $3, revision = $4, updated_at = $5, search = $6 \
        WHERE id = $1";
    PROJECTS_WITHOUT_SEARCH = "SELECT id, slug, name FROM projects WHERE search IS NULL";
    SET_PROJECT_SEARCH = "UPDATE projects SET search = $2 WHERE id = $1";
    DELETE_PROJECT = "DELETE FROM projects WHERE id = $1";

    ENDPOINT = "SELECT project_id, name, document, credential, sequence, revision, created_at, updated_at \
        FROM endpoints WHERE project_id = $1 AND name = $2";
    ALL_ENDPOINTS = "SELECT project_id, name, document, credential, sequence, revision, created_at, updated_at \
        FROM endpoints ORDER BY sequence";
    ENDPOINTS = "SELECT project_id, name, document, credential, sequence, revision, created_at, updated_at \
        FROM endpoints WHERE project_id = $1 AND name > $2 AND ($3 IS NULL OR $3 LIKE '%/' || name || '/%') \
        AND ($4 IS NULL OR search LIKE $4 ESCAPE '\\') ORDER BY name LIMIT $5";
    COUNT_ENDPOINTS = "SELECT COUNT(*) FROM endpoints WHERE project_id = $1";
    INSERT_ENDPOINT = "INSERT INTO endpoints \
        (project_id, name, document, credential, revision, created_at, updated_at, search, sequence) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM endpoints))";
    UPDATE_ENDPOINT = "UPDATE endpoints \
        SET document = $3, credential = $4, revision = $5, updated_at = $6, search = $7 \
        WHERE project_id = $1 AND name = $2";
    ENDPOINTS_WITHOUT_SEARCH = "SELECT project_id, name, document FROM endpoints WHERE search IS NULL";
    SET_ENDPOINT_SEARCH = "UPDATE endpoints SET search = $3 WHERE project_id = $1 AND name = $2";
    DELETE_ENDPOINT = "DELETE FROM endpoints WHERE project_id = $1 AND name = $2";

    // Keys come with their tokens: a row for each token, one row for a key without any.
    KEY = "SELECT k.id, k.project_id, k.document, k.revoked_at, k.revision, k.created_at, k.updated_at, \
        k.last_used_at, k.last_used_ip, k.last_used_origin, k.exposed_first_at, k.exposed_last_at, k.exposed_origin, \
        t.digest, t.expires_at FROM api_keys k LEFT JOIN key_tokens t ON t.key_id = k.id \
        WHERE k.id = $1 ORDER BY t.position";
    ALL_KEYS = "SELECT k.id, k.project_id, k.document, k.revoked_at, k.revision, k.created_at, k.updated_at, \
        k.last_used_at, k.last_used_ip, k.last_used_origin, k.exposed_first_at, k.exposed_last_at, k.exposed_origin, \
        t.digest, t.expires_at FROM api_keys k LEFT JOIN key_tokens t ON t.key_id = k.id \
        ORDER BY k.created_at, k.id, t.position";
    KEYS = keys!("", ">", "");
    KEYS_OF_PROJECT = keys!("project_id = $1 AND ", ">", "");
    NEWEST_KEYS = keys!("", "<", " DESC");
    NEWEST_KEYS_OF_PROJECT = keys!("project_id = $1 AND ", "<", " DESC");
    COUNT_UNREVOKED_KEYS = "SELECT COUNT(*) FROM api_keys WHERE project_id = $1 AND revoked_at IS NULL";
    INSERT_KEY = "INSERT INTO api_keys (id, project_id, document, revoked_at, revision, created_at, updated_at, \
        search, endpoints, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE_KEY = "UPDATE api_keys SET document = $2, revoked_at = $3, revision = $4, updated_at = $5, \
        search = $6, endpoints = $7, expires_at = $8 WHERE id = $1";
    KEYS_WITHOUT_SEARCH = "SELECT id, document FROM api_keys WHERE search IS NULL";
    SET_KEY_SEARCH = "UPDATE api_keys SET search = $2, endpoints = $3, expires_at = $4 WHERE id = $1";
    // A use that was seen earlier than one that is known comes too late.
    RECORD_KEY_USE = "UPDATE api_keys SET last_used_at = $2, last_used_ip = $3, last_used_origin = $4 \
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    RECORD_EXPOSURE = "UPDATE api_keys SET exposed_last_at = $2, exposed_origin = $3 \
        WHERE id = $1 AND exposed_last_at < $2";
    EXPOSE_KEY = "UPDATE api_keys SET exposed_first_at = $2, exposed_last_at = $2, exposed_origin = $3 WHERE id = $1";
    CLEAR_EXPOSURE = "UPDATE api_keys \
        SET exposed_first_at = NULL, exposed_last_at = NULL, exposed_origin = NULL WHERE id = $1";
    DELETE_REVOKED_KEYS = "DELETE FROM api_keys WHERE project_id = $1 AND revoked_at IS NOT NULL";
    COUNT_TOKEN = "SELECT COUNT(*) FROM key_tokens WHERE digest = $1";
    INSERT_TOKEN = "INSERT INTO key_tokens (digest, key_id, position, expires_at) VALUES ($1, $2, $3, $4)";
    DELETE_TOKENS = "DELETE FROM key_tokens WHERE key_id = $1";
    DELETE_REVOKED_TOKENS = "DELETE FROM key_tokens \
        WHERE key_id IN (SELECT id FROM api_keys WHERE project_id = $1 AND revoked_at IS NOT NULL)";

    LAST_AUDIT_HASH = "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1";
    AUDIT = "SELECT seq, revision, at, actor, action, project_id, target, client_ip, request_id, change, prev_hash, hash \
        FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2";
    AUDIT_LOG = audit_log!("");
    AUDIT_LOG_OF_TARGET = audit_log!("target = $1 AND ");
    AUDIT_LOG_OF_ACTOR = audit_log!("actor = $2 AND ");
    AUDIT_LOG_OF_PROJECT = audit_log!("project_id = $3 AND ");
    AUDIT_LOG_OF_ACTION = audit_log!("action = $4 AND ");
    AUDIT_END = "SELECT revision, (SELECT COALESCE(MAX(seq), 0) FROM audit_log) FROM meta WHERE id = 1";
    INSERT_AUDIT = "INSERT INTO audit_log (seq, revision, at, actor, action, project_id, target, client_ip, request_id, \
        change, prev_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    IDEMPOTENCY_RECORD = "SELECT record FROM idempotency_records WHERE scope = $1 AND expires_at > $2";
    INSERT_IDEMPOTENCY_RECORD = "INSERT INTO idempotency_records (scope, key_id, expires_at, record, remnant) \
        VALUES ($1, $2, $3, $4, $5)";
    DELETE_IDEMPOTENCY_RECORD = "DELETE FROM idempotency_records WHERE scope = $1";
    SHRINK_OLDEST_IDEMPOTENCY_RECORD = "UPDATE idempotency_records SET record = remnant, remnant = NULL \
        WHERE id = (SELECT MIN(id) FROM idempotency_records WHERE key_id = $1 AND remnant IS NOT NULL)";
    IDEMPOTENCY_USAGE = "SELECT records, bytes FROM idempotency_usage WHERE key_id = $1";
    EXPIRED_IDEMPOTENCY_RECORD = "SELECT id FROM idempotency_records WHERE expires_at <= $1 LIMIT 1";
    PRUNE_IDEMPOTENCY_RECORDS = "DELETE FROM idempotency_records WHERE id IN \
        (SELECT id FROM idempotency_records WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

    REFUSALS = "SELECT id, day, project_id, endpoint, reason, reported, origin, name, count, first_seen_at, last_seen_at \
        FROM refusals WHERE ($1 IS NULL OR project_id = $1) AND ($2 IS NULL OR endpoint = $2) \
        AND ($3 IS NULL OR origin = $3) AND day >= $4 AND (day, id) < ($5, $6) ORDER BY day DESC, id DESC LIMIT $7";
    BUMP_REFUSAL = "UPDATE refusals SET count = count + $8, \
        first_seen_at = CASE WHEN first_seen_at < $9 THEN first_seen_at ELSE $9 END, \
        last_seen_at = CASE WHEN last_seen_at > $10 THEN last_seen_at ELSE $10 END \
        WHERE day = $1 AND project_id = $2 AND endpoint = $3 AND reason = $4 AND reported = $5 AND origin = $6 \
        AND name = $7";
    INSERT_REFUSAL = "INSERT INTO refusals \
        (day, project_id, endpoint, reason, reported, origin, name, count, first_seen_at, last_seen_at) \
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 \
        WHERE $2 = '' OR EXISTS (SELECT 1 FROM endpoints WHERE project_id = $2 AND name = $3)";
    COUNT_REFUSALS = "SELECT COUNT(*) FROM refusals WHERE reason <> ''";
    COUNT_REFUSALS_OF_A_PLACE = "SELECT COUNT(*) FROM refusals \
        WHERE day = $1 AND project_id = $2 AND endpoint = $3 AND reason <> ''";
    LEAST_REFUSAL_OF_A_PLACE = "SELECT id, day, project_id, endpoint, reason, reported, origin, name, count, \
        first_seen_at, last_seen_at FROM refusals WHERE day = $1 AND project_id = $2 AND endpoint = $3 AND reason <> '' \
        ORDER BY count, last_seen_at, id LIMIT 1";
    LEAST_REFUSAL_OF_THE_OLDEST_DAY = "SELECT id, day, project_id, endpoint, reason, reported, origin, name, count, \
        first_seen_at, last_seen_at FROM refusals WHERE reason <> '' ORDER BY day, count LIMIT 1";
    DELETE_REFUSAL = "DELETE FROM refusals WHERE id = $1";
    PRUNE_REFUSALS = "DELETE FROM refusals WHERE day < $1";

    SESSION = "SELECT id, key_id, key_digest, created_at, last_seen_at, expires_at FROM sessions WHERE id = $1";
    INSERT_SESSION = "INSERT INTO sessions (id, key_id, key_digest, created_at, last_seen_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    // Of several requests at once the last one counts.
    TOUCH_SESSION = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
    DELETE_SESSION = "DELETE FROM sessions WHERE id = $1";
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE key_id = $1";
    DELETE_OLDEST_SESSIONS = "DELETE FROM sessions WHERE key_id = $1 AND id NOT IN \
        (SELECT id FROM sessions WHERE key_id = $1 ORDER BY created_at DESC, id LIMIT $2)";
    PRUNE_SESSIONS = "DELETE FROM sessions WHERE last_seen_at <= $1";

    BUMP_ADMITTED_ORIGIN = "UPDATE admitted_origins SET count = count + $5, \
        last_seen_at = CASE WHEN last_seen_at > $6 THEN last_seen_at ELSE $6 END \
        WHERE project_id = $1 AND endpoint = $2 AND day = $3 AND origin = $4";
    INSERT_ADMITTED_ORIGIN = "INSERT INTO admitted_origins (project_id, endpoint, day, origin, count, last_seen_at) \
        SELECT $1, $2, $3, $4, $5, $6 \
        WHERE EXISTS (SELECT 1 FROM endpoints WHERE project_id = $1 AND name = $2) \
        AND (SELECT COUNT(*) FROM admitted_origins WHERE project_id = $1 AND endpoint = $2 AND day = $3) < $7 \
        AND (SELECT COUNT(*) FROM admitted_origins) < $8";
    PRUNE_ADMITTED_ORIGINS = "DELETE FROM admitted_origins WHERE day < $1";
    ORIGINS_AT = "SELECT origin, CAST(SUM(count) AS BIGINT), MAX(last_seen_at) FROM \
        (SELECT origin, count, last_seen_at FROM admitted_origins \
            WHERE project_id = $1 AND endpoint = $2 AND last_seen_at >= $3 \
        UNION ALL SELECT origin, count, last_seen_at FROM refusals \
            WHERE project_id = $1 AND endpoint = $2 AND last_seen_at >= $3 AND origin <> '') seen \
        GROUP BY origin ORDER BY SUM(count) DESC, origin";
    TRAFFIC = "SELECT at, project, endpoint, counts FROM traffic WHERE step = $1 AND at >= $2 AND at < $3 \
        AND ($4 IS NULL OR project = $4) AND ($5 IS NULL OR endpoint = $5) ORDER BY at, project, endpoint";
    TRAFFIC_OF_A_PLACE = "SELECT at, project, endpoint, counts FROM traffic \
        WHERE step = $1 AND at = $2 AND project = $3 AND endpoint = $4";
    COUNT_TRAFFIC_OF_A_BUCKET = "SELECT COUNT(*) FROM traffic WHERE step = $1 AND at = $2";
    PUT_TRAFFIC = "INSERT INTO traffic (step, at, project, endpoint, counts) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (step, at, project, endpoint) DO UPDATE SET counts = excluded.counts";
    PRUNE_TRAFFIC = "DELETE FROM traffic WHERE step = $1 AND at < $2";
}

#[cfg(test)]
mod tests {
    use sqlx::{Executor as _, SqlSafeStr as _};

    use sqlx::Row as _;

    use crate::migrate;

    #[tokio::test]
    async fn every_statement_fits_the_schema() {
        let directory = tempfile::TempDir::new().unwrap();
        let mut connection =
            migrate::tests::migrated(&directory.path().join("drawbridge.db")).await;
        for (name, statement) in super::ALL {
            let prepared = connection.prepare(statement.into_sql_str()).await;
            assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
        }
    }

    #[tokio::test]
    async fn a_page_of_the_audit_log_is_one_walk_along_an_index() {
        let directory = tempfile::TempDir::new().unwrap();
        let mut connection =
            migrate::tests::migrated(&directory.path().join("drawbridge.db")).await;
        for (statement, index, by) in [
            (super::AUDIT_LOG, "time", ""),
            (super::AUDIT_LOG_OF_TARGET, "target", "target=? AND "),
            (super::AUDIT_LOG_OF_ACTOR, "actor", "actor=? AND "),
            (super::AUDIT_LOG_OF_PROJECT, "project", "project_id=? AND "),
            (super::AUDIT_LOG_OF_ACTION, "action", "action=? AND "),
        ] {
            let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let rows = connection.fetch_all(explained).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            let walk =
                format!("SEARCH audit_log USING INDEX audit_log_by_{index} ({by}at>? AND at<?)");
            assert_eq!(steps, [walk]);
        }
    }
}
