-- What the device has of its server. None of this is synced.

-- How far it is, one row.
CREATE TABLE sync_state (
  one               INTEGER PRIMARY KEY CHECK (one = 1),
  -- The server's life whose state the device has, with all changes up to the cursor.
  epoch             BLOB,
  cursor            INTEGER NOT NULL DEFAULT 0,
  -- following, uploading or refetching; the latter two in the epoch `target`.
  phase             TEXT    NOT NULL DEFAULT 'following',
  target            BLOB,
  -- Behind which record uploading is.
  after_collection  TEXT,
  after_record      BLOB,
  -- Of which epoch the staged pages are, and behind which record the next one begins.
  staged_epoch      BLOB,
  next_seq          INTEGER NOT NULL DEFAULT 0,
  next_collection   TEXT,
  next_record       BLOB
) STRICT;
INSERT INTO sync_state (one) VALUES (1);

-- The shadow: each record as the server told it. What is shown is this with the outbox over it.
CREATE TABLE server_record (
  collection  TEXT    NOT NULL,
  record      BLOB    NOT NULL,
  -- Packed: see `sync/packed.rs`.
  state       TEXT    NOT NULL,
  digest      INTEGER NOT NULL,
  PRIMARY KEY (collection, record)
) STRICT, WITHOUT ROWID;

-- The sums of the shadow's digests, 256 for each collection.
CREATE TABLE server_sum (
  collection  TEXT    NOT NULL,
  bucket      INTEGER NOT NULL,
  sum         INTEGER NOT NULL,
  PRIMARY KEY (collection, bucket)
) STRICT, WITHOUT ROWID;

-- Pages that came and do not reach the head yet: JSON lists of id, collection and packed state.
CREATE TABLE staged_page (
  no       INTEGER PRIMARY KEY,
  records  TEXT NOT NULL
) STRICT;

-- Transactions of the outbox that were sent, by their first op.
CREATE TABLE sent_transaction (
  first_seq    INTEGER PRIMARY KEY,
  last_seq     INTEGER NOT NULL,
  -- The first epoch in which it was sent.
  sent_in      BLOB    NOT NULL,
  answered_in  BLOB,
  -- The change of the clinic whose records show it.
  seq          INTEGER
) STRICT;

-- What the server rejected, until a person has seen to it.
CREATE TABLE attention (
  no         INTEGER PRIMARY KEY,
  replica    INTEGER NOT NULL,
  first_seq  INTEGER NOT NULL,
  -- JSON: the transaction and the rejection.
  entry      TEXT    NOT NULL,
  filed_at   INTEGER NOT NULL,
  UNIQUE (replica, first_seq)
) STRICT;

-- Rejected ops of a transaction that has others: it is sent again as it was, should the server forget it.
ALTER TABLE outbox ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;

-- Values that lost against a concurrent edit, for a person to judge. Synced: the id comes from the two sides.
CREATE TABLE conflict (
  id          BLOB  PRIMARY KEY NOT NULL,
  collection  TEXT  NOT NULL DEFAULT '',
  record      BLOB  NOT NULL DEFAULT x'',
  register    TEXT  NOT NULL DEFAULT '',
  -- JSON: seq, author, actor, at_ms, values.
  winner      TEXT  NOT NULL DEFAULT 'null',
  loser       TEXT  NOT NULL DEFAULT 'null'
) STRICT;
CREATE INDEX conflict_record ON conflict (record);
