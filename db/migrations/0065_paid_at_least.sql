-- SPDX-License-Identifier: GPL-3.0-or-later
-- The time that is paid for a pool's host at least, as declared and as its driver states.
ALTER TABLE pool ADD COLUMN billing_min_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pool ADD COLUMN cloud_billing_min_ms INTEGER NOT NULL DEFAULT 0;
-- Whose metadata service tells its hosts of their interruption, as its driver states.
ALTER TABLE pool ADD COLUMN cloud_interruption TEXT NOT NULL DEFAULT '';
