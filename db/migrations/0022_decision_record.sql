-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a decision was made from, so that it can be repeated; '' in rows of before.
ALTER TABLE decision ADD COLUMN record TEXT NOT NULL DEFAULT '';
