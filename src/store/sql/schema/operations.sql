-- One planned write to one record of one side. Stored before it is sent; what is sent (expected, changes, key,
-- must_match) never changes afterwards. `sequence` is the planning order.
CREATE TABLE operations (
  sequence        INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE CHECK (id <> ''),
  -- Empty once the deal was merged into another one; only finished operations may lose their deal.
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
  -- By deal field: what the other side showed when this was planned; half of the new agreement once applied.
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

-- What is still to be sent, probed or shown as a failure: small, however many writes were made in all, and by side. A query uses
-- it by naming the same condition.
CREATE INDEX operations_open ON operations (state, side) WHERE state NOT IN ('applied', 'dropped');

CREATE INDEX operations_by_deal ON operations (deal);
