-- Both sides take their writes at the same time: looking for the next ones of one side must not walk past the other's.
DROP INDEX operations_open;
CREATE INDEX operations_open ON operations (state, side) WHERE state NOT IN ('applied', 'dropped');
