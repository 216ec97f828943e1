-- What happens, for those who watch. Times are milliseconds since the Unix epoch.

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
