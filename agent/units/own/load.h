/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load.h - the text of a unit: parsed into its spec, and replaced by a new one.
 */
#ifndef AGENT_UNITS_OWN_LOAD_H
#define AGENT_UNITS_OWN_LOAD_H

#include "unit.h"

int unit_load(struct unit *u, struct err *err) MUST_CHECK; /* text to spec */
/* The first text; why it is invalid goes into the unit's message. */
void unit_load_new(struct unit *u, const char *hash, const char *text);
/* Keeps a text for when the unit has stopped. */
void unit_keep_next(struct unit *u, const char *hash, const char *text);
/* Replaces the text by the one that was kept, and resets what the old one left:
 * restarts, failure, message. */
void unit_load_next(struct unit *u);

#endif
