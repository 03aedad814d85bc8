-- SPDX-License-Identifier: GPL-3.0-or-later
-- The last backtest of each tier.
CREATE TABLE backtest (
	stack TEXT NOT NULL,
	tier TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	report_json TEXT NOT NULL,
	PRIMARY KEY (stack, tier)
);
