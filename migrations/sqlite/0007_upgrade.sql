-- Which collections and registers this database shows of what the server told, as JSON lists of both names. Those that a
-- newer version of the app knows besides are shown when it starts to sync.
ALTER TABLE sync_state ADD COLUMN shown TEXT NOT NULL DEFAULT '[]';
