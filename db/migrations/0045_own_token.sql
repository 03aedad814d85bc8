-- SPDX-License-Identifier: GPL-3.0-or-later
-- The controller calls its built-in store; before, it was a client with a token of its own.
DELETE FROM token WHERE name = 'controller (internal)';
