-- Who is signed in to the dashboard. No configuration; signing in and out are in the audit log.
CREATE TABLE sessions (
    -- SHA-256 of the cookie's secret.
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32),
    -- The key, or `root`. It may be gone: no reference.
    key_id       TEXT NOT NULL,
    -- SHA-256 of the token that the key had: another one ends the session.
    key_digest   BLOB NOT NULL CHECK (length(key_digest) = 32),
    created_at   TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at   TEXT NOT NULL
) STRICT;

CREATE INDEX sessions_by_key ON sessions (key_id, created_at);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);
