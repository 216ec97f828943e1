-- What a claim may take from a queue, kept with it and obeyed by every claim. An open queue has no row.

CREATE TABLE queue_policies (
  queue TEXT PRIMARY KEY,
  -- As `ordered:strict`; what a release does not know it takes nothing by.
  policy TEXT NOT NULL
) STRICT, WITHOUT ROWID;
