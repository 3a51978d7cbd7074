-- An image is compared with what the same record showed before, not with all that there are: with each new image, an index
-- by hash had another of its pages written, which was a fifth of what a first sync wrote.
DROP INDEX images_by_hash;
