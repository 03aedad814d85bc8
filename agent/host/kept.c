/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kept.h"

#include "check.h"
#include "clock.h"
#include "keepalive.h"
#include "log.h"
#include "withdrawal.h"

#include <string.h>

/* A host's first keys may come a moment before its rights. */
#define REFUSED_MS 3000

static bool is_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

struct kept *kept_find(const struct lease *l, const char *key)
{
	for (struct kept *k = l->kept; k; k = k->next)
		if (strcmp(k->key, key) == 0)
			return k;
	return NULL;
}

void kept_done(struct kept *k)
{
	store_cancel(k->call);
	free(k->key);
	free(k->want);
	free(k->stored);
	free(k->sent);
	k->magic = 0;
	free(k);
}

static void forget(struct lease *l, struct kept *k)
{
	struct kept **p = &l->kept;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	kept_done(k);
}

struct kept *kept_find_or_add(struct lease *l, const char *key)
{
	struct kept *k = kept_find(l, key);

	if (k)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->magic = LEASE_MAGIC;
	k->lease = l;
	k->key = xstrdup(key);
	k->next = l->kept;
	l->kept = k;
	return k;
}

void lease_report(struct lease *l, const char *event, const struct err *err)
{
	if (!l->failing)
		log_warn(event, ERR(err));
	l->failing = true;
}

/*
 * The controller has not placed the unit here, or not yet; or what is there is not ours
 * any more. Returns false when there is nothing left to do.
 */
static bool on_refused(struct kept *k, const struct err *err)
{
	const int64_t now = clock_mono_ms();

	if (!k->refused_ms)
		k->refused_ms = now;
	if (!k->is_told && now - k->refused_ms >= REFUSED_MS) {
		k->is_told = true;
		log_warn("own-record-refused", STR("key", k->key), ERR(err));
	}
	if (k->want)
		return true;
	/* Its withdrawal, or its deletion. */
	if (k->sent) {
		free(k->stored);
		k->stored = withdrawal_of(k->sent);
		return true;
	}
	return false;
}

static void on_failed(struct kept *k, const struct err *err)
{
	struct lease *l = k->lease;

	if (err->code == ERR_DENIED) {
		if (!on_refused(k, err)) {
			forget(l, k);
			return;
		}
	} else {
		lease_report(l, "store-write-failed", err);
		k->unknown = true;
	}
	free(TAKE(k->sent));
	/* The store does not know our lease: a refresh will show it. */
	if (err->code == ERR_NOT_FOUND)
		keepalive_set(l->keepalive, l->id);
	loop_timer_in(l->retry, l->retry_ms);
	l->retry_ms = MIN(l->retry_ms * 2, RETRY_MOST_MS);
}

static void on_written(void *arg, int64_t rev, const struct err *err)
{
	struct kept *k = arg;
	struct lease *l = k->lease;

	CHECK_MAGIC(k, LEASE_MAGIC);
	k->call = NULL;
	if (err) {
		on_failed(k, err);
		return;
	}
	l->retry_ms = RETRY_FIRST_MS;
	k->unknown = k->is_told = false;
	k->refused_ms = 0;
	k->rev = rev;
	k->written_ms = clock_mono_ms();
	free(k->stored);
	k->stored = TAKE(k->sent);
	/* It was put under a lease that is lost by now, and is gone with it. */
	if (k->stored && k->sent_lease != l->id) {
		free(TAKE(k->stored));
		k->unknown = true;
	}
	kept_write(k);
}

static void put(struct kept *k, char *take_value)
{
	struct lease *l = k->lease;

	k->sent = take_value;
	k->sent_lease = l->id;
	k->call = store_put(l->store, k->key, k->sent, strlen(k->sent), l->id, on_written,
			    k);
}

/* Of a record the withdrawal is put first. */
static bool must_announce(const struct kept *k)
{
	return k->stored &&
	       strncmp(k->key, WITHDRAWAL_ROOT, strlen(WITHDRAWAL_ROOT)) == 0 &&
	       !is_withdrawal(k->stored, strlen(k->stored));
}

void kept_write(struct kept *k)
{
	struct lease *l = k->lease;

	if (k->call || !l->held || !l->listed)
		return;
	if (!k->unknown && is_equal(k->want, k->stored)) {
		if (!k->want)
			forget(l, k);
		return;
	}
	if (k->want)
		put(k, xstrdup(k->want));
	else if (must_announce(k))
		put(k, withdrawal_of(k->stored));
	else
		k->call = store_delete(l->store, k->key, NULL, on_written, k);
}

void kept_write_all(struct lease *l)
{
	for (struct kept *k = l->kept, *next; k; k = next) {
		next = k->next;
		kept_write(k);
	}
}

void lease_set(struct lease *l, const char *key, const char *value)
{
	struct kept *k = kept_find_or_add(l, key);

	CHECK_MAGIC(l, LEASE_MAGIC);
	if (is_equal(k->want, value))
		return;
	free(k->want);
	k->want = xstrdup(value);
	kept_write(k);
}

void lease_unset(struct lease *l, const char *key)
{
	struct kept *k = kept_find(l, key);

	CHECK_MAGIC(l, LEASE_MAGIC);
	if (!k)
		return;
	free(TAKE(k->want));
	if (!l->held && !k->stored && !k->unknown && !k->call)
		forget(l, k);
	else
		kept_write(k);
}
