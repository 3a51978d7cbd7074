-- One row per deal: an opportunity, a referral, or both tied together. AUTOINCREMENT, because the journal keeps
-- speaking of a deal after it was merged into another one: its number must never name a new deal.
CREATE TABLE deals (
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

-- A record belongs to one deal at most; these find it, and refuse a second one.
CREATE UNIQUE INDEX deals_by_crm_record ON deals (crm_record_id) WHERE crm_record_id IS NOT NULL;
CREATE UNIQUE INDEX deals_by_partner_center_record ON deals (partner_center_record_id)
  WHERE partner_center_record_id IS NOT NULL;
CREATE INDEX deals_by_engagement ON deals (engagement_id) WHERE engagement_id <> '';

-- The three small heaps of work: each holds only the deals that need something, so that a quiet cycle over many
-- deals costs nothing.
CREATE INDEX deals_dirty ON deals (id) WHERE dirty = 1;
CREATE INDEX deals_to_look_again ON deals (look_again_at) WHERE look_again_at IS NOT NULL;
CREATE INDEX deals_to_ask_microsoft ON deals (ask_microsoft_at) WHERE ask_microsoft_at IS NOT NULL;

-- Deals that only one side shows: among them the two halves of one deal are looked for.
CREATE INDEX deals_only_in_crm ON deals (id)
  WHERE partner_center_record_id IS NULL AND crm_record_id IS NOT NULL;
CREATE INDEX deals_only_in_partner_center ON deals (id)
  WHERE crm_record_id IS NULL AND partner_center_record_id IS NOT NULL;

-- Counts for the status screen without reading the deals themselves, and lists by what they wait for.
CREATE INDEX deals_by_state ON deals (state, waits_for, reason);
