-- Records that make room for others leave what tells a repeat from a first request. Before, they were forgotten.

-- What takes the record's place, encrypted like it. NULL where the record itself is no more than that, and where it was
-- kept before this: such a record stays as it is for its day.
ALTER TABLE idempotency_records ADD COLUMN remnant BLOB;

DROP INDEX idempotency_records_by_key;
CREATE INDEX idempotency_records_to_shrink ON idempotency_records (key_id, id) WHERE remnant IS NOT NULL;

-- How many records each key has, and how many bytes of them can make room.
DROP TRIGGER idempotency_record_comes;
DROP TRIGGER idempotency_record_goes;
DROP TABLE idempotency_usage;
CREATE TABLE idempotency_usage (
    key_id  TEXT PRIMARY KEY NOT NULL,
    records INTEGER NOT NULL,
    bytes   INTEGER NOT NULL
) STRICT;
INSERT INTO idempotency_usage (key_id, records, bytes)
    SELECT key_id, COUNT(*), 0 FROM idempotency_records GROUP BY key_id;

CREATE TRIGGER idempotency_record_comes AFTER INSERT ON idempotency_records BEGIN
    INSERT INTO idempotency_usage (key_id, records, bytes)
        VALUES (NEW.key_id, 1, CASE WHEN NEW.remnant IS NULL THEN 0 ELSE length(NEW.record) END)
        ON CONFLICT (key_id) DO UPDATE SET records = records + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER idempotency_record_shrinks AFTER UPDATE OF remnant ON idempotency_records
    WHEN OLD.remnant IS NOT NULL AND NEW.remnant IS NULL BEGIN
    UPDATE idempotency_usage SET bytes = bytes - length(OLD.record) WHERE key_id = OLD.key_id;
END;

CREATE TRIGGER idempotency_record_goes AFTER DELETE ON idempotency_records BEGIN
    UPDATE idempotency_usage SET records = records - 1,
        bytes = bytes - CASE WHEN OLD.remnant IS NULL THEN 0 ELSE length(OLD.record) END
        WHERE key_id = OLD.key_id;
    DELETE FROM idempotency_usage WHERE key_id = OLD.key_id AND records <= 0;
END;
