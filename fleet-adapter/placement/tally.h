/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.h - how many of each kind there are on one host; kinds are numbers, and a host
 * has few of the thousands that there are. Inside the room only.
 */
#ifndef FLEET_ADAPTER_PLACEMENT_TALLY_H
#define FLEET_ADAPTER_PLACEMENT_TALLY_H

struct tally {
	struct tally_row {
		int kind, count; /* > 0 */
	} * v;                   /* by kind */
	int n, cap;
};

/* Adds by, which may be negative. O(kinds on the host). */
void tally_add(struct tally *t, int kind, int by);
/* O(kinds on the host); inline, since all of 10,000 hosts are asked for each unit. */
static inline int tally_get(const struct tally *t, int kind)
{
	int i = 0;

	while (i < t->n && t->v[i].kind < kind)
		i++;
	return i < t->n && t->v[i].kind == kind ? t->v[i].count : 0;
}
void tally_done(struct tally *t);

#endif
