-- The person who gave a command has to learn from the exit code, too, that it was not carried out.
ALTER TABLE inbox ADD COLUMN refused INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1));
