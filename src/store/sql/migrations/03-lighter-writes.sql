-- Two things that every write of a first sync paid for. SQLite builds a temporary table for a list of more than two
-- choices, each time a row is written: the choices are compared one by one now. And the names of an image's columns,
-- which make up most of it, are kept once per set of names; what was written before keeps its names in itself.
CREATE TABLE image_shapes (
  id    INTEGER PRIMARY KEY,
  names TEXT NOT NULL UNIQUE
) STRICT;

ALTER TABLE images ADD COLUMN shape INTEGER REFERENCES image_shapes (id);

CREATE TABLE deals_2 (
  id                        INTEGER PRIMARY KEY AUTOINCREMENT,
  title                     TEXT NOT NULL,
  owner                     TEXT NOT NULL,
  owner_email               TEXT NOT NULL,
  engagement_id             TEXT NOT NULL,

  crm_record_id             TEXT CHECK (crm_record_id <> ''),
  crm_version               TEXT NOT NULL,
  crm_existence             TEXT NOT NULL
    CHECK (crm_existence = 'unseen' OR crm_existence = 'live' OR crm_existence = 'deleted' OR
           crm_existence = 'out_of_scope'),
  crm_image                 INTEGER REFERENCES images (id),
  crm_base                  INTEGER REFERENCES images (id),
  crm_seen_at               INTEGER NOT NULL,
  crm_changed_at            INTEGER NOT NULL,

  partner_center_record_id  TEXT CHECK (partner_center_record_id <> ''),
  partner_center_version    TEXT NOT NULL,
  partner_center_existence  TEXT NOT NULL
    CHECK (partner_center_existence = 'unseen' OR partner_center_existence = 'live' OR
           partner_center_existence = 'deleted' OR partner_center_existence = 'out_of_scope'),
  partner_center_image      INTEGER REFERENCES images (id),
  partner_center_base       INTEGER REFERENCES images (id),
  partner_center_seen_at    INTEGER NOT NULL,
  partner_center_changed_at INTEGER NOT NULL,

  microsoft                 INTEGER REFERENCES images (id),
  microsoft_id              TEXT NOT NULL,
  ask_microsoft_at          INTEGER,

  state                     TEXT NOT NULL
    CHECK (state = 'skipped' OR state = 'in_sync' OR state = 'changed' OR state = 'waiting' OR state = 'failed'),
  waits_for                 TEXT NOT NULL
    CHECK (waits_for = 'nobody' OR waits_for = 'seller' OR waits_for = 'admin' OR waits_for = 'microsoft' OR
           waits_for = 'date' OR waits_for = 'you' OR waits_for = 'partner_center'),
  reason                    TEXT NOT NULL,
  message                   TEXT NOT NULL,
  next_step                 TEXT NOT NULL,
  since                     INTEGER NOT NULL,
  look_again_at             INTEGER,
  dirty                     INTEGER NOT NULL CHECK (dirty IN (0, 1)),
  marks                     TEXT NOT NULL
) STRICT;
INSERT INTO deals_2 SELECT * FROM deals;
-- A number that was given away is never given again.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'deals') WHERE name = 'deals_2'
  AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'deals');
INSERT INTO sqlite_sequence (name, seq) SELECT 'deals_2', seq FROM sqlite_sequence
  WHERE name = 'deals' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'deals_2');
DROP TABLE deals;
ALTER TABLE deals_2 RENAME TO deals;
CREATE UNIQUE INDEX deals_by_crm_record ON deals (crm_record_id) WHERE crm_record_id IS NOT NULL;
CREATE UNIQUE INDEX deals_by_partner_center_record ON deals (partner_center_record_id)
  WHERE partner_center_record_id IS NOT NULL;
CREATE INDEX deals_by_engagement ON deals (engagement_id) WHERE engagement_id <> '';
CREATE INDEX deals_dirty ON deals (id) WHERE dirty = 1;
CREATE INDEX deals_to_look_again ON deals (look_again_at) WHERE look_again_at IS NOT NULL;
CREATE INDEX deals_to_ask_microsoft ON deals (ask_microsoft_at) WHERE ask_microsoft_at IS NOT NULL;
CREATE INDEX deals_only_in_crm ON deals (id)
  WHERE partner_center_record_id IS NULL AND crm_record_id IS NOT NULL;
CREATE INDEX deals_only_in_partner_center ON deals (id)
  WHERE crm_record_id IS NULL AND partner_center_record_id IS NOT NULL;
CREATE INDEX deals_by_state ON deals (state, waits_for, reason);

CREATE TABLE operations_2 (
  sequence        INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE CHECK (id <> ''),
  deal            INTEGER REFERENCES deals (id) ON DELETE SET NULL,
  run             INTEGER REFERENCES runs (id),
  side            TEXT NOT NULL CHECK (side IN ('crm', 'partner_center')),
  kind            TEXT NOT NULL,
  verb            TEXT NOT NULL,
  after_operation INTEGER REFERENCES operations (sequence),
  target_id       TEXT NOT NULL,
  key             TEXT NOT NULL,
  must_match      TEXT NOT NULL,
  expected        TEXT NOT NULL,
  changes         TEXT NOT NULL,
  agrees_with     TEXT NOT NULL,
  engagement_id   TEXT NOT NULL,
  step            TEXT NOT NULL,
  state           TEXT NOT NULL
    CHECK (state = 'planned' OR state = 'sent' OR state = 'applied' OR state = 'rejected' OR state = 'unknown' OR
           state = 'dropped'),
  attempts        INTEGER NOT NULL,
  not_before      INTEGER,
  planned_at      INTEGER NOT NULL,
  sent_at         INTEGER,
  finished_at     INTEGER,
  error_class     TEXT NOT NULL,
  error_message   TEXT NOT NULL,
  error_detail    TEXT NOT NULL,
  error_rule      TEXT NOT NULL,
  request_id      TEXT NOT NULL
) STRICT;
INSERT INTO operations_2 SELECT * FROM operations;
DROP TABLE operations;
ALTER TABLE operations_2 RENAME TO operations;
CREATE INDEX operations_open ON operations (state) WHERE state NOT IN ('applied', 'dropped');
CREATE INDEX operations_by_deal ON operations (deal);

CREATE TABLE journal_2 (
  sequence     INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  run          INTEGER REFERENCES runs (id),
  deal         INTEGER,
  kind         TEXT NOT NULL
    CHECK (kind = 'observed' OR kind = 'decided' OR kind = 'intended' OR kind = 'outcome' OR kind = 'linked' OR
           kind = 'waiting' OR kind = 'person' OR kind = 'mapping' OR kind = 'run'),
  summary      TEXT,
  summary_hash BLOB NOT NULL CHECK (length(summary_hash) = 32),
  payload_hash BLOB NOT NULL CHECK (length(payload_hash) = 32),
  hash         BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO journal_2 SELECT * FROM journal;
DROP TABLE journal;
ALTER TABLE journal_2 RENAME TO journal;
CREATE INDEX journal_by_deal ON journal (deal) WHERE deal IS NOT NULL;
