-- SPDX-License-Identifier: GPL-3.0-or-later
-- The form of what a pool's hosts are started with.
ALTER TABLE pool ADD COLUMN user_data TEXT NOT NULL DEFAULT 'script';
