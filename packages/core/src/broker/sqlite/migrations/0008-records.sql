-- Small documents of ours, and logs that are only appended to. Times are milliseconds since the Unix epoch.

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
