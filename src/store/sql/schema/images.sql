-- What a side showed of a record at some moment. Never changed, shared by every deal and moment with equal content;
-- `columns` is canonical JSON, `hash` its SHA-256.
CREATE TABLE images (
  id      INTEGER PRIMARY KEY,
  hash    BLOB NOT NULL CHECK (length(hash) = 32),
  columns TEXT NOT NULL
) STRICT;

-- Finds equal content. Random keys touch a page per insert, so the index is kept small: eight bytes of the hash are
-- enough to find the few candidates, the row has all of it.
CREATE INDEX images_by_hash ON images (substr(hash, 1, 8));
