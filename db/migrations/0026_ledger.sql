-- SPDX-License-Identifier: GPL-3.0-or-later
-- What each tier had and cost, by UTC day: sums over the minutes that were entered. tier ''
-- has what no tier had of a stack's pools.
CREATE TABLE ledger (
	month TEXT NOT NULL, -- of the day: "2026-11"
	day_ms INTEGER NOT NULL,
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	through_ms INTEGER NOT NULL DEFAULT 0,
	known INTEGER NOT NULL DEFAULT 0,
	unknown INTEGER NOT NULL DEFAULT 0,
	was_short INTEGER NOT NULL DEFAULT 0,
	slow INTEGER NOT NULL DEFAULT 0,
	at_risk INTEGER NOT NULL DEFAULT 0,
	promised REAL NOT NULL DEFAULT 0,
	priced REAL NOT NULL DEFAULT 0,
	instance_ms INTEGER NOT NULL DEFAULT 0,
	loaded_ms INTEGER NOT NULL DEFAULT 0,
	host_ms INTEGER NOT NULL DEFAULT 0,
	paid_ms INTEGER NOT NULL DEFAULT 0,
	actions INTEGER NOT NULL DEFAULT 0,
	launches INTEGER NOT NULL DEFAULT 0,
	failed INTEGER NOT NULL DEFAULT 0,
	reactive_ms INTEGER NOT NULL DEFAULT 0,
	reactive_short INTEGER NOT NULL DEFAULT 0,
	peak INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (month, day_ms, stack, tier)
) WITHOUT ROWID;
-- A minute's writes are side by side, and a tier's rows are found without those of others.
CREATE INDEX ledger_of_tier ON ledger (stack, tier);

-- Where each tier's next minute begins, and the fleet that reactive scaling would have.
CREATE TABLE ledger_tier (
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	through_ms INTEGER NOT NULL,
	fleet TEXT NOT NULL,
	recent TEXT NOT NULL,
	PRIMARY KEY (stack, tier)
) WITHOUT ROWID;

-- The response time that a tier may have; 0: none is set.
ALTER TABLE tier ADD COLUMN latency_max_ms INTEGER NOT NULL DEFAULT 0;

-- Until when a host's time was entered and is paid for, and whether nothing of it is left to
-- be entered.
ALTER TABLE host ADD COLUMN counted_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN paid_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN is_counted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX host_uncounted ON host (id) WHERE is_counted = 0;

-- A page of the ledger is read in the order of its rows, without those before and after it:
-- days in the order of the table, months in that of this index.
CREATE INDEX ledger_of_month ON ledger (month, stack, tier);

-- peak: the largest of the month so far; of this row's days alone, which a window over all
-- days is not.
CREATE VIEW ledger_day AS SELECT
	strftime('%Y-%m-%d', day_ms / 1000, 'unixepoch') || '/' || stack || '/' || tier AS id,
	strftime('%Y-%m-%d', day_ms / 1000, 'unixepoch') AS period,
	month, day_ms, stack, tier, through_ms, known, unknown, was_short, slow, at_risk, promised,
	priced, instance_ms, loaded_ms, host_ms, paid_ms, actions, launches, failed, reactive_ms,
	reactive_short,
	(SELECT max(past.peak) FROM ledger past WHERE past.month = ledger.month
	  AND past.stack = ledger.stack AND past.tier = ledger.tier
	  AND past.day_ms <= ledger.day_ms) AS peak
	FROM ledger;

-- In its order, so that who takes the first rows of it is not made to sort all of them.
CREATE VIEW ledger_month AS SELECT
	month || '/' || stack || '/' || tier AS id, month AS period, month, stack, tier,
	max(through_ms) AS through_ms, sum(known) AS known, sum(unknown) AS unknown,
	sum(was_short) AS was_short, sum(slow) AS slow, sum(at_risk) AS at_risk, sum(promised) AS promised,
	sum(priced) AS priced, sum(instance_ms) AS instance_ms, sum(loaded_ms) AS loaded_ms,
	sum(host_ms) AS host_ms, sum(paid_ms) AS paid_ms, sum(actions) AS actions,
	sum(launches) AS launches, sum(failed) AS failed, sum(reactive_ms) AS reactive_ms,
	sum(reactive_short) AS reactive_short, max(peak) AS peak
	FROM ledger GROUP BY month, stack, tier ORDER BY month, stack, tier;
