-- An entry of the inbox tells all that a command of its own would have told: the exit code and the answer for programs;
-- and since when it is being done, because what was begun can no longer be withdrawn.
ALTER TABLE inbox ADD COLUMN begun_at INTEGER;
ALTER TABLE inbox ADD COLUMN exit_code INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN report TEXT NOT NULL DEFAULT '';
UPDATE inbox SET exit_code = 2 WHERE refused = 1;
-- The code of the sync that was answered last stood beside the inbox.
UPDATE inbox SET exit_code = (SELECT json_extract(value, '$.exit_code') FROM properties WHERE name = 'inbox.sync')
  WHERE id IN (SELECT entry.value FROM properties AS p, json_each(p.value, '$.entries') AS entry
    WHERE p.name = 'inbox.sync');
DELETE FROM properties WHERE name = 'inbox.sync';
