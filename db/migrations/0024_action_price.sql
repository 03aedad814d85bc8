-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a change of a tier is worth avoiding for, in instance-minutes.
ALTER TABLE tier ADD COLUMN action_price REAL NOT NULL DEFAULT 10;
