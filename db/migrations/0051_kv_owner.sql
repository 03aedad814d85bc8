-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who wrote a change of the built-in store: what an owner has there is bounded. '' in a
-- deletion, and for the controller.
ALTER TABLE kv_change ADD COLUMN owner TEXT NOT NULL DEFAULT '';
