/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * following_save.c - whom a tier follows, as bytes and back.
 */
#include "following.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

/* The followers come one after the other, each behind its head. */
struct saved {
	char name[FOLLOWING_NAME];
	uint64_t len;
	uint64_t is_used;
	int64_t from_ms;
};

size_t following_save(const struct following *f, char **ret)
{
	size_t len = 0;
	char *at;

	for (size_t i = 0; i < f->n; i++)
		len += sizeof(struct saved) + demand_follow_size(f->v[i].follow);
	if (len == 0)
		return 0;
	at = *ret = xcalloc(1, len);
	for (size_t i = 0; i < f->n; i++) {
		struct saved head = { .len = demand_follow_size(f->v[i].follow),
				      .is_used = i + 1 == f->used,
				      .from_ms = f->v[i].from_ms };

		snprintf(head.name, sizeof(head.name), "%s", f->v[i].name);
		memcpy(at, &head, sizeof(head));
		demand_follow_save(f->v[i].follow, at + sizeof(head));
		at += sizeof(head) + head.len;
	}
	return len;
}

void following_load(struct following *f, const void *data, size_t len,
		    const struct demand_opts *opts)
{
	const char *at = data;

	following_done(f);
	while (f->n < FOLLOWING_MAX && len >= sizeof(struct saved)) {
		struct demand_follow *follow = NULL;
		struct saved head;

		memcpy(&head, at, sizeof(head));
		len -= sizeof(head);
		at += sizeof(head);
		head.name[FOLLOWING_NAME - 1] = '\0';
		if (head.len > len || following_place(f, head.name) < f->n ||
		    demand_follow_load(at, head.len, opts, &follow, NULL) < 0)
			return;
		following_add(f, head.name, follow, head.from_ms);
		if (head.is_used)
			f->used = f->n;
		at += head.len;
		len -= head.len;
	}
}
