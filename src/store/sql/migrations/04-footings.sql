-- From now on the journal tells each change of what a deal stands on: its records and what they agreed on. What was
-- written before did not, so that following it begins with what is stored now.
CREATE TABLE footings (
  deal     INTEGER PRIMARY KEY,
  sequence INTEGER NOT NULL,
  footing  TEXT NOT NULL
) STRICT;
INSERT INTO footings (deal, sequence, footing)
  SELECT id, coalesce((SELECT sequence FROM journal_head), 0),
    json_object('crm', crm_record_id, 'partner_center', partner_center_record_id, 'crm_base', crm_base,
                'partner_center_base', partner_center_base, 'agreed',
                (SELECT json_group_object(substr(key, 6), json(value)) FROM json_each(marks)
                  WHERE substr(key, 1, 5) = 'base.'))
  FROM deals;
