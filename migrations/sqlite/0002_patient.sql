-- Patients and what belongs to them. Synced: no foreign keys, no unique index but the primary key,
-- a default for every column (rules 8 and 14 of the sync design).

CREATE TABLE patient (
  id              BLOB    PRIMARY KEY NOT NULL,
  prefix          TEXT    NOT NULL DEFAULT '',
  given           TEXT    NOT NULL DEFAULT '',
  middle          TEXT    NOT NULL DEFAULT '',
  family          TEXT    NOT NULL DEFAULT '',
  suffix          TEXT    NOT NULL DEFAULT '',
  preferred_name  TEXT    NOT NULL DEFAULT '',
  pronouns        TEXT    NOT NULL DEFAULT '',
  birth_date      TEXT,
  line1           TEXT    NOT NULL DEFAULT '',
  line2           TEXT    NOT NULL DEFAULT '',
  city            TEXT    NOT NULL DEFAULT '',
  region          TEXT    NOT NULL DEFAULT '',
  postcode        TEXT    NOT NULL DEFAULT '',
  country         TEXT    NOT NULL DEFAULT '',
  tier            TEXT    NOT NULL DEFAULT 'standard',
  source          TEXT    NOT NULL DEFAULT '',
  external_id     TEXT    NOT NULL DEFAULT '',
  household_id    BLOB,
  guarantor_id    BLOB,
  archived_at     INTEGER,
  created_at      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX patient_household ON patient (household_id) WHERE household_id IS NOT NULL;
CREATE INDEX patient_external_id ON patient (external_id) WHERE external_id <> '';

CREATE TABLE patient_contact (
  id          BLOB    PRIMARY KEY NOT NULL,
  patient_id  BLOB    NOT NULL DEFAULT x'',
  kind        TEXT    NOT NULL DEFAULT 'phone',
  value       TEXT    NOT NULL DEFAULT '',
  label       TEXT    NOT NULL DEFAULT '',
  is_primary  INTEGER NOT NULL DEFAULT 0,
  position    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX patient_contact_patient ON patient_contact (patient_id);
CREATE INDEX patient_contact_value ON patient_contact (lower(value));

CREATE TABLE patient_allergy (
  id          BLOB    PRIMARY KEY NOT NULL,
  patient_id  BLOB    NOT NULL DEFAULT x'',
  substance   TEXT    NOT NULL DEFAULT '',
  reaction    TEXT    NOT NULL DEFAULT '',
  severity    TEXT    NOT NULL DEFAULT 'unknown',
  created_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX patient_allergy_patient ON patient_allergy (patient_id);

CREATE TABLE patient_alert (
  id          BLOB    PRIMARY KEY NOT NULL,
  patient_id  BLOB    NOT NULL DEFAULT x'',
  level       TEXT    NOT NULL DEFAULT 'alert_only',
  text        TEXT    NOT NULL DEFAULT '',
  created_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX patient_alert_patient ON patient_alert (patient_id);

-- The id is UUIDv5 of patient and folded label.
CREATE TABLE patient_tag (
  id          BLOB    PRIMARY KEY NOT NULL,
  patient_id  BLOB    NOT NULL DEFAULT x'',
  label       TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX patient_tag_patient ON patient_tag (patient_id);

CREATE TABLE patient_note (
  id          BLOB    PRIMARY KEY NOT NULL,
  patient_id  BLOB    NOT NULL DEFAULT x'',
  author_id   BLOB    NOT NULL DEFAULT x'',
  created_at  INTEGER NOT NULL DEFAULT 0,
  kind        TEXT    NOT NULL DEFAULT 'general',
  body        TEXT    NOT NULL DEFAULT '',
  pinned      INTEGER NOT NULL DEFAULT 0,
  removed_at  INTEGER
) STRICT;
-- Removed ones too: they count as work on a patient when an import is taken back.
CREATE INDEX patient_note_page ON patient_note (patient_id, removed_at, pinned DESC, created_at DESC, id DESC);

-- A ledger: consent is what its events say, never a flag.
CREATE TABLE consent_event (
  id           BLOB    PRIMARY KEY NOT NULL,
  patient_id   BLOB    NOT NULL DEFAULT x'',
  channel      TEXT    NOT NULL DEFAULT '',
  purpose      TEXT    NOT NULL DEFAULT '',
  decision     TEXT    NOT NULL DEFAULT '',
  source       TEXT    NOT NULL DEFAULT '',
  recorded_by  BLOB    NOT NULL DEFAULT x'',
  recorded_at  INTEGER NOT NULL DEFAULT 0,
  -- JSON list of the events that whoever decided had seen.
  supersedes   TEXT    NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX consent_event_page ON consent_event (patient_id, recorded_at DESC, id DESC);

-- Two records that look alike and are different people. The id is UUIDv5 of the pair.
CREATE TABLE patient_distinct (
  id         BLOB    PRIMARY KEY NOT NULL,
  first_id   BLOB    NOT NULL DEFAULT x'',
  second_id  BLOB    NOT NULL DEFAULT x''
) STRICT;
CREATE INDEX patient_distinct_first ON patient_distinct (first_id);
CREATE INDEX patient_distinct_second ON patient_distinct (second_id);
