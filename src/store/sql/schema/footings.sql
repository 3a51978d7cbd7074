-- What each deal stood on (footing.h) after the line `sequence`: where following the journal begins for the deals whose
-- older lines were pruned, or were written before version 4 of the store.
CREATE TABLE footings (
  deal     INTEGER PRIMARY KEY,  -- no reference: it may have been merged into another one since
  sequence INTEGER NOT NULL,
  footing  TEXT NOT NULL
) STRICT;
