/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * found.h - what operations found, pinned: it is written as JSON when the lock is free
 * again. And what one request may cost.
 */
#ifndef CONTROLLER_ETCD_FOUND_H
#define CONTROLLER_ETCD_FOUND_H

#include "keyspace.h"

struct kv_found {
	struct kv_change **v;
	size_t n, cap;
};

/* Pins c; with the lock held. */
void kv_found_add(struct kv_found *f, struct kv_change *c);
/* Unpins all, with the lock held; at most max of them, from the end: false when some are
 * left. */
bool kv_found_release(struct kv_found *f, struct keyspace *s, size_t max);
/* What was found must have been released. */
void kv_found_done(struct kv_found *f);

/* What is left for one request. */
struct kv_budget {
	size_t keys;  /* to look at */
	size_t bytes; /* of its answer */
};

/* False when it is used up. */
bool kv_budget_look(struct kv_budget *b, size_t n_keys);
bool kv_budget_answer(struct kv_budget *b, const struct kv_change *c, bool with_value);

#endif
