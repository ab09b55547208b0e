-- What a project is set to besides its name: a JSON object.
ALTER TABLE projects ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
