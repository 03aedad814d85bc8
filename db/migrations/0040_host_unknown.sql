-- SPDX-License-Identifier: GPL-3.0-or-later
-- Hosts that are not heard, and what a pool says of their loss: after how long (0: as the
-- controller does), and whether hosts of stateful instances are ended as well.
ALTER TABLE host ADD COLUMN unknown_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN is_replaced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pool ADD COLUMN lost_after_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pool ADD COLUMN lose_stateful INTEGER NOT NULL DEFAULT 0;
