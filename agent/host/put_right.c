/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * put_right.c - what others did to the host's keys is undone: at once where an event of
 * the store tells of it, else when the keys are looked at.
 */
#include "kept.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <string.h>

#define LOOK_MS 4000 /* between two looks at the keys, at least; at most half more */
#define LOOK_KEYS 60 /* at once: etcd takes 128 operations in a transaction */
/* A record that somebody else writes as well is not fought for without pause. */
#define RIGHT_FIRST_MS 1000
#define RIGHT_MOST_MS 30000
#define RIGHT_FORGOTTEN_MS 60000

/* The store does not have what was written, and we did not ask for that. */
static void put_right(struct kept *k, const char *why)
{
	struct lease *l = k->lease;
	const int64_t now = clock_mono_ms();
	const bool again = k->righted_ms && now - k->righted_ms < RIGHT_FORGOTTEN_MS;

	log_warn("own-record-put-right", STR("key", k->key), STR("why", why));
	if (l->put_right)
		l->put_right(l->arg, k->key, why);
	free(TAKE(k->stored));
	k->righted_ms = now;
	if (!again) {
		k->right_pause_ms = RIGHT_FIRST_MS;
		kept_write(k);
		return;
	}
	if (!loop_timer_is_set(l->retry))
		loop_timer_in(l->retry, k->right_pause_ms);
	k->right_pause_ms = MIN(k->right_pause_ms * 2, RIGHT_MOST_MS);
}

/* What is known to be in the store, and should be. */
static bool is_settled(const struct kept *k)
{
	return k->lease->held && k->lease->listed && k->want && k->stored && !k->call &&
	       !k->unknown;
}

void lease_seen(struct lease *l, const struct mirror_change *change)
{
	const struct store_kv *kv = change->kv;
	struct kept *k = kept_find(l, kv->key);

	CHECK_MAGIC(l, LEASE_MAGIC);
	/* What was before our own write does not count any more. */
	if (!k || !is_settled(k) || kv->mod_rev < k->rev)
		return;
	if (change->deleted)
		put_right(k, "it was deleted");
	else if (kv->lease != l->id)
		put_right(k, "somebody else has put it");
	else if (strcmp(kv->value, k->stored) != 0)
		put_right(k, "it was changed");
}

/* ---------------------------------------------------------------- looks */

static void look_later(struct lease *l)
{
	const int64_t jitter_ms = arc4random_uniform((uint32_t)l->look_pause_ms / 2);

	loop_timer_in(l->look, l->look_pause_ms + jitter_ms);
}

static void drop_looked(struct lease *l)
{
	for (size_t i = 0; i < l->n_looked; i++)
		free(l->looked[i]);
	free(TAKE(l->looked));
	l->n_looked = 0;
}

static void judge(struct lease *l, struct kept *k, const struct store_op_result *is)
{
	/* What was written meanwhile is newer than what was read. */
	if (!is_settled(k) || k->written_ms >= l->look_ms)
		return;
	if (is->n == 0)
		put_right(k, "it is not in the store");
	else if (is->kvs[0].lease != l->id)
		put_right(k, "it is not under this host's lease");
	else if (strcmp(is->kvs[0].value, k->stored) != 0)
		put_right(k, "it was changed");
	else
		k->rev = is->kvs[0].mod_rev;
}

static void look_on(struct lease *l);

static void on_looked(void *arg, const struct store_txn_res *res, const struct err *err)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	l->looking = NULL;
	for (size_t i = 0; !err && !res->succeeded && i < MIN(res->n, l->n_looked); i++) {
		struct kept *k = kept_find(l, l->looked[i]);

		if (k)
			judge(l, k, &res->results[i]);
	}
	drop_looked(l);
	if (err)
		look_later(l);
	else
		look_on(l);
}

/* Asks whether the next keys are at the revisions at which they were written; if not,
 * what they are. */
static void look_on(struct lease *l)
{
	struct store_cmp cmps[LOOK_KEYS];
	struct store_op reads[LOOK_KEYS];
	size_t n = 0;

	l->looked = xcalloc(LOOK_KEYS, sizeof(*l->looked));
	for (struct kept *k = l->kept; k && n < LOOK_KEYS; k = k->next) {
		if (!is_settled(k) || k->looked_ms >= l->look_ms)
			continue;
		k->looked_ms = l->look_ms;
		l->looked[n] = xstrdup(k->key);
		cmps[n] = (struct store_cmp){ .key = l->looked[n],
					      .target = STORE_MOD,
					      .relation = STORE_EQUAL,
					      .number = k->rev };
		reads[n] =
			(struct store_op){ .kind = STORE_OP_RANGE, .key = l->looked[n] };
		n++;
	}
	l->n_looked = n;
	if (n == 0) {
		drop_looked(l);
		look_later(l);
		return;
	}
	l->looking = store_do_txn(
		l->store,
		&(struct store_txn){
			.cmps = cmps, .n_cmps = n, .else_ops = reads, .n_else = n },
		on_looked, l);
}

static void on_look(void *arg)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	l->look_ms = clock_mono_ms();
	if (l->held && l->listed)
		look_on(l);
	else
		look_later(l);
}

void look_open(struct lease *l, int64_t pause_ms)
{
	l->look_pause_ms = pause_ms ? pause_ms : LOOK_MS;
	l->look = loop_timer_new(l->loop, on_look, l);
	look_later(l);
}

void look_close(struct lease *l)
{
	store_cancel(l->looking);
	drop_looked(l);
	loop_timer_free(l->look);
}
