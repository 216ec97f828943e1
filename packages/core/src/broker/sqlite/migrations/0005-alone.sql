-- Tells a task that takes its workers with it from those that were there when it did. Both are written only where a worker
-- died before.

-- How many workers died or stalled after they wrote that they ran this task alone.
ALTER TABLE tasks ADD COLUMN lost_alone INTEGER NOT NULL DEFAULT 0;
-- The lease under which somebody wrote that last.
ALTER TABLE tasks ADD COLUMN began_token TEXT;
