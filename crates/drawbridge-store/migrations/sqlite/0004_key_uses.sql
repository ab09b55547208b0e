-- What was seen of a key, beside its configuration: writing these columns is no change of the key.
ALTER TABLE api_keys ADD COLUMN last_used_at TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_ip TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_origin TEXT;
-- Of a secret key that pages of other origins send, by its current token or those before.
ALTER TABLE api_keys ADD COLUMN exposed_first_at TEXT;
ALTER TABLE api_keys ADD COLUMN exposed_last_at TEXT;
ALTER TABLE api_keys ADD COLUMN exposed_origin TEXT;
