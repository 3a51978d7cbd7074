-- Commands that people gave while another process held the store. The only table that a second process writes.
CREATE TABLE inbox (
  id        INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  command   TEXT NOT NULL,
  arguments TEXT NOT NULL,
  done_at   INTEGER,
  answer    TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX inbox_open ON inbox (id) WHERE done_at IS NULL;
