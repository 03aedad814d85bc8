/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * texts.h - the texts of units, by their hash: fetched from the store, kept on disk.
 */
#ifndef AGENT_WANTED_TEXTS_H
#define AGENT_WANTED_TEXTS_H

#include "entry.h"

/* From the disk or, later, from the store; the units are looked at when it is there. */
void entry_find_text(struct entry *e);
/* Makes the folder. */
void texts_open(const struct wanted *w);
/* Removes those that the schedule does not name. */
void texts_forget(struct wanted *w, const struct schedule *s);

#endif
