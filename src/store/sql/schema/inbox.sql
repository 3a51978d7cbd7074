-- Commands that people gave while another process held the store. The only table that a second process writes.
CREATE TABLE inbox (
  id        INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  command   TEXT NOT NULL,
  arguments TEXT NOT NULL,
  done_at   INTEGER,
  answer    TEXT NOT NULL DEFAULT '',
  refused   INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)) -- answered, but not carried out
) STRICT;

CREATE INDEX inbox_open ON inbox (id) WHERE done_at IS NULL;
