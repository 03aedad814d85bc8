-- SPDX-License-Identifier: GPL-3.0-or-later
-- People ask for the newest launches of a pool: its rows are in the order of the journal.
CREATE INDEX launch_pool ON launch (pool);
