-- What servers, clients and schedulers have counted, by period and type. The type of all types together is empty.

CREATE TABLE statistics (
  queue TEXT NOT NULL,
  -- `minute`, `ten_minutes` or `day`.
  resolution TEXT NOT NULL,
  -- Milliseconds since the Unix epoch.
  begins_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  -- As `0:12,1:12`: what is counted, and how often.
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
