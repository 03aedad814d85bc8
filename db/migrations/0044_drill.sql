-- SPDX-License-Identifier: GPL-3.0-or-later
-- Drills: faults that were made on purpose, and what they cost.
CREATE TABLE drill (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	stack TEXT NOT NULL,
	owner TEXT NOT NULL,
	state TEXT NOT NULL, -- running, done, ended-early or interrupted
	started_ms INTEGER NOT NULL,
	ended_ms INTEGER NOT NULL DEFAULT 0,
	report_json TEXT NOT NULL
);
