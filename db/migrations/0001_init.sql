-- SPDX-License-Identifier: GPL-3.0-or-later
-- The tables of the first version. Columns are named as the members in db/model.h;
-- enumerations are kept by name, times as calendar Unix milliseconds.

CREATE TABLE meta (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE stack (
	name TEXT PRIMARY KEY,
	timezone TEXT NOT NULL,
	domain TEXT NOT NULL,
	text_json TEXT NOT NULL,
	version INTEGER NOT NULL,
	applied_ms INTEGER NOT NULL
);

CREATE TABLE tier (
	stack TEXT NOT NULL,
	name TEXT NOT NULL,
	unit TEXT NOT NULL,
	pool TEXT NOT NULL,
	mode TEXT NOT NULL,
	min INTEGER NOT NULL,
	max INTEGER NOT NULL,
	capacity REAL NOT NULL,
	capacity_unit TEXT NOT NULL,
	demand TEXT NOT NULL,
	risk_ratio REAL NOT NULL,
	price_ratio REAL NOT NULL,
	lead_prior_ms INTEGER NOT NULL,
	step_out_max INTEGER NOT NULL,
	step_in_max INTEGER NOT NULL,
	dwell_ms INTEGER NOT NULL,
	schedule_json TEXT NOT NULL,
	cpu REAL NOT NULL,
	memory_bytes INTEGER NOT NULL,
	stateful INTEGER NOT NULL,
	priority INTEGER NOT NULL,
	desired INTEGER NOT NULL,
	desired_since_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	explanation_json TEXT NOT NULL,
	PRIMARY KEY (stack, name)
);

CREATE TABLE pool (
	name TEXT PRIMARY KEY,
	stack TEXT NOT NULL,
	driver TEXT NOT NULL,
	profile TEXT NOT NULL,
	type TEXT NOT NULL,
	min INTEGER NOT NULL,
	max INTEGER NOT NULL,
	cpu REAL NOT NULL,
	memory_bytes INTEGER NOT NULL,
	config_json TEXT NOT NULL,
	want INTEGER NOT NULL,
	state TEXT NOT NULL,
	backoff_until_ms INTEGER NOT NULL,
	last_error TEXT NOT NULL
);

CREATE TABLE host (
	id TEXT PRIMARY KEY,
	pool TEXT NOT NULL,
	launch_id TEXT NOT NULL,
	vm_id TEXT NOT NULL,
	state TEXT NOT NULL,
	address TEXT NOT NULL,
	requested_ms INTEGER NOT NULL,
	booted_ms INTEGER NOT NULL,
	joined_ms INTEGER NOT NULL,
	ready_ms INTEGER NOT NULL,
	seen_ms INTEGER NOT NULL,
	gone_ms INTEGER NOT NULL,
	cpu REAL NOT NULL,
	memory_bytes INTEGER NOT NULL,
	metadata_json TEXT NOT NULL,
	join_token_hash TEXT NOT NULL,
	join_token_used INTEGER NOT NULL,
	cert_serial TEXT NOT NULL,
	message TEXT NOT NULL
);
CREATE INDEX host_pool ON host (pool, state);

CREATE TABLE unit (
	name TEXT PRIMARY KEY,
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	host TEXT NOT NULL,
	hash TEXT NOT NULL,
	goal TEXT NOT NULL,
	wanted_ms INTEGER NOT NULL,
	placed_ms INTEGER NOT NULL,
	healthy_ms INTEGER NOT NULL,
	active TEXT NOT NULL,
	sub TEXT NOT NULL,
	health TEXT NOT NULL,
	drained INTEGER NOT NULL,
	message TEXT NOT NULL,
	epoch INTEGER NOT NULL
);
CREATE INDEX unit_tier ON unit (stack, tier);
CREATE INDEX unit_host ON unit (host);

CREATE TABLE launch (
	launch_id TEXT PRIMARY KEY,
	pool TEXT NOT NULL,
	host TEXT NOT NULL UNIQUE,
	attempt INTEGER NOT NULL,
	state TEXT NOT NULL,
	vm_id TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	error TEXT NOT NULL
);
CREATE INDEX launch_state ON launch (state, pool);

CREATE TABLE decision (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	"from" INTEGER NOT NULL,
	"to" INTEGER NOT NULL,
	cause TEXT NOT NULL,
	sentence TEXT NOT NULL,
	explanation_json TEXT NOT NULL
);
CREATE INDEX decision_tier ON decision (stack, tier, id);

CREATE TABLE hold (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	owner TEXT NOT NULL,
	reason TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	released_ms INTEGER NOT NULL,
	released_by TEXT NOT NULL
);

CREATE TABLE token (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	hash TEXT NOT NULL UNIQUE,
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	last_used_ms INTEGER NOT NULL,
	revoked INTEGER NOT NULL
);
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked = 0;

CREATE TABLE event (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms INTEGER NOT NULL,
	kind TEXT NOT NULL,
	level TEXT NOT NULL,
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	host TEXT NOT NULL,
	unit TEXT NOT NULL,
	message TEXT NOT NULL,
	data_json TEXT NOT NULL
);

CREATE TABLE lead (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL,
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	pool TEXT NOT NULL,
	host TEXT NOT NULL,
	wanted_ms INTEGER NOT NULL,
	healthy_ms INTEGER NOT NULL,
	lead_ms INTEGER NOT NULL
);
CREATE INDEX lead_pool ON lead (pool, kind, id);
CREATE INDEX lead_tier ON lead (stack, tier, kind, id);

CREATE TABLE model_state (
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	kind TEXT NOT NULL,
	data BLOB NOT NULL,
	updated_ms INTEGER NOT NULL,
	PRIMARY KEY (stack, tier, kind)
);

-- Metrics. See db_sample.h.
CREATE TABLE series (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	labels TEXT NOT NULL,
	kind TEXT NOT NULL,
	first_ms INTEGER NOT NULL,
	last_ms INTEGER NOT NULL, -- as of the last packing
	UNIQUE (name, labels)
);

-- Batches that are not wholly in chunks yet, in the order they came.
CREATE TABLE sample_log (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	data BLOB NOT NULL
);

-- Runs of raw samples of one series; runs of a series do not overlap. The rows are in the
-- order they were written in, so pages fill up, and empty when the oldest rows go.
CREATE TABLE sample_chunk (
	id INTEGER PRIMARY KEY,
	series INTEGER NOT NULL,
	t0_ms INTEGER NOT NULL,
	t1_ms INTEGER NOT NULL,
	data BLOB NOT NULL
);
CREATE UNIQUE INDEX sample_chunk_series ON sample_chunk (series, t0_ms);

-- The roll-up of one UTC day of one series at one resolution.
CREATE TABLE rollup (
	series INTEGER NOT NULL,
	res_ms INTEGER NOT NULL,
	day_ms INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (series, res_ms, day_ms)
) WITHOUT ROWID;
