-- SPDX-License-Identifier: GPL-3.0-or-later
-- Whether a list of the cloud ever had a host's VM, and whether the host was found
-- serving without a record; of a pool, how many batches of hosts in a row did not join,
-- and when the last did not.
ALTER TABLE host ADD COLUMN listed_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN adopted_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pool ADD COLUMN unjoined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pool ADD COLUMN unjoined_ms INTEGER NOT NULL DEFAULT 0;
UPDATE host SET listed_ms = joined_ms;
