-- Times are RFC 3339 in UTC with nine digits of a second, so that they sort as text. Documents are JSON.
-- `revision` is that of the write which last changed the row.

-- Exactly one row, made together with the database.
CREATE TABLE meta (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    -- The number of writes so far.
    revision  INTEGER NOT NULL,
    -- How often the log was cleared of a write that had failed while it was committed.
    repairs   INTEGER NOT NULL,
    -- A known text, encrypted with the master key: tells a wrong key at once.
    key_check BLOB NOT NULL
) STRICT;

CREATE TABLE projects (
    id         TEXT PRIMARY KEY NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX projects_by_creation ON projects (created_at, id);

CREATE TABLE endpoints (
    project_id TEXT NOT NULL REFERENCES projects (id),
    name       TEXT NOT NULL,
    -- The order of creation over all projects.
    sequence   INTEGER NOT NULL UNIQUE,
    document   TEXT NOT NULL,
    -- Encrypted; bound to project and name.
    credential BLOB,
    revision   INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (project_id, name)
) STRICT;

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    document   TEXT NOT NULL,
    revoked_at TEXT,
    revision   INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX api_keys_by_creation ON api_keys (created_at, id);
CREATE INDEX api_keys_by_project ON api_keys (project_id, created_at, id);

-- A key has one current token and, while a rotation overlaps, older ones.
CREATE TABLE key_tokens (
    -- SHA-256 of the token, which is itself stored nowhere.
    digest     BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    key_id     TEXT NOT NULL REFERENCES api_keys (id),
    -- The order within the key; 0 is the current one.
    position   INTEGER NOT NULL,
    -- The end of the overlap.
    expires_at TEXT,
    UNIQUE (key_id, position)
) STRICT;

-- Outlives what it tells of: no references.
CREATE TABLE audit_log (
    seq        INTEGER PRIMARY KEY NOT NULL,
    revision   INTEGER NOT NULL,
    at         TEXT NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    project_id TEXT,
    target     TEXT NOT NULL,
    client_ip  TEXT,
    request_id TEXT NOT NULL,
    change     TEXT NOT NULL,
    prev_hash  BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash       BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_log_by_project ON audit_log (project_id, seq);
