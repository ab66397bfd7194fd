-- What triggers derive from patients, on this device only. `doctor` recomputes and compares it.

-- One row per patient with all that a list or a search needs.
CREATE TABLE patient_listing (
  no          INTEGER PRIMARY KEY,
  patient_id  BLOB    NOT NULL UNIQUE,
  archived    INTEGER NOT NULL,
  sort_name   TEXT    NOT NULL,
  -- Unknown dates sort last.
  birth_key   TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  tier        TEXT    NOT NULL,
  -- 0 none, 1 alert only, 2 do not book.
  alert       INTEGER NOT NULL,
  -- JSON list of what a list shows of the patient's own row, so that it is not looked up again.
  shown       TEXT    NOT NULL,
  -- The chart number in lower case.
  chart       TEXT    NOT NULL,
  -- JSON list of labels, in order.
  tags        TEXT    NOT NULL,
  -- What search looks into: folded words, codes of their sound, digits and addresses.
  names       TEXT    NOT NULL,
  sounds      TEXT    NOT NULL,
  contacts    TEXT    NOT NULL
) STRICT;
CREATE INDEX patient_listing_chart   ON patient_listing (chart) WHERE chart <> '';
CREATE INDEX patient_listing_name    ON patient_listing (archived, sort_name, no);
CREATE INDEX patient_listing_birth   ON patient_listing (archived, birth_key, no);
CREATE INDEX patient_listing_created ON patient_listing (archived, created_at, no);
CREATE INDEX patient_listing_tier_name    ON patient_listing (archived, tier, sort_name, no);
CREATE INDEX patient_listing_tier_birth   ON patient_listing (archived, tier, birth_key, no);
CREATE INDEX patient_listing_tier_created ON patient_listing (archived, tier, created_at, no);
CREATE INDEX patient_listing_alert_name    ON patient_listing (archived, sort_name, no) WHERE alert > 0;
CREATE INDEX patient_listing_alert_birth   ON patient_listing (archived, birth_key, no) WHERE alert > 0;
CREATE INDEX patient_listing_alert_created ON patient_listing (archived, created_at, no) WHERE alert > 0;

-- The same, once per tag, for lists of one tag.
CREATE TABLE patient_listing_tag (
  no          INTEGER NOT NULL,
  tag         TEXT    NOT NULL,
  archived    INTEGER NOT NULL,
  sort_name   TEXT    NOT NULL,
  birth_key   TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (no, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_listing_tag_name    ON patient_listing_tag (tag, archived, sort_name, no);
CREATE INDEX patient_listing_tag_birth   ON patient_listing_tag (tag, archived, birth_key, no);
CREATE INDEX patient_listing_tag_created ON patient_listing_tag (tag, archived, created_at, no);

-- Counts that lists show: of all, per tier, per tag, with an alert.
CREATE TABLE patient_count (
  facet     TEXT    NOT NULL,
  value     TEXT    NOT NULL,
  archived  INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (facet, value, archived)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_count_tags ON patient_count (archived, n DESC, value) WHERE facet = 'tag';

CREATE VIRTUAL TABLE patient_search USING fts5 (
  names, sounds,
  content = 'patient_listing', content_rowid = 'no',
  tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3', detail = 'column'
);
CREATE VIRTUAL TABLE patient_contact_search USING fts5 (
  contacts,
  content = 'patient_listing', content_rowid = 'no',
  tokenize = 'trigram'
);

-- Every word that a name has been made of, and the keys under which a misspelling finds it.
CREATE TABLE search_word (
  word  TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE search_spelling (
  key   TEXT NOT NULL,
  word  TEXT NOT NULL,
  PRIMARY KEY (key, word)
) STRICT, WITHOUT ROWID;

-- Consent events that a later one has taken account of.
CREATE TABLE consent_superseded (
  event_id  BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

-- The others: what stands.
CREATE TABLE consent_standing (
  patient_id   BLOB     NOT NULL,
  recorded_at  INTEGER  NOT NULL,
  event_id     BLOB     NOT NULL,
  PRIMARY KEY (patient_id, recorded_at DESC, event_id DESC)
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_standing_event ON consent_standing (event_id);
