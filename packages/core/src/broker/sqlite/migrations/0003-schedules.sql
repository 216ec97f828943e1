-- Periodic tasks. Times are milliseconds since the Unix epoch.

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
