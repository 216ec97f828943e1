-- Groups that were taken out to be aggregated. A task of such a set keeps its state `aggregating`, but has `set_id` and
-- `joined_at` in place of `grouped_at`, so that whoever looks at the group does not see it.

CREATE TABLE aggregation_sets (
  set_id TEXT PRIMARY KEY,
  queue TEXT NOT NULL,
  group_name TEXT NOT NULL,
  -- When others may put the tasks back. NULL: the set is finished, and the last of its tasks are being removed.
  deadline_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX aggregation_sets_by_queue ON aggregation_sets (queue, deadline_at);

ALTER TABLE tasks ADD COLUMN set_id TEXT;
ALTER TABLE tasks ADD COLUMN joined_at INTEGER;
CREATE INDEX tasks_in_set ON tasks (set_id, joined_at) WHERE set_id IS NOT NULL;
