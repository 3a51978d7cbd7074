-- An image is compared with what the same record showed before, not with all that there are: with each new image, an
-- index by hash had another one of its pages written.
DROP INDEX images_by_hash;
