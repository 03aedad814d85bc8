-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a launch asked for, so that one that is sent again asks for the same; and how many
-- hosts the cloud's quota lets a pool have.
ALTER TABLE launch ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE launch ADD COLUMN zone TEXT NOT NULL DEFAULT '';
ALTER TABLE pool ADD COLUMN has_quota INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pool ADD COLUMN quota_most INTEGER NOT NULL DEFAULT 0;
