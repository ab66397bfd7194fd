-- What is sold, and what of it is billed. Synced (see 0002). Amounts are minor units of the clinic's currency,
-- quantities thousandths, rates and shares basis points.

CREATE TABLE tax_rate (
  id           BLOB    PRIMARY KEY NOT NULL,
  name         TEXT    NOT NULL DEFAULT '',
  category     TEXT    NOT NULL DEFAULT 'standard',
  rate         INTEGER NOT NULL DEFAULT 0,
  archived_at  INTEGER,
  created_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE catalogue_item (
  id            BLOB    PRIMARY KEY NOT NULL,
  name          TEXT    NOT NULL DEFAULT '',
  code          TEXT    NOT NULL DEFAULT '',
  -- service, product or package
  kind          TEXT    NOT NULL DEFAULT 'service',
  price         INTEGER NOT NULL DEFAULT 0,
  tax_rate_id   BLOB,
  -- Of a package: how many times which service may be had.
  service_id    BLOB,
  sessions      INTEGER NOT NULL DEFAULT 0,
  archived_at   INTEGER,
  created_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A draft, until it is issued. What was issued then stands in its document.
CREATE TABLE invoice (
  id             BLOB    PRIMARY KEY NOT NULL,
  patient_id     BLOB    NOT NULL DEFAULT x'',
  -- invoice or credit_note; of a credit note, which invoice it corrects.
  kind           TEXT    NOT NULL DEFAULT 'invoice',
  corrects_id    BLOB,
  created_by     BLOB    NOT NULL DEFAULT x'',
  created_at     INTEGER NOT NULL DEFAULT 0,
  -- draft, issued or void
  status         TEXT    NOT NULL DEFAULT 'draft',
  reason         TEXT    NOT NULL DEFAULT '',
  -- none, amount or share
  discount_kind  TEXT    NOT NULL DEFAULT 'none',
  discount       INTEGER NOT NULL DEFAULT 0,
  note           TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX invoice_patient ON invoice (patient_id, created_at DESC, id DESC);

CREATE TABLE invoice_line (
  id             BLOB    PRIMARY KEY NOT NULL,
  invoice_id     BLOB    NOT NULL DEFAULT x'',
  created_at     INTEGER NOT NULL DEFAULT 0,
  position       INTEGER NOT NULL DEFAULT 0,
  item_id        BLOB,
  description    TEXT    NOT NULL DEFAULT '',
  provider_id    BLOB,
  quantity       INTEGER NOT NULL DEFAULT 1000,
  price          INTEGER NOT NULL DEFAULT 0,
  discount_kind  TEXT    NOT NULL DEFAULT 'none',
  discount       INTEGER NOT NULL DEFAULT 0,
  tax_category   TEXT    NOT NULL DEFAULT 'standard',
  tax_rate       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX invoice_line_page ON invoice_line (invoice_id, position, id);

-- Derived: an invoice's lines by tax. Kept by how much a line changes it, so that a change costs the same on an invoice
-- of 5 lines and of 5,000.
CREATE TABLE invoice_tax (
  invoice_id  BLOB    NOT NULL,
  category    TEXT    NOT NULL,
  rate        INTEGER NOT NULL,
  net         INTEGER NOT NULL,
  lines       INTEGER NOT NULL,
  -- Lines that cannot be so, such as with more taken off than there is: they count as nothing.
  faulty      INTEGER NOT NULL,
  PRIMARY KEY (invoice_id, category, rate)
) STRICT, WITHOUT ROWID;

-- Derived: what an invoice adds up to.
CREATE TABLE invoice_total (
  invoice_id  BLOB    PRIMARY KEY NOT NULL,
  lines       INTEGER NOT NULL,
  net         INTEGER NOT NULL,
  tax         INTEGER NOT NULL,
  gross       INTEGER NOT NULL,
  -- A line of it is, or the discount on the whole, which then counts as nothing.
  faulty      INTEGER NOT NULL
) STRICT;
