-- The server that the device was let in by, one row. None of this is synced, but for what is said to be.
CREATE TABLE server (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  address       TEXT    NOT NULL,
  -- The device's credential. The file is encrypted.
  token         TEXT    NOT NULL,
  -- PEM, if the system does not trust the server's certificate.
  authority     TEXT,
  device_name   TEXT    NOT NULL,
  paired_at     INTEGER NOT NULL,
  last_contact  INTEGER
) STRICT;

-- Devices by name, for desks that are offline. Synced: the id is the device's.
CREATE TABLE clinic_device (
  id    BLOB  PRIMARY KEY NOT NULL,
  name  TEXT  NOT NULL DEFAULT ''
) STRICT;

-- What was judged, synced: '', 'winner' or 'loser'. Equal judgements are no conflict.
ALTER TABLE conflict ADD COLUMN kept TEXT NOT NULL DEFAULT '';
CREATE INDEX conflict_open ON conflict (kept) WHERE kept = '';

-- Rows that a judgement deleted, as JSON lists, for taking it back.
CREATE TABLE judged_row (
  conflict  BLOB PRIMARY KEY NOT NULL,
  row       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Rejections are remembered for the server's sake after somebody has seen to them.
ALTER TABLE attention ADD COLUMN seen_at INTEGER;
CREATE INDEX attention_open ON attention (no) WHERE seen_at IS NULL;

-- What other devices changed, the newest of it.
CREATE TABLE arrival (
  no          INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  collection  TEXT    NOT NULL,
  record      BLOB    NOT NULL,
  device      BLOB    NOT NULL,
  deleted     INTEGER NOT NULL
) STRICT;

-- What happened with sync, the newest of it.
CREATE TABLE sync_log (
  no      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  event   TEXT    NOT NULL,
  count   INTEGER NOT NULL,
  detail  TEXT    NOT NULL
) STRICT;

-- Which start of the machine `boot_ms` counts from, where it can tell.
ALTER TABLE transaction_log ADD COLUMN boot BLOB;
