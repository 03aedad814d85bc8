-- SPDX-License-Identifier: GPL-3.0-or-later
-- The latest versions of a stack, to go back to, and how far each tier's newest unit text
-- has come.
CREATE TABLE stack_version (
	stack TEXT NOT NULL,
	version INTEGER NOT NULL,
	text_json TEXT NOT NULL,
	applied_ms INTEGER NOT NULL,
	PRIMARY KEY (stack, version)
) WITHOUT ROWID;

INSERT INTO stack_version (stack, version, text_json, applied_ms)
	SELECT name, version, text_json, applied_ms FROM stack;

CREATE TABLE roll_out (
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	hash TEXT NOT NULL,
	good TEXT NOT NULL,
	version INTEGER NOT NULL,
	state TEXT NOT NULL,
	unit TEXT NOT NULL,
	host TEXT NOT NULL,
	why TEXT NOT NULL,
	since_ms INTEGER NOT NULL,
	PRIMARY KEY (stack, tier)
) WITHOUT ROWID;
