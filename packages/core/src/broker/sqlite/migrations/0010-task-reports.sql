-- What handlers say of their tasks while they run. Last in the row, so that who does not read them does not load them.

-- JSON: how far the task is.
ALTER TABLE tasks ADD COLUMN progress TEXT;
-- A line that counts lines, then a JSON object a line: see `kept-log.ts`.
ALTER TABLE tasks ADD COLUMN log TEXT;
