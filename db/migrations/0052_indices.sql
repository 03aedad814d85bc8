-- SPDX-License-Identifier: GPL-3.0-or-later
-- What each round, each reconcile of a pool and upkeep look for is found without a look at
-- what is over: hosts and launches are kept for months, events and decisions by the
-- hundred thousand.
DROP INDEX host_pool;
CREATE INDEX host_launch ON host (launch_id);
CREATE INDEX host_present ON host (id) WHERE state NOT IN ('gone', 'failed');
CREATE INDEX host_of_pool ON host (pool, id) WHERE state NOT IN ('gone', 'failed');
CREATE INDEX host_gone ON host (gone_ms);
CREATE INDEX launch_updated ON launch (updated_ms);
CREATE INDEX hold_open ON hold (released_ms, expires_ms);
CREATE INDEX hold_expires ON hold (expires_ms);
CREATE INDEX hold_stack ON hold (stack);
CREATE INDEX event_at ON event (at_ms);
CREATE INDEX event_host ON event (host);
CREATE INDEX event_stack ON event (stack, tier);
CREATE INDEX decision_at ON decision (at_ms);
CREATE INDEX lead_at ON lead (healthy_ms);
CREATE INDEX ledger_by_day ON ledger (day_ms);
