-- What is true of the whole store: the pair it belongs to ("store:pair"), the time since which a process holds it
-- ("store:open"; still there on opening: that process was killed, so the file is checked), and what the engine
-- keeps (fingerprints of both environments). Names with "store:" are the store's own.
CREATE TABLE properties (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
