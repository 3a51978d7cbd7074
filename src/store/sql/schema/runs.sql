-- All times in the store are milliseconds since 1970-01-01T00:00:00Z. Choices from a closed list are stored by their
-- names, so that the file explains itself and a new choice never shifts the meaning of old rows.

-- The mapping files that runs worked with, and the settings that decisions follow from, once per content: a decision
-- can be derived again long after the file was edited.
CREATE TABLE mapping_texts (
  id   INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  id          INTEGER PRIMARY KEY,
  command     TEXT NOT NULL,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER,
  outcome     TEXT NOT NULL DEFAULT '',
  mapping     INTEGER REFERENCES mapping_texts (id),
  settings    INTEGER REFERENCES mapping_texts (id),
  note        TEXT NOT NULL DEFAULT '',
  figures     TEXT NOT NULL DEFAULT ''
) STRICT;

-- How far each side was read. Moves only together with what was read (one transaction).
CREATE TABLE cursors (
  side   TEXT NOT NULL PRIMARY KEY CHECK (side IN ('crm', 'partner_center')),
  cursor TEXT NOT NULL
) STRICT;
