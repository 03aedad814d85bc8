-- SPDX-License-Identifier: GPL-3.0-or-later
-- The units in which a pool's hosts are paid for; 0: by the moment.
ALTER TABLE pool ADD COLUMN billing_ms INTEGER NOT NULL DEFAULT 0;
