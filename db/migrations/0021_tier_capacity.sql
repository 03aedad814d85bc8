-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a tier's capacity is learned from: how busy an instance is and how long an answer
-- takes, as expressions, and how busy it shall be at most.
ALTER TABLE tier ADD COLUMN utilisation TEXT NOT NULL DEFAULT '';
ALTER TABLE tier ADD COLUMN latency TEXT NOT NULL DEFAULT '';
ALTER TABLE tier ADD COLUMN target_utilisation REAL NOT NULL DEFAULT 0.7;
