// Generated from *.sql by `npm run generate`; do not edit.

export const migrations: readonly { version: number; name: string; sql: string }[] = [
  {
    version: 1,
    name: "tables",
    sql: `-- Times are milliseconds since the Unix epoch, durations milliseconds.

CREATE TABLE queues (
  name TEXT PRIMARY KEY,
  paused_at INTEGER,
  -- How many tasks are in each state; moved in the same transaction as the tasks, so that nobody has to count rows.
  pending INTEGER NOT NULL DEFAULT 0,
  scheduled INTEGER NOT NULL DEFAULT 0,
  active INTEGER NOT NULL DEFAULT 0,
  retry INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  aggregating INTEGER NOT NULL DEFAULT 0,
  processed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_counters (
  queue TEXT NOT NULL,
  -- UTC, as in 2026-01-31.
  day TEXT NOT NULL,
  processed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  number INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('pending', 'scheduled', 'active', 'retry', 'completed', 'archived', 'aggregating')),

  -- Each of these is filled in its own state only, which is what keeps the partial indexes small.
  position INTEGER,         -- pending: order in the queue, lowest first
  pending_since INTEGER,    -- pending
  due_at INTEGER,           -- scheduled, retry
  lease_ends_at INTEGER,    -- active
  lease_token TEXT,         -- active
  claimed_at INTEGER,       -- active
  kept_until INTEGER,       -- completed
  archived_at INTEGER,      -- archived
  grouped_at INTEGER,       -- aggregating

  -- The lease under which the task was settled last, so that a repeated settlement is recognised.
  settled_token TEXT,
  lost_attempts INTEGER NOT NULL DEFAULT 0,

  max_retry INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  last_failed_at INTEGER,
  timeout_ms INTEGER NOT NULL,
  deadline_at INTEGER,
  unique_key TEXT NOT NULL,
  group_name TEXT NOT NULL,
  retention_ms INTEGER NOT NULL,
  completed_at INTEGER,
  headers TEXT,             -- JSON object; NULL when there are none
  unknown_fields TEXT,      -- JSON array; NULL when there are none
  attempts TEXT,            -- a JSON object per line, newest last
  payload BLOB,             -- NULL: there is none, which is not the same as empty
  result BLOB
) STRICT;

CREATE UNIQUE INDEX tasks_by_id ON tasks (queue, id);
CREATE INDEX tasks_pending ON tasks (queue, position) WHERE position IS NOT NULL;
CREATE INDEX tasks_pending_by_type ON tasks (queue, type, position) WHERE position IS NOT NULL;
CREATE INDEX tasks_due ON tasks (queue, state, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_leased ON tasks (queue, lease_ends_at) WHERE lease_ends_at IS NOT NULL;
CREATE INDEX tasks_completed ON tasks (queue, kept_until) WHERE kept_until IS NOT NULL;
CREATE INDEX tasks_archived ON tasks (queue, archived_at) WHERE archived_at IS NOT NULL;
CREATE INDEX tasks_grouped ON tasks (queue, group_name, grouped_at) WHERE grouped_at IS NOT NULL;

CREATE TABLE locks (
  queue TEXT NOT NULL,
  scope TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (queue, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX locks_by_expiry ON locks (queue, expires_at);

-- One row: the number of the last claim, part of every lease token, so that none is ever used twice.
CREATE TABLE claims (number INTEGER NOT NULL) STRICT;
INSERT INTO claims VALUES (0);

CREATE TABLE servers (
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  server_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  server TEXT NOT NULL,     -- JSON
  workers TEXT NOT NULL,    -- JSON array
  PRIMARY KEY (host, pid, server_id)
) STRICT, WITHOUT ROWID;

-- Short-lived words to every process on this file. AUTOINCREMENT: a number is never used again, so a listener needs to
-- remember only the last one that it saw.
CREATE TABLE signals (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  sent_at INTEGER NOT NULL,
  signal TEXT NOT NULL      -- JSON
) STRICT;
CREATE INDEX signals_by_age ON signals (sent_at);
`,
  },
  {
    version: 2,
    name: "aggregation-sets",
    sql: `-- Groups that were taken out to be aggregated. A task of such a set keeps its state \`aggregating\`, but has \`set_id\` and
-- \`joined_at\` in place of \`grouped_at\`, so that whoever looks at the group does not see it.

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
`,
  },
  {
    version: 3,
    name: "schedules",
    sql: `-- Periodic tasks. Times are milliseconds since the Unix epoch.

CREATE TABLE schedulers (
  scheduler_id TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  records TEXT NOT NULL     -- JSON array
) STRICT, WITHOUT ROWID;

-- What all schedulers know of an entry's turns.
CREATE TABLE turn_memories (
  queue TEXT NOT NULL,
  entry_id TEXT NOT NULL,
  schedule TEXT,            -- NULL: a turn was fired before anybody asked for the memory
  since INTEGER,
  -- The turn that was fired last, by whom, and the answer, so that who asks again after a lost answer gets the same.
  fired_turn INTEGER,
  fired_by TEXT,
  outcome TEXT,             -- JSON
  kept_until INTEGER NOT NULL,
  PRIMARY KEY (queue, entry_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_memories_by_end ON turn_memories (kept_until);

CREATE TABLE fired_turns (
  queue TEXT NOT NULL,
  entry_id TEXT NOT NULL,
  turn_at INTEGER NOT NULL,
  PRIMARY KEY (queue, entry_id, turn_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE enqueue_events (
  number INTEGER PRIMARY KEY,
  entry_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  task_id TEXT NOT NULL
) STRICT;
CREATE INDEX enqueue_events_by_entry ON enqueue_events (entry_id, at, number);
CREATE INDEX enqueue_events_by_age ON enqueue_events (at);

CREATE TABLE durable_entries (
  entry_id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  entry TEXT NOT NULL       -- JSON
) STRICT, WITHOUT ROWID;
`,
  },
  {
    version: 4,
    name: "server-orders",
    sql: `-- Remote control of worker servers. Times are milliseconds since the Unix epoch.

-- What a server is asked to do; it looks here with each announcement.
CREATE TABLE server_orders (
  server_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  server_order TEXT NOT NULL,     -- JSON
  PRIMARY KEY (server_id, kind)
) STRICT, WITHOUT ROWID;

-- Servers that get nothing from a queue any more.
CREATE TABLE evicted_servers (
  server_id TEXT NOT NULL,
  queue TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, queue)
) STRICT, WITHOUT ROWID;
`,
  },
  {
    version: 5,
    name: "alone",
    sql: `-- Tells a task that takes its workers with it from those that were there when it did. Both are written only where a worker
-- died before.

-- How many workers died or stalled after they wrote that they ran this task alone.
ALTER TABLE tasks ADD COLUMN lost_alone INTEGER NOT NULL DEFAULT 0;
-- The lease under which somebody wrote that last.
ALTER TABLE tasks ADD COLUMN began_token TEXT;
`,
  },
  {
    version: 6,
    name: "queue-policies",
    sql: `-- What a claim may take from a queue, kept with it and obeyed by every claim. An open queue has no row.

CREATE TABLE queue_policies (
  queue TEXT PRIMARY KEY,
  -- As \`ordered:strict\`; what a release does not know it takes nothing by.
  policy TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
  {
    version: 7,
    name: "pause-source",
    sql: `-- Who paused a queue, and why.

ALTER TABLE queues ADD COLUMN paused_by TEXT;
ALTER TABLE queues ADD COLUMN pause_reason TEXT;
`,
  },
  {
    version: 8,
    name: "records",
    sql: `-- Small documents of ours, and logs that are only appended to. Times are milliseconds since the Unix epoch.

CREATE TABLE records (
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  written_at INTEGER NOT NULL,
  ends_at INTEGER,                -- NULL: it stays
  value TEXT NOT NULL,
  PRIMARY KEY (collection, id)
) STRICT, WITHOUT ROWID;

-- Small beside the table, so that the records of a collection are counted here too.
CREATE INDEX records_ending ON records (collection, ends_at);

CREATE TABLE trails (
  trail TEXT PRIMARY KEY,
  entries INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trail_entries (
  trail TEXT NOT NULL,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (trail, position)
) STRICT, WITHOUT ROWID;
`,
  },
  {
    version: 9,
    name: "statistics",
    sql: `-- What servers, clients and schedulers have counted, by period and type. The type of all types together is empty.

CREATE TABLE statistics (
  queue TEXT NOT NULL,
  -- \`minute\`, \`ten_minutes\` or \`day\`.
  resolution TEXT NOT NULL,
  -- Milliseconds since the Unix epoch.
  begins_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  -- As \`0:12,1:12\`: what is counted, and how often.
  counts TEXT NOT NULL,
  PRIMARY KEY (queue, resolution, begins_at, type)
) STRICT, WITHOUT ROWID;

CREATE INDEX statistics_by_age ON statistics (resolution, begins_at);

-- Which report of each writer was added last, so that a repeated one is not added twice.
CREATE TABLE statistics_writers (
  writer TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
  {
    version: 10,
    name: "task-reports",
    sql: `-- What handlers say of their tasks while they run. Last in the row, so that who does not read them does not load them.

-- JSON: how far the task is.
ALTER TABLE tasks ADD COLUMN progress TEXT;
-- A line that counts lines, then a JSON object a line: see \`kept-log.ts\`.
ALTER TABLE tasks ADD COLUMN log TEXT;
`,
  },
  {
    version: 11,
    name: "events",
    sql: `-- What happens, for those who watch. Times are milliseconds since the Unix epoch.

-- One row, once somebody has watched.
CREATE TABLE event_feed (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  life INTEGER NOT NULL,          -- tells the numbers of this file from those of another one
  watched_until INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL             -- JSON
) STRICT;
`,
  },
];
