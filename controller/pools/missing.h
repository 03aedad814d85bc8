/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * missing.h - what a cloud's lists lack, and since when: VMs of hosts and of launches.
 * Also the reverse: VMs without a host, and lists that are empty.
 *
 * A single list may be wrong, so a thing counts only when several in a row agree.
 */
#ifndef CONTROLLER_POOLS_MISSING_H
#define CONTROLLER_POOLS_MISSING_H

#include <stddef.h>
#include <stdint.h>

struct missing {
	char what[128];
	int count; /* lists in a row */
	int64_t first_mono_ms;
	uint64_t list; /* the last that lacked it */
};

/* All zero is an empty one. */
struct missing_list {
	struct missing *v; /* ordered by what */
	size_t n;
	uint64_t lists; /* that were read */
};
void missing_done(struct missing_list *l);

/* A new list was read; what the previous one did not lack is forgotten. */
void missing_next_list(struct missing_list *l);

/*
 * Notes that the list lacks `what`, once per list. The record is valid until the next
 * call.
 */
const struct missing *missing_note(struct missing_list *l, const char *what);
void missing_clear(struct missing_list *l, const char *what);

#endif
