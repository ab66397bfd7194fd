-- What is sold, what of it is billed, and what is paid. Synced (see 0002). Amounts are minor units of the clinic's currency,
-- quantities thousandths, rates and shares basis points.

-- The clinic's own particulars, one row.
CREATE TABLE clinic_profile (
  id        BLOB  PRIMARY KEY NOT NULL,
  name      TEXT  NOT NULL DEFAULT '',
  line1     TEXT  NOT NULL DEFAULT '',
  line2     TEXT  NOT NULL DEFAULT '',
  city      TEXT  NOT NULL DEFAULT '',
  region    TEXT  NOT NULL DEFAULT '',
  postcode  TEXT  NOT NULL DEFAULT '',
  country   TEXT  NOT NULL DEFAULT '',
  phone     TEXT  NOT NULL DEFAULT '',
  email     TEXT  NOT NULL DEFAULT '',
  website   TEXT  NOT NULL DEFAULT '',
  tax_id    TEXT  NOT NULL DEFAULT '',
  footer    TEXT  NOT NULL DEFAULT '',
  -- ISO 4217
  currency  TEXT  NOT NULL DEFAULT 'USD'
) STRICT;

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
  -- draft, issued, void or discarded; of an issued one, which document it is.
  status         TEXT    NOT NULL DEFAULT 'draft',
  reason         TEXT    NOT NULL DEFAULT '',
  document_id    BLOB,
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

-- Facts from here on: written once, never changed.

-- The codes that numbers begin with: one for each incarnation of a device, another where two have drawn the same.
CREATE TABLE number_series (
  id           BLOB    PRIMARY KEY NOT NULL,
  incarnation  BLOB    NOT NULL DEFAULT x'',
  code         TEXT    NOT NULL DEFAULT '',
  drawn_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX number_series_code ON number_series (code);

-- What was issued, whole. Two desks that were offline may each have issued the same draft: the invoice names the document
-- that stands, the other one is void.
CREATE TABLE invoice_document (
  id           BLOB    PRIMARY KEY NOT NULL,
  invoice_id   BLOB    NOT NULL DEFAULT x'',
  patient_id   BLOB    NOT NULL DEFAULT x'',
  kind         TEXT    NOT NULL DEFAULT 'invoice',
  -- Of a credit note: which invoice it corrects.
  corrects_id  BLOB,
  series       TEXT    NOT NULL DEFAULT '',
  number       INTEGER NOT NULL DEFAULT 0,
  issued_at    INTEGER NOT NULL DEFAULT 0,
  issued_on    TEXT    NOT NULL DEFAULT '',
  issued_by    BLOB    NOT NULL DEFAULT x'',
  net          INTEGER NOT NULL DEFAULT 0,
  tax          INTEGER NOT NULL DEFAULT 0,
  gross        INTEGER NOT NULL DEFAULT 0,
  -- JSON: `domain::invoice::document::Document`
  content      TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX invoice_document_invoice ON invoice_document (invoice_id);
CREATE INDEX invoice_document_corrects ON invoice_document (corrects_id) WHERE corrects_id IS NOT NULL;
CREATE INDEX invoice_document_number ON invoice_document (series, number);

-- Money taken (above nothing) and given back (below). Without an invoice it is the patient's credit.
CREATE TABLE payment (
  id          BLOB    PRIMARY KEY NOT NULL,
  -- The action that it was taken by, perhaps with others.
  action_id   BLOB    NOT NULL DEFAULT x'',
  patient_id  BLOB    NOT NULL DEFAULT x'',
  invoice_id  BLOB,
  -- cash, card, transfer, gift_card or credit
  method      TEXT    NOT NULL DEFAULT 'cash',
  amount      INTEGER NOT NULL DEFAULT 0,
  -- Of cash: what came back of it.
  change      INTEGER NOT NULL DEFAULT 0,
  reference   TEXT    NOT NULL DEFAULT '',
  taken_at    INTEGER NOT NULL DEFAULT 0,
  taken_on    TEXT    NOT NULL DEFAULT '',
  taken_by    BLOB    NOT NULL DEFAULT x''
) STRICT;
CREATE INDEX payment_invoice ON payment (invoice_id, taken_at) WHERE invoice_id IS NOT NULL;
CREATE INDEX payment_patient ON payment (patient_id, taken_at);
CREATE INDEX payment_day ON payment (taken_on, taken_at);

-- What was in the drawer and on the terminal at the end of a day, and the payments that were counted.
CREATE TABLE day_close (
  id           BLOB    PRIMARY KEY NOT NULL,
  day          TEXT    NOT NULL DEFAULT '',
  closed_at    INTEGER NOT NULL DEFAULT 0,
  closed_by    BLOB    NOT NULL DEFAULT x'',
  -- In the drawer before the first payment.
  float        INTEGER NOT NULL DEFAULT 0,
  -- JSON: [[denomination, how many], …]
  drawer       TEXT    NOT NULL DEFAULT '[]',
  -- JSON: [[method, expected, counted], …]
  methods      TEXT    NOT NULL DEFAULT '[]',
  explanation  TEXT    NOT NULL DEFAULT '',
  -- JSON: the payments' ids
  payments     TEXT    NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX day_close_day ON day_close (day, closed_at, id);

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

-- Derived: what was paid of an invoice, and credited by credit notes.
CREATE TABLE invoice_settled (
  invoice_id  BLOB    PRIMARY KEY NOT NULL,
  paid        INTEGER NOT NULL,
  credited    INTEGER NOT NULL,
  -- How many payments and credit notes.
  facts       INTEGER NOT NULL,
  -- Of how many the amount cannot be so: it counts as nothing.
  faulty      INTEGER NOT NULL
) STRICT;

-- Derived: what a list shows of an invoice.
CREATE TABLE invoice_listing (
  invoice_id  BLOB    PRIMARY KEY NOT NULL,
  patient_id  BLOB    NOT NULL,
  kind        TEXT    NOT NULL,
  -- draft, issued, part_paid, paid, void or discarded
  status      TEXT    NOT NULL,
  -- When it was issued; of a draft, when it was made.
  at          INTEGER NOT NULL,
  number      TEXT    NOT NULL,
  gross       INTEGER NOT NULL,
  paid        INTEGER NOT NULL,
  credited    INTEGER NOT NULL,
  -- Above nothing: owed. Below: too much was paid, which is the patient's credit.
  balance     INTEGER NOT NULL,
  faulty      INTEGER NOT NULL
) STRICT;
CREATE INDEX invoice_listing_all ON invoice_listing (at, invoice_id) WHERE status <> 'discarded';
CREATE INDEX invoice_listing_status ON invoice_listing (status, at, invoice_id);
CREATE INDEX invoice_listing_patient ON invoice_listing (patient_id, at, invoice_id) WHERE status <> 'discarded';
CREATE INDEX invoice_listing_due ON invoice_listing (at, invoice_id) WHERE balance > 0;
CREATE INDEX invoice_listing_number ON invoice_listing (number) WHERE number <> '';

-- Derived: how a patient stands with the clinic.
CREATE TABLE patient_account (
  patient_id  BLOB    PRIMARY KEY NOT NULL,
  -- Due on invoices.
  owed        INTEGER NOT NULL,
  -- Paid without an invoice or beyond it, and not used yet. Below nothing if two desks used the same.
  credit      INTEGER NOT NULL
) STRICT;

-- Derived: which close a payment is in. Two desks that were offline may each have closed a day: the earlier one counts.
CREATE TABLE closed_payment (
  payment_id  BLOB    PRIMARY KEY NOT NULL,
  close_id    BLOB    NOT NULL,
  closed_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Derived: the payments that are in none.
CREATE TABLE open_payment (
  taken_on    TEXT    NOT NULL,
  payment_id  BLOB    NOT NULL,
  PRIMARY KEY (taken_on, payment_id)
) STRICT, WITHOUT ROWID;

-- What a transaction's changes demand of the server, JSON (rule 5 of the sync design).
ALTER TABLE transaction_log ADD COLUMN guards TEXT;
