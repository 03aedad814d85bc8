-- SPDX-License-Identifier: GPL-3.0-or-later
-- A page of the ledger is read in the order of its rows, without those before and after it:
-- days in the order of the table, months in that of this index.
CREATE INDEX ledger_of_month ON ledger (month, stack, tier);

-- peak: the largest of the month so far; of this row's days alone, which a window over all
-- days is not.
DROP VIEW ledger_day;
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
DROP VIEW ledger_month;
CREATE VIEW ledger_month AS SELECT
	month || '/' || stack || '/' || tier AS id, month AS period, month, stack, tier,
	max(through_ms) AS through_ms, sum(known) AS known, sum(unknown) AS unknown,
	sum(was_short) AS was_short, sum(slow) AS slow, sum(at_risk) AS at_risk, sum(promised) AS promised,
	sum(priced) AS priced, sum(instance_ms) AS instance_ms, sum(loaded_ms) AS loaded_ms,
	sum(host_ms) AS host_ms, sum(paid_ms) AS paid_ms, sum(actions) AS actions,
	sum(launches) AS launches, sum(failed) AS failed, sum(reactive_ms) AS reactive_ms,
	sum(reactive_short) AS reactive_short, max(peak) AS peak
	FROM ledger GROUP BY month, stack, tier ORDER BY month, stack, tier;
