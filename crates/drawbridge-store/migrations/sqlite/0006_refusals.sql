-- Refused calls of pages, counted by endpoint, day, origin and reason. No configuration: no revision, no audit row.
CREATE TABLE refusals (
    -- Never used again: people say which refusal they mean by it.
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- YYYY-MM-DD, in UTC.
    day           TEXT NOT NULL,
    -- Both empty on the shared URL, before an endpoint is known.
    project_id    TEXT NOT NULL,
    endpoint      TEXT NOT NULL,
    -- Empty in the row that counts the rest of an endpoint and day.
    reason        TEXT NOT NULL,
    -- 1 where the endpoint let the call through and only reports.
    reported      INTEGER NOT NULL CHECK (reported IN (0, 1)),
    -- Empty where what was sent is no origin.
    origin        TEXT NOT NULL,
    -- The method, header name or key at fault; empty where there is none.
    name          TEXT NOT NULL,
    count         INTEGER NOT NULL CHECK (count > 0),
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL,
    UNIQUE (project_id, endpoint, day, reason, reported, origin, name)
) STRICT;

CREATE INDEX refusals_by_day ON refusals (day, count);

CREATE TRIGGER refusals_go_with_their_endpoint AFTER DELETE ON endpoints BEGIN
    DELETE FROM refusals WHERE project_id = OLD.project_id AND endpoint = OLD.name;
END;
