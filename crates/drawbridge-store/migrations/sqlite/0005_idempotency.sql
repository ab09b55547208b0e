-- What requests with an idempotency key were answered, kept for a day so that a repeat is not run again.
CREATE TABLE idempotency_records (
    -- Grows with time.
    id         INTEGER PRIMARY KEY NOT NULL,
    -- SHA-256 over the calling key, the endpoint, the path and the idempotency key.
    scope      BLOB NOT NULL UNIQUE CHECK (length(scope) = 32),
    -- The calling key, or `root`. It may be gone: no reference.
    key_id     TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    -- Encrypted; bound to the scope.
    record     BLOB NOT NULL
) STRICT;

CREATE INDEX idempotency_records_by_key ON idempotency_records (key_id, id);
CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at);

-- How much of the disk each key's records take; a record counts 1024 bytes besides its own.
CREATE TABLE idempotency_usage (
    key_id TEXT PRIMARY KEY NOT NULL,
    bytes  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER idempotency_record_comes AFTER INSERT ON idempotency_records BEGIN
    INSERT INTO idempotency_usage (key_id, bytes) VALUES (NEW.key_id, 1024 + length(NEW.record))
        ON CONFLICT (key_id) DO UPDATE SET bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER idempotency_record_goes AFTER DELETE ON idempotency_records BEGIN
    UPDATE idempotency_usage SET bytes = bytes - 1024 - length(OLD.record) WHERE key_id = OLD.key_id;
    DELETE FROM idempotency_usage WHERE key_id = OLD.key_id AND bytes <= 0;
END;
