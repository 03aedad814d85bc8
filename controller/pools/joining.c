/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joining.c - hosts that have not joined: how long they are waited for, and how long the
 * pool waits before it launches others.
 */
#include "round.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>

/* Calendar. After a second batch that failed, doubled with each further one. */
#define WAIT_FIRST_MS 60000
#define WAIT_MAX_MS 1800000
#define FORGET_MS 3600000 /* a failure that nothing followed */
#define CUT_TIMES 3       /* the time to join, for one that is heard */

static int64_t doubled(int64_t first_ms, int64_t times, int64_t max_ms)
{
	return times > 10 ? max_ms : MIN(first_ms << times, max_ms);
}

static int64_t wait_ms(const struct unjoined *u)
{
	return u->batches < 2 ? 0 : doubled(WAIT_FIRST_MS, u->batches - 2, WAIT_MAX_MS);
}

static void record(struct pool_round *r)
{
	struct err err;

	if (db_pool_unjoined(r->opts->db, r->row.name, r->pool->unjoined.batches,
			     r->now_ms, &err) < 0)
		event_add(r->opts->events, "pool-not-recorded", DB_LEVEL_ERROR,
			  EVENT_ABOUT(.pool = r->row.name), "%s", err.msg);
}

static void forget(struct pool_round *r)
{
	r->pool->unjoined = (struct unjoined){ .is_recalled = true };
	record(r);
}

void pool_recall_unjoined(struct pool_round *r)
{
	struct unjoined *u = &r->pool->unjoined;

	if (u->is_recalled)
		return;
	u->is_recalled = true;
	for (size_t i = 0; i < r->hosts.n; i++)
		if (r->hosts.v[i].ready_ms > r->row.unjoined_ms)
			return;
	u->batches = u->hosts = (int)r->row.unjoined;
	u->last_steady_ms =
		clock_steady_ms() - MAX(r->now_ms - r->row.unjoined_ms, INT64_C(0));
	u->next_steady_ms = u->last_steady_ms + wait_ms(u);
	snprintf(u->last, sizeof(u->last), "before the controller was started");
}

void pool_host_joined(struct pool_round *r, const struct db_host *h)
{
	struct unjoined *u = &r->pool->unjoined;

	if (!ages_has(&r->pool->waits, h->id) || !u->batches)
		return;
	event_add(r->opts->events, "hosts-join-again", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool),
		  "pool %s: host %s joined, after %d that did not", r->row.name, h->id,
		  u->hosts);
	forget(r);
}

bool pool_has_joined(const struct db_host *h)
{
	return h->ready_ms || (h->adopted_ms && h->joined_ms);
}

/* When a record is taken up, what came before is not known. */
static int64_t waited_ms(struct pool_round *r, const struct db_host *h)
{
	return ages_of(&r->pool->waits, h->id,
		       h->adopted_ms ? h->adopted_ms : h->requested_ms);
}

int pool_await(struct pool_round *r, struct db_host *h, const char *silent,
	       struct err *err)
{
	const int64_t waited = waited_ms(r, h), most = r->opts->join_timeout_ms;
	enum pool_voice voice;

	/* One with a message waits for its stack. */
	if (waited <= most || (pool_has_joined(h) && *h->message))
		return 0;
	voice = pool_listen(r, h->id);
	if (voice == POOL_SILENT && !pool_has_joined(h))
		return pool_host_failed(r, h, silent, err);
	if (voice != POOL_HEARD)
		return 0;
	if (waited > CUT_TIMES * most && !h->adopted_ms)
		return pool_host_failed(
			r, h, "its agent is heard, but never reached the store", err);
	r->cut = h->id;
	r->n_cut++;
	return 0;
}

/* Hosts that were launched together are one failure. */
static void note_unjoined(struct pool_round *r, const struct db_host *h, const char *why)
{
	struct unjoined *u = &r->pool->unjoined;
	const int64_t now = clock_steady_ms();
	const int64_t age = waited_ms(r, h);

	u->hosts++;
	snprintf(u->last, sizeof(u->last), "%s: %s", h->id, why);
	if (u->batches && now - age < u->last_steady_ms)
		return;
	u->batches++;
	u->last_steady_ms = now;
	u->next_steady_ms = now + wait_ms(u);
	record(r);
}

int pool_host_failed(struct pool_round *r, struct db_host *h, const char *why,
		     struct err *err)
{
	int rc = db_host_set_state(r->opts->db, h->id, DB_HOST_TERMINATING, why,
				   r->now_ms, err);

	if (rc < 0)
		return rc;
	if (!pool_has_joined(h))
		note_unjoined(r, h, why);
	h->state = DB_HOST_TERMINATING;
	free(h->message);
	h->message = xstrdup(why);
	r->changed = true;
	event_add(r->opts->events, "host-failed", DB_LEVEL_WARN,
		  EVENT_ABOUT(.host = h->id, .pool = h->pool), "host %s failed: %s",
		  h->id, why);
	return 0;
}

/* ---------------------------------------------------------------- launching others */

static int64_t count_waiting(const struct pool_round *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->hosts.n; i++)
		n += r->hosts.v[i].state <= DB_HOST_UP &&
		     !pool_has_joined(&r->hosts.v[i]);
	return n;
}

static void tell_unjoined(struct pool_round *r, int64_t now)
{
	const struct unjoined *u = &r->pool->unjoined;
	char text[CLOCK_TEXT], next[64] = "when the host that is starting has joined";

	if (!u->batches) {
		pool_problem_clear(&r->pool->problems, POOL_NOT_JOINING);
		return;
	}
	if (u->next_steady_ms > now)
		snprintf(next, sizeof(next), "in %s",
			 clock_format_duration(
				 (u->next_steady_ms - now + 999) / 1000 * 1000, text));
	else if (u->batches < 2)
		snprintf(next, sizeof(next), "when they are needed");
	pool_problem_set(&r->pool->problems, POOL_NOT_JOINING, r->row.name,
			 "%d hosts in a row did not join (the last: %s); others are "
			 "launched %s; look at the VM's console, the pool's image, and "
			 "whether a VM reaches the controller's host_listen",
			 u->hosts, u->last, next);
}

static void tell_unlisted(struct pool_round *r)
{
	char text[CLOCK_TEXT];

	if (!r->n_unlisted) {
		pool_problem_clear(&r->pool->problems, POOL_NOT_LISTED);
		return;
	}
	pool_problem_set(
		&r->pool->problems, POOL_NOT_LISTED, r->row.name,
		"%lld VMs that were launched are in no list of the cloud; they count, "
		"and "
		"are terminated by their ids if their agents do not join within %s; look "
		"at region, account and permissions of the pool's profile",
		(long long)r->n_unlisted,
		clock_format_duration(r->opts->join_timeout_ms, text));
}

int64_t pool_launches_now(struct pool_round *r, int64_t n)
{
	struct unjoined *u = &r->pool->unjoined;
	const int64_t now = clock_steady_ms(), waiting = count_waiting(r);
	int64_t may = MAX(n, 0);

	if (u->batches && n <= 0 && !waiting && now - u->last_steady_ms > FORGET_MS)
		forget(r);
	if (u->batches && now < u->next_steady_ms)
		may = 0;
	/* Then one at a time, until one joins. */
	if (u->batches > 1)
		may = waiting ? 0 : MIN(may, 1);
	if (r->n_unlisted)
		may = now - r->pool->launched_steady_ms < doubled(WAIT_FIRST_MS,
								  r->n_unlisted - 1,
								  WAIT_MAX_MS)
			      ? 0
			      : MIN(may, 1);
	r->is_held |= may < n;
	tell_unjoined(r, now);
	tell_unlisted(r);
	return may;
}
