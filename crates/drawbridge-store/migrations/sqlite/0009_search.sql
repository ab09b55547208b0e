-- What lists are searched by and narrowed by, taken out of each row's own columns and document whenever it is written;
-- null in rows of older releases until the store is opened.
ALTER TABLE projects ADD COLUMN search TEXT;
ALTER TABLE endpoints ADD COLUMN search TEXT;
ALTER TABLE api_keys ADD COLUMN search TEXT;
-- The endpoints that a key may use, as `/one/two/`; null for all of its project.
ALTER TABLE api_keys ADD COLUMN endpoints TEXT;
ALTER TABLE api_keys ADD COLUMN expires_at TEXT;
-- Empty, but for those rows.
CREATE INDEX projects_without_search ON projects (id) WHERE search IS NULL;
CREATE INDEX endpoints_without_search ON endpoints (project_id, name) WHERE search IS NULL;
CREATE INDEX api_keys_without_search ON api_keys (id) WHERE search IS NULL;
