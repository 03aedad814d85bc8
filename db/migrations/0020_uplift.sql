-- SPDX-License-Identifier: GPL-3.0-or-later
-- What past events did to a tier's demand, measured once while the demand is kept to the
-- minute: of an event a year ago nothing finer than an hour is left.
CREATE TABLE uplift (
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	name TEXT NOT NULL,
	start_ms INTEGER NOT NULL,
	end_ms INTEGER NOT NULL,
	log_ratio REAL NOT NULL,
	error REAL NOT NULL,
	days INTEGER NOT NULL,
	measured_ms INTEGER NOT NULL,
	PRIMARY KEY (stack, tier, name, start_ms)
) WITHOUT ROWID;
