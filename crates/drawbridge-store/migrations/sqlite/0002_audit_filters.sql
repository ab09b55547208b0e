-- The audit log is read newest first, whole or narrowed to one of these. Rows of one moment follow each other by `seq`,
-- which SQLite adds to every index by itself.
DROP INDEX audit_log_by_project;

CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE INDEX audit_log_by_project ON audit_log (project_id, at);
CREATE INDEX audit_log_by_actor ON audit_log (actor, at);
CREATE INDEX audit_log_by_action ON audit_log (action, at);
CREATE INDEX audit_log_by_target ON audit_log (target, at);
