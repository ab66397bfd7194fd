-- What the server keeps of each clinic. It knows nothing about patients: records of registers, merged.
--
-- Every key begins with the clinic, no transaction crosses clinics, and row-level security is forced: whoever connects
-- sees the clinic that the transaction names (`frontdesk.clinic`), and nothing without one.

-- The rights that serving takes. Whoever sets up the server gives them to a role that may log in.
DO $$
BEGIN
  CREATE ROLE frontdesk_server NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION
  -- Roles belong to all databases of a cluster, and another migration may be making it at this moment.
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- After its transaction a local setting reads as the empty text.
CREATE FUNCTION current_clinic() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(current_setting('frontdesk.clinic', true), '')::uuid;

CREATE TABLE clinic (
  clinic_id   uuid        PRIMARY KEY,
  name        text        NOT NULL,
  -- Drawn anew when the database was restored from a backup.
  epoch       uuid        NOT NULL,
  -- The newest change. Whoever changes anything of the clinic locks this row first, so that what is read behind a
  -- cursor is there for good.
  head        bigint      NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE device (
  clinic_id     uuid        NOT NULL,
  device_id     uuid        NOT NULL,
  name          text        NOT NULL,
  -- SHA-256 of the secret.
  token_hash    bytea       NOT NULL,
  paired_at     timestamptz NOT NULL DEFAULT now(),
  last_contact  timestamptz NOT NULL DEFAULT now(),
  revoked_at    timestamptz,
  PRIMARY KEY (clinic_id, device_id)
);
CREATE INDEX device_revoked ON device (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE invite (
  clinic_id    uuid        NOT NULL,
  -- SHA-256 of the code.
  code_hash    bytea       NOT NULL,
  expires_at   timestamptz NOT NULL,
  redeemed_at  timestamptz,
  redeemed_by  uuid,
  PRIMARY KEY (clinic_id, code_hash)
);
CREATE INDEX invite_code ON invite (code_hash);

-- Short numbers for the replicas of a clinic: two random ids would outweigh most values.
CREATE TABLE replica (
  clinic_id    uuid    NOT NULL,
  no           integer NOT NULL,
  device       uuid    NOT NULL,
  incarnation  uuid    NOT NULL,
  PRIMARY KEY (clinic_id, no),
  UNIQUE (clinic_id, device, incarnation)
);

-- The log is the table: the present state of every record, in the order of the last changes.
CREATE TABLE record (
  clinic_id   uuid   NOT NULL,
  collection  text   COLLATE "C" NOT NULL,
  record_id   uuid   NOT NULL,
  seq         bigint NOT NULL,
  -- JSON, read by the server only.
  state       text   NOT NULL,
  -- The sum that the record is part of. A column, since behind row-level security an index serves no expression.
  bucket      smallint NOT NULL GENERATED ALWAYS AS (get_byte(uuid_send(record_id), 15)) STORED,
  -- Follows from the id, and is in the key so that the same index finds the records of a bucket. With an index of its
  -- own Postgres, as long as it had no statistics, looked for single records there.
  PRIMARY KEY (clinic_id, collection, bucket, record_id)
);
CREATE INDEX record_seq ON record (clinic_id, seq, collection, record_id);

-- What was answered to each transaction, by its first op: a retry gets the same.
CREATE TABLE answer (
  clinic_id         uuid    NOT NULL,
  replica           integer NOT NULL,
  op                bigint  NOT NULL,
  digest            bytea   NOT NULL,
  seq               bigint  NOT NULL,
  -- JSON; nothing if the transaction was merged.
  rejected          text,
  in_earlier_epoch  boolean NOT NULL,
  PRIMARY KEY (clinic_id, replica, op)
);

-- Records whose insert was rejected, with that insert.
CREATE TABLE never_made (
  clinic_id   uuid    NOT NULL,
  collection  text    COLLATE "C" NOT NULL,
  record_id   uuid    NOT NULL,
  replica     integer NOT NULL,
  op          bigint  NOT NULL,
  PRIMARY KEY (clinic_id, collection, record_id)
);

-- Sums over the records, 256 for each collection.
CREATE TABLE bucket (
  clinic_id   uuid     NOT NULL,
  collection  text     COLLATE "C" NOT NULL,
  number      smallint NOT NULL,
  sum         bigint   NOT NULL,
  PRIMARY KEY (clinic_id, collection, number)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['clinic', 'device', 'invite', 'replica', 'record', 'answer', 'never_made', 'bucket'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY %I ON %I USING (clinic_id = current_clinic())', name || '_of_clinic', name);
  END LOOP;
END
$$;

-- The owner keeps clinics, devices and invites, but does not read records without naming a clinic either.
CREATE POLICY clinic_for_owner ON clinic TO CURRENT_USER USING (true);
CREATE POLICY device_for_owner ON device TO CURRENT_USER USING (true);
CREATE POLICY invite_for_owner ON invite TO CURRENT_USER USING (true);

-- A new device has no credential yet that names its clinic: the code does.
CREATE FUNCTION redeem_invite(code bytea, new_device uuid, new_name text, new_token bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid;
BEGIN
  UPDATE invite SET redeemed_at = now(), redeemed_by = new_device
    WHERE code_hash = code AND redeemed_at IS NULL AND expires_at > now()
    RETURNING clinic_id INTO found;
  IF found IS NOT NULL THEN
    INSERT INTO device (clinic_id, device_id, name, token_hash) VALUES (found, new_device, new_name, new_token)
      ON CONFLICT (clinic_id, device_id) DO UPDATE
        SET name = excluded.name, token_hash = excluded.token_hash, paired_at = now(), revoked_at = NULL;
  END IF;
  RETURN found;
END
$$;

-- For all clinics of this database at once: a server process asks this every few seconds.
CREATE FUNCTION devices_revoked_since(moment timestamptz) RETURNS TABLE (clinic_id uuid, device_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT d.clinic_id, d.device_id FROM device d WHERE d.revoked_at >= moment;
$$;

REVOKE ALL ON FUNCTION redeem_invite(bytea, uuid, text, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION devices_revoked_since(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION redeem_invite(bytea, uuid, text, bytea) TO frontdesk_server;
GRANT EXECUTE ON FUNCTION devices_revoked_since(timestamptz) TO frontdesk_server;
GRANT SELECT, UPDATE (head) ON clinic TO frontdesk_server;
GRANT SELECT, UPDATE (last_contact, revoked_at) ON device TO frontdesk_server;
GRANT SELECT, INSERT ON invite TO frontdesk_server;
GRANT SELECT, INSERT ON replica TO frontdesk_server;
GRANT SELECT, INSERT, UPDATE ON record, answer, bucket TO frontdesk_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON never_made TO frontdesk_server;
