-- SPDX-License-Identifier: GPL-3.0-or-later
-- The newest sample of a series when a person ended it: nobody waits for the next one.
ALTER TABLE series ADD COLUMN ended_ms INTEGER NOT NULL DEFAULT 0;
