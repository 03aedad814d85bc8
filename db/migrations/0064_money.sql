-- SPDX-License-Identifier: GPL-3.0-or-later
-- The types of host that a pool's cloud has, and what an hour of each costs, as the
-- configuration or the cloud says; a price below 0: not known.
CREATE TABLE pool_type (
	pool TEXT NOT NULL,
	type TEXT NOT NULL,
	cpu REAL NOT NULL DEFAULT 0,
	memory_bytes INTEGER NOT NULL DEFAULT 0,
	price_hour REAL NOT NULL DEFAULT -1,
	spot_price_hour REAL NOT NULL DEFAULT -1,
	currency TEXT NOT NULL DEFAULT '',
	source TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (pool, type)
) WITHOUT ROWID;

CREATE TRIGGER pool_type_end AFTER DELETE ON pool
BEGIN
	DELETE FROM pool_type WHERE pool = old.name;
END;

-- The unit that the pool's cloud bills, as its driver says.
ALTER TABLE pool ADD COLUMN cloud_billing_ms INTEGER NOT NULL DEFAULT 0;

-- In which order a pool's types are tried; how many of its hosts are spot capacity.
ALTER TABLE pool ADD COLUMN type_order TEXT NOT NULL DEFAULT 'stated';
ALTER TABLE pool ADD COLUMN spot_share REAL NOT NULL DEFAULT 0;
ALTER TABLE pool ADD COLUMN spot_base INTEGER NOT NULL DEFAULT 0;

-- As the cloud's list has it.
ALTER TABLE host ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE host ADD COLUMN is_spot INTEGER NOT NULL DEFAULT 0;

-- What was paid, beside the ledger's hours: by UTC day, in one currency a row.
CREATE TABLE cost (
	day_ms INTEGER NOT NULL,
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	currency TEXT NOT NULL,
	through_ms INTEGER NOT NULL DEFAULT 0,
	paid_ms INTEGER NOT NULL DEFAULT 0,
	amount REAL NOT NULL DEFAULT 0,
	hour REAL NOT NULL DEFAULT 0, -- at through_ms
	PRIMARY KEY (day_ms, stack, tier, currency)
) WITHOUT ROWID;

-- What a stack is to cost a month at most: "300 USD/month".
ALTER TABLE stack ADD COLUMN budget TEXT NOT NULL DEFAULT '';
