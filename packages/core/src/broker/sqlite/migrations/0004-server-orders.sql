-- Remote control of worker servers. Times are milliseconds since the Unix epoch.

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
