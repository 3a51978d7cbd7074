-- The shape of version 1. Frozen: the newest shape, with the reasons, is in schema/.
CREATE TABLE properties (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

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

CREATE TABLE cursors (
  side   TEXT NOT NULL PRIMARY KEY CHECK (side IN ('crm', 'partner_center')),
  cursor TEXT NOT NULL
) STRICT;
CREATE TABLE images (
  id      INTEGER PRIMARY KEY,
  hash    BLOB NOT NULL CHECK (length(hash) = 32),
  columns TEXT NOT NULL
) STRICT;

CREATE INDEX images_by_hash ON images (substr(hash, 1, 8));
CREATE TABLE deals (
  id                        INTEGER PRIMARY KEY AUTOINCREMENT,
  title                     TEXT NOT NULL,
  owner                     TEXT NOT NULL,
  owner_email               TEXT NOT NULL,
  engagement_id             TEXT NOT NULL,

  crm_record_id             TEXT CHECK (crm_record_id <> ''),
  crm_version               TEXT NOT NULL,
  crm_existence             TEXT NOT NULL CHECK (crm_existence IN ('unseen', 'live', 'deleted', 'out_of_scope')),
  crm_image                 INTEGER REFERENCES images (id),
  crm_base                  INTEGER REFERENCES images (id),
  crm_seen_at               INTEGER NOT NULL,
  crm_changed_at            INTEGER NOT NULL,

  partner_center_record_id  TEXT CHECK (partner_center_record_id <> ''),
  partner_center_version    TEXT NOT NULL,
  partner_center_existence  TEXT NOT NULL
    CHECK (partner_center_existence IN ('unseen', 'live', 'deleted', 'out_of_scope')),
  partner_center_image      INTEGER REFERENCES images (id),
  partner_center_base       INTEGER REFERENCES images (id),
  partner_center_seen_at    INTEGER NOT NULL,
  partner_center_changed_at INTEGER NOT NULL,

  microsoft                 INTEGER REFERENCES images (id),
  microsoft_id              TEXT NOT NULL,
  ask_microsoft_at          INTEGER,

  state                     TEXT NOT NULL CHECK (state IN ('skipped', 'in_sync', 'changed', 'waiting', 'failed')),
  waits_for                 TEXT NOT NULL
    CHECK (waits_for IN ('nobody', 'seller', 'admin', 'microsoft', 'date', 'you', 'partner_center')),
  reason                    TEXT NOT NULL,
  message                   TEXT NOT NULL,
  next_step                 TEXT NOT NULL,
  since                     INTEGER NOT NULL,
  look_again_at             INTEGER,
  dirty                     INTEGER NOT NULL CHECK (dirty IN (0, 1)),
  marks                     TEXT NOT NULL
) STRICT;

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
CREATE TABLE operations (
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
  state           TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'applied', 'rejected', 'unknown', 'dropped')),
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

CREATE INDEX operations_open ON operations (state) WHERE state NOT IN ('applied', 'dropped');

CREATE INDEX operations_by_deal ON operations (deal);
CREATE TABLE journal (
  sequence     INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  run          INTEGER REFERENCES runs (id),
  deal         INTEGER,
  kind         TEXT NOT NULL CHECK (kind IN ('observed', 'decided', 'intended', 'outcome', 'linked', 'waiting',
                                             'person', 'mapping', 'run')),
  summary      TEXT,
  summary_hash BLOB NOT NULL CHECK (length(summary_hash) = 32),
  payload_hash BLOB NOT NULL CHECK (length(payload_hash) = 32),
  hash         BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX journal_by_deal ON journal (deal) WHERE deal IS NOT NULL;

CREATE TABLE journal_payloads (
  sequence INTEGER PRIMARY KEY REFERENCES journal (sequence),
  payload  TEXT NOT NULL
) STRICT;

CREATE TABLE journal_head (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  sequence INTEGER NOT NULL,
  hash     BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TABLE journal_checkpoint (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  sequence  INTEGER NOT NULL,
  hash      BLOB NOT NULL CHECK (length(hash) = 32),
  pruned_at INTEGER NOT NULL
) STRICT;
CREATE TABLE inbox (
  id        INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  command   TEXT NOT NULL,
  arguments TEXT NOT NULL,
  done_at   INTEGER,
  answer    TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX inbox_open ON inbox (id) WHERE done_at IS NULL;
