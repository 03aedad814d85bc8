-- SPDX-License-Identifier: GPL-3.0-or-later
-- The embedded store: every change that was not compacted away, by revision.
-- sub counts the changes of one revision from 0. A deletion has neither value nor lease.
CREATE TABLE kv_change (
	rev INTEGER NOT NULL,
	sub INTEGER NOT NULL,
	key BLOB NOT NULL,
	value BLOB NOT NULL,
	create_rev INTEGER NOT NULL,
	version INTEGER NOT NULL,
	lease INTEGER NOT NULL,
	deleted INTEGER NOT NULL,
	PRIMARY KEY (rev, sub)
) WITHOUT ROWID;

-- When a lease ends is not kept: after a restart each has its full time again.
CREATE TABLE kv_lease (
	id INTEGER PRIMARY KEY,
	ttl_s INTEGER NOT NULL,
	owner TEXT NOT NULL
);

-- rev, compacted: revisions; cluster, member: random identifiers.
CREATE TABLE kv_state (
	name TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;
