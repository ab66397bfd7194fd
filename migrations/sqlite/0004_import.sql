-- Imports of files. Local: what they add is synced like anything else.

CREATE TABLE import_job (
  id                  BLOB    PRIMARY KEY NOT NULL,
  file_name           TEXT    NOT NULL,
  size                INTEGER NOT NULL,
  received            INTEGER NOT NULL DEFAULT 0,
  phase               TEXT    NOT NULL DEFAULT 'receiving',
  -- JSON: encoding, delimiter, headers.
  format              TEXT,
  -- JSON: how the columns are understood.
  mapping             TEXT,
  rows                INTEGER NOT NULL DEFAULT 0,
  rows_done           INTEGER NOT NULL DEFAULT 0,
  added               INTEGER NOT NULL DEFAULT 0,
  likely_duplicates   INTEGER NOT NULL DEFAULT 0,
  already_there       INTEGER NOT NULL DEFAULT 0,
  wrong               INTEGER NOT NULL DEFAULT 0,
  kept                INTEGER NOT NULL DEFAULT 0,
  add_duplicates      INTEGER NOT NULL DEFAULT 0,
  created_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX import_job_created ON import_job (created_at);

-- The rows of the file, kept until the import ends, so that it goes on without the file.
CREATE TABLE import_row (
  job    BLOB    NOT NULL,
  no     INTEGER NOT NULL,
  line   INTEGER NOT NULL,
  -- JSON list of cells; absent if the row cannot be read.
  cells  TEXT,
  -- Why it cannot be read.
  fault  TEXT,
  PRIMARY KEY (job, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_problem (
  job      BLOB    NOT NULL,
  no       INTEGER NOT NULL,
  line     INTEGER NOT NULL,
  "column" INTEGER,
  reason   TEXT    NOT NULL,
  value    TEXT    NOT NULL,
  PRIMARY KEY (job, no)
) STRICT, WITHOUT ROWID;

-- What an import added, for its undo.
CREATE TABLE import_record (
  job         BLOB    NOT NULL,
  collection  INTEGER NOT NULL,
  record      BLOB    NOT NULL,
  PRIMARY KEY (job, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_record_record ON import_record (record);
