-- An image that differs little from the one before it keeps only the difference.
ALTER TABLE images ADD COLUMN differs_from INTEGER REFERENCES images (id);
