-- Two of three hashes of a line say the same as the texts beside them: they are kept only for a text that is gone.
CREATE TABLE journal_3 (
  sequence     INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  run          INTEGER REFERENCES runs (id),
  deal         INTEGER,
  kind         TEXT NOT NULL
    CHECK (kind = 'observed' OR kind = 'decided' OR kind = 'intended' OR kind = 'outcome' OR kind = 'linked' OR
           kind = 'waiting' OR kind = 'person' OR kind = 'mapping' OR kind = 'run'),
  summary      TEXT,
  summary_hash BLOB CHECK (length(summary_hash) = 32),
  payload_hash BLOB CHECK (length(payload_hash) = 32),
  hash         BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO journal_3
  SELECT sequence, at, run, deal, kind, summary, CASE WHEN summary IS NULL THEN summary_hash END,
    CASE WHEN NOT EXISTS (SELECT 1 FROM journal_payloads AS p WHERE p.sequence = j.sequence) THEN payload_hash END, hash
  FROM journal AS j;
DROP TABLE journal;
ALTER TABLE journal_3 RENAME TO journal;
CREATE INDEX journal_by_deal ON journal (deal) WHERE deal IS NOT NULL;
