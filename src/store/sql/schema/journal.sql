-- The append-only account of everything seen, decided and done. Each line's hash covers the one before it:
--   hash = SHA-256(previous hash | sequence | at | run | deal | kind | summary hash | payload hash)
-- with hashes in hex, absent numbers as 0 and the first line's previous hash as 64 zeros.
CREATE TABLE journal (
  sequence     INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  run          INTEGER REFERENCES runs (id),
  deal         INTEGER,  -- no reference: the account outlives the deal
  kind         TEXT NOT NULL
    CHECK (kind = 'observed' OR kind = 'decided' OR kind = 'intended' OR kind = 'outcome' OR kind = 'linked' OR
           kind = 'waiting' OR kind = 'person' OR kind = 'mapping' OR kind = 'run'),
  summary      TEXT,     -- NULL: erased on a person's demand; its hash stays
  -- Of a text that is gone. NULL: the text is there, and its hash follows from it.
  summary_hash BLOB CHECK (length(summary_hash) = 32),
  payload_hash BLOB CHECK (length(payload_hash) = 32),
  hash         BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX journal_by_deal ON journal (deal) WHERE deal IS NOT NULL;

-- The bulky part of a line, apart so that it may be erased while the chain over its hash still verifies. An empty
-- payload has no row.
CREATE TABLE journal_payloads (
  sequence INTEGER PRIMARY KEY REFERENCES journal (sequence),
  payload  TEXT NOT NULL
) STRICT;

-- The last line, so that lines cut off at the end are noticed.
CREATE TABLE journal_head (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  sequence INTEGER NOT NULL,
  hash     BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Where the chain begins after older lines were pruned: the last of them. No row: nothing was pruned.
CREATE TABLE journal_checkpoint (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  sequence  INTEGER NOT NULL,
  hash      BLOB NOT NULL CHECK (length(hash) = 32),
  pruned_at INTEGER NOT NULL
) STRICT;
