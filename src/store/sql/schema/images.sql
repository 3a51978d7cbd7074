-- The names of an image's columns, a canonical JSON list: few sets, shared by all images with the same.
CREATE TABLE image_shapes (
  id    INTEGER PRIMARY KEY,
  names TEXT NOT NULL UNIQUE
) STRICT;

-- What a side showed of a record at some moment, and until it shows something else. Never changed.
-- `columns` is the canonical JSON list of the values in the order of the shape's names; without a shape (written before
-- version 3 of the store) the canonical object itself. An image that `differs_from` another one, which does not itself
-- differ from a third, has only the differing columns, as a canonical object. `hash` is in every case the SHA-256 of the
-- canonical object of all columns.
CREATE TABLE images (
  id           INTEGER PRIMARY KEY,
  hash         BLOB NOT NULL CHECK (length(hash) = 32),
  shape        INTEGER REFERENCES image_shapes (id),
  columns      TEXT NOT NULL,
  differs_from INTEGER REFERENCES images (id)
) STRICT;
