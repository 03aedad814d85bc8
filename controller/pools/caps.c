/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "caps.h"

#include "check.h"
#include "clock.h"
#include "round.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define HOUR_MS 3600000

struct deed {
	enum cap_kind kind;
	char pool[64];
	char id[128];
	int64_t steady_ms;
};

struct caps {
	pthread_mutex_t lock;
	bool is_loaded;
	struct deed *v;
	size_t n;
};

struct caps *caps_new(void)
{
	struct caps *c = xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void caps_free(struct caps *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c->v);
	free(c);
}

static void add(struct caps *c, enum cap_kind kind, const char *pool, const char *id,
		int64_t steady_ms)
{
	struct deed *d;

	c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
	d = &c->v[c->n++];
	*d = (struct deed){ .kind = kind, .steady_ms = steady_ms };
	snprintf(d->pool, sizeof(d->pool), "%s", pool);
	snprintf(d->id, sizeof(d->id), "%s", id);
}

static void forget_old(struct caps *c)
{
	const int64_t now = clock_steady_ms();
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++)
		if (now - c->v[i].steady_ms < HOUR_MS)
			c->v[kept++] = c->v[i];
	c->n = kept;
}

/* ---------------------------------------------------------------- what was before */

/* A time in the future is from before the clock was set back: of when, nobody knows. */
static void add_recorded(struct caps *c, enum cap_kind kind, const char *pool,
			 const char *id, int64_t ago_ms)
{
	if (ago_ms > -HOUR_MS && ago_ms < HOUR_MS)
		add(c, kind, pool, id, clock_steady_ms() - MAX(ago_ms, 0));
}

/* VMs that vanished were not terminated. */
static void add_hosts(struct caps *c, const struct db_host_list *hosts, int64_t now_ms)
{
	for (size_t i = 0; i < hosts->n; i++) {
		const struct db_host *h = &hosts->v[i];

		if (h->state != DB_HOST_FAILED &&
		    strcmp(h->message, POOL_WHY_VANISHED) != 0)
			add_recorded(c, CAP_TERMINATION, h->pool, h->id,
				     now_ms - h->gone_ms);
	}
}

static void add_launches(struct caps *c, const struct db_launch_list *l, int64_t now_ms)
{
	for (size_t i = 0; i < l->n; i++)
		add_recorded(c, CAP_LAUNCH, l->v[i].pool, l->v[i].host,
			     now_ms - l->v[i].updated_ms);
}

int caps_load(struct caps *c, struct db *db, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list hosts = { 0 };
	CLEANUP(db_launch_list_done) struct db_launch_list launches = { 0 };
	const int64_t now = clock_now_ms(), since = now - HOUR_MS + 1;
	bool is_loaded;
	int rc;

	pthread_mutex_lock(&c->lock);
	is_loaded = c->is_loaded;
	pthread_mutex_unlock(&c->lock);
	if (is_loaded)
		return 0;
	rc = db_host_list(db, &(struct db_host_filter){ .gone_since_ms = since }, &hosts,
			  err);
	if (rc == 0)
		rc = db_launch_list(db,
				    &(struct db_launch_filter){ .may_exist = true,
								.since_ms = since },
				    &launches, err);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&c->lock);
	if (!c->is_loaded) {
		add_hosts(c, &hosts, now);
		add_launches(c, &launches, now);
		c->is_loaded = true;
	}
	pthread_mutex_unlock(&c->lock);
	return 0;
}

/* ---------------------------------------------------------------- counting */

static int64_t count(const struct caps *c, enum cap_kind kind, const char *pool)
{
	int64_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].kind == kind && (!pool || strcmp(c->v[i].pool, pool) == 0);
	return n;
}

static struct deed *find(const struct caps *c, enum cap_kind kind, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind == kind && strcmp(c->v[i].id, id) == 0)
			return &c->v[i];
	return NULL;
}

int64_t caps_used(struct caps *c, enum cap_kind kind, const char *pool)
{
	int64_t n;

	pthread_mutex_lock(&c->lock);
	forget_old(c);
	n = count(c, kind, pool);
	pthread_mutex_unlock(&c->lock);
	return n;
}

static enum cap_verdict take(struct caps *c, enum cap_kind kind, const char *pool,
			     const char *id, const struct cap_limits *limits)
{
	struct deed *counted;

	forget_old(c);
	counted = find(c, kind, id);
	/* Tried again: its hour begins when it is done, not when it was first tried. */
	if (counted) {
		counted->steady_ms = clock_steady_ms();
		return CAP_FREE;
	}
	if (count(c, kind, pool) >= limits->pool)
		return CAP_POOL_FULL;
	if (count(c, kind, NULL) >= limits->total)
		return CAP_TOTAL_FULL;
	add(c, kind, pool, id, clock_steady_ms());
	return CAP_FREE;
}

enum cap_verdict caps_take(struct caps *c, enum cap_kind kind, const char *pool,
			   const char *id, const struct cap_limits *limits)
{
	enum cap_verdict verdict;

	pthread_mutex_lock(&c->lock);
	verdict = take(c, kind, pool, id, limits);
	pthread_mutex_unlock(&c->lock);
	return verdict;
}

void caps_give_back(struct caps *c, enum cap_kind kind, const char *id)
{
	struct deed *d;

	pthread_mutex_lock(&c->lock);
	d = find(c, kind, id);
	if (d)
		*d = c->v[--c->n];
	pthread_mutex_unlock(&c->lock);
}
