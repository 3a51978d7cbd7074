-- Commands that people gave while another process held the store. The only table that a second process writes: it adds
-- an entry, and may withdraw one that is not begun yet.
CREATE TABLE inbox (
  id        INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  command   TEXT NOT NULL,
  arguments TEXT NOT NULL,
  begun_at  INTEGER, -- is or was carried out since then
  done_at   INTEGER,
  answer    TEXT NOT NULL DEFAULT '',
  refused   INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)), -- answered, but not carried out
  exit_code INTEGER NOT NULL DEFAULT 0, -- with which the command by itself would have ended
  report    TEXT NOT NULL DEFAULT '' -- JSON, what it would have answered to programs
) STRICT;

CREATE INDEX inbox_open ON inbox (id) WHERE done_at IS NULL;
