-- SPDX-License-Identifier: GPL-3.0-or-later
-- Of each name that certificates are issued for, the one in use: an older one is refused.
CREATE TABLE certificate (
	name TEXT PRIMARY KEY,
	serial TEXT NOT NULL,
	issued_ms INTEGER NOT NULL,
	next_serial TEXT NOT NULL DEFAULT '' -- issued, but not used yet
);

-- Hosts that ended, until what was theirs (watches, leases, certificates) has ended too.
CREATE TABLE host_ended (host TEXT PRIMARY KEY);
INSERT INTO host_ended SELECT id FROM host WHERE state IN ('gone', 'failed');
CREATE TRIGGER host_ends AFTER UPDATE OF state ON host
WHEN NEW.state IN ('gone', 'failed') AND OLD.state NOT IN ('gone', 'failed')
BEGIN
	INSERT OR IGNORE INTO host_ended VALUES (NEW.id);
END;
