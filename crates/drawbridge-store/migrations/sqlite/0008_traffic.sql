-- What happened to requests, counted by endpoint and time. No configuration: no revision, no audit row.
CREATE TABLE traffic (
    -- How long the bucket is, in seconds: 300 or 3600.
    step     INTEGER NOT NULL CHECK (step IN (300, 3600)),
    -- When it began, in seconds since the Unix epoch.
    at       INTEGER NOT NULL,
    -- The slug of the project; empty for what is no endpoint's, and for the rest.
    project  TEXT NOT NULL,
    -- The name of the endpoint; empty for what is no endpoint's, `other` for the rest.
    endpoint TEXT NOT NULL,
    -- JSON: how often, by kind.
    counts   TEXT NOT NULL,
    PRIMARY KEY (step, at, project, endpoint)
) STRICT, WITHOUT ROWID;

-- An endpoint leaves its history behind. Another project may get the same slug, which must not see it.
CREATE TRIGGER traffic_goes_with_its_project AFTER DELETE ON projects BEGIN
    DELETE FROM traffic WHERE project = OLD.slug;
END;
