-- The device itself and the bookkeeping of capture and sync. None of this is synced.

CREATE TABLE device (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  clinic       BLOB    NOT NULL,
  device       BLOB    NOT NULL,
  -- Drawn anew when the database turns out to be a copy.
  incarnation  BLOB    NOT NULL,
  -- The built-in owner, until people sign in.
  owner        BLOB    NOT NULL,
  -- Without a server no outbox is kept: joining one uploads the state instead.
  paired       INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL
) STRICT;

-- Short numbers for replicas, this device's incarnations among them.
CREATE TABLE replica (
  no           INTEGER PRIMARY KEY,
  device       BLOB    NOT NULL,
  incarnation  BLOB    NOT NULL,
  UNIQUE (device, incarnation)
) STRICT;

-- Each committed transaction: who did what, when, and which ops are its own.
CREATE TABLE transaction_log (
  no         INTEGER PRIMARY KEY,
  id         BLOB    NOT NULL,
  actor      BLOB    NOT NULL,
  command    TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,
  boot_ms    INTEGER NOT NULL,
  first_seq  INTEGER NOT NULL,
  last_seq   INTEGER NOT NULL
) STRICT;
CREATE INDEX transaction_log_seq ON transaction_log (last_seq);

-- The version of every register. Register 0 stands for those without a row of their own; without
-- its record it is the tombstone.
CREATE TABLE record_version (
  record      BLOB    NOT NULL,
  register    INTEGER NOT NULL,
  collection  INTEGER NOT NULL,
  replica     INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  -- What else the version knows of: `replica:seq;…`
  others      TEXT,
  PRIMARY KEY (record, register)
) STRICT, WITHOUT ROWID;

-- Changes that the server has not acknowledged, in the order they were made.
CREATE TABLE outbox (
  seq         INTEGER PRIMARY KEY,
  -- The incarnation that made it; numbers go on across incarnations.
  replica     INTEGER NOT NULL,
  collection  INTEGER NOT NULL,
  record      BLOB    NOT NULL,
  -- 0 makes the record, -1 deletes it.
  register    INTEGER NOT NULL,
  base        TEXT,
  value       TEXT
) STRICT;

-- Records that could not be applied. They are shown, and tried again after an upgrade.
CREATE TABLE parked_record (
  no          INTEGER PRIMARY KEY,
  collection  TEXT    NOT NULL,
  record      BLOB    NOT NULL,
  op          TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  parked_at   INTEGER NOT NULL
) STRICT;

-- Which generated triggers this file has.
CREATE TABLE generated_schema (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  digest  TEXT    NOT NULL
) STRICT;

CREATE TABLE form_draft (
  key       TEXT    PRIMARY KEY,
  value     TEXT    NOT NULL,
  saved_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE preference (
  key    TEXT PRIMARY KEY,
  value  TEXT NOT NULL
) STRICT;
