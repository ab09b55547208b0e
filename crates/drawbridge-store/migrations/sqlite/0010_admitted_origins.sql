-- Calls of pages that were admitted, counted by endpoint, origin and day: what a change of a policy would mean for. No
-- configuration: no revision, no audit row.
CREATE TABLE admitted_origins (
    project_id   TEXT NOT NULL,
    endpoint     TEXT NOT NULL,
    -- YYYY-MM-DD, in UTC.
    day          TEXT NOT NULL,
    origin       TEXT NOT NULL,
    count        INTEGER NOT NULL CHECK (count > 0),
    last_seen_at TEXT NOT NULL,
    PRIMARY KEY (project_id, endpoint, day, origin)
) STRICT;

CREATE INDEX admitted_origins_by_day ON admitted_origins (day);

CREATE TRIGGER admitted_origins_go_with_their_endpoint AFTER DELETE ON endpoints BEGIN
    DELETE FROM admitted_origins WHERE project_id = OLD.project_id AND endpoint = OLD.name;
END;
