/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enter_hosts.c - the hosts' time and what is paid for it, and their launches.
 */
#include "enter.h"

#include "check.h"
#include "shares.h"
#include "stacks.h"

/* What is entered of one host. */
struct bill {
	struct db *db;
	const struct share_list *who;
	int64_t through_ms;
};

/* Its VM exists, or did: the launch has succeeded, or its agent has joined. */
static bool has_vm(const struct db_host *h)
{
	return *h->vm_id || h->joined_ms;
}

static bool is_over(const struct db_host *h)
{
	return h->state == DB_HOST_GONE || h->state == DB_HOST_FAILED;
}

/* A request to end it that failed is followed by another, which has a later time. */
static int64_t end_of(const struct db_host *h)
{
	return h->state >= DB_HOST_TERMINATING && h->gone_ms ? h->gone_ms : INT64_MAX;
}

static int64_t day_of(const struct bill *b, int64_t at_ms)
{
	const int64_t day = MAX(at_ms, b->through_ms - ENTERED_MS);

	return day - day % DAY_MS;
}

/* Each part is rounded so that their sum is the whole. */
static int add_time(const struct bill *b, int64_t at_ms, int64_t host_ms, int64_t paid_ms,
		    struct err *err)
{
	const int64_t of = (int64_t)b->who->of;
	int64_t before = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->who->n; i++) {
		const struct share *s = &b->who->v[i];
		const int64_t after = before + (int64_t)s->part;
		const struct db_ledger l = {
			.stack = (char *)(uintptr_t)s->stack,
			.tier = (char *)(uintptr_t)s->tier,
			.through_ms = b->through_ms,
			.host_ms = host_ms * after / of - host_ms * before / of,
			.paid_ms = paid_ms * after / of - paid_ms * before / of,
		};

		rc = db_ledger_add(b->db, day_of(b, at_ms), &l, err);
		before = after;
	}
	return rc;
}

/* To the one that has most of it. */
static int add_launch(const struct bill *b, int64_t at_ms, bool has_failed,
		      struct err *err)
{
	const struct share *most = &b->who->v[0];

	for (size_t i = 1; i < b->who->n; i++)
		if (b->who->v[i].part > most->part)
			most = &b->who->v[i];
	return db_ledger_add(b->db, day_of(b, at_ms),
			     &(struct db_ledger){
				     .stack = (char *)(uintptr_t)most->stack,
				     .tier = (char *)(uintptr_t)most->tier,
				     .launches = 1,
				     .failed = has_failed,
			     },
			     err);
}

static int add_used(const struct bill *b, int64_t from_ms, int64_t to_ms, bool is_paid,
		    struct err *err)
{
	int rc = 0;

	while (rc == 0 && from_ms < to_ms) {
		const int64_t end = MIN(day_of(b, from_ms) + DAY_MS, to_ms);

		rc = add_time(b, from_ms, end - from_ms, is_paid ? end - from_ms : 0,
			      err);
		from_ms = end;
	}
	return rc;
}

/* The units that begin before to_ms. */
static int add_paid(const struct bill *b, int64_t billing_ms, int64_t to_ms,
		    int64_t *paid_ms, struct err *err)
{
	int rc = 0;

	while (rc == 0 && *paid_ms < to_ms) {
		rc = add_time(b, *paid_ms, 0, billing_ms, err);
		*paid_ms += billing_ms;
	}
	return rc;
}

static int enter_time(const struct bill *b, const struct db_host *h, int64_t billing_ms,
		      struct err *err)
{
	const int64_t start = h->counted_ms ? h->counted_ms : h->requested_ms;
	const int64_t end = end_of(h), to = MIN(end, b->through_ms);
	const bool is_final = is_over(h) && end <= b->through_ms;
	int64_t paid = h->paid_ms ? h->paid_ms : start;
	int rc = 0;

	if (to <= start && !is_final)
		return 0;
	if (!h->counted_ms)
		rc = add_launch(b, start, false, err);
	if (rc == 0)
		rc = add_used(b, start, to, billing_ms == 0, err);
	if (rc == 0 && billing_ms > 0)
		rc = add_paid(b, billing_ms, to, &paid, err);
	if (rc < 0)
		return rc;
	return db_host_count(b->db, h->id, MAX(start, to), MAX(paid, to), is_final, err);
}

/* It failed before it was a VM; should that appear nevertheless, its time counts. */
static int enter_failure(const struct bill *b, const struct db_host *h, struct err *err)
{
	int rc = 0;

	if (!h->counted_ms)
		rc = add_launch(b, h->requested_ms, true, err);
	return rc < 0 ? rc : db_host_count(b->db, h->id, h->requested_ms, 0, true, err);
}

static int enter_host(struct db *db, const struct fleet *f, struct shares *s,
		      const struct db_host *h, int64_t through_ms, struct err *err)
{
	const struct db_pool *p = stack_pool_in(&f->pools, h->pool);
	const struct bill b = { db, shares_of(s, h), through_ms };

	if (has_vm(h))
		return enter_time(&b, h, p ? p->billing_ms : 0, err);
	return is_over(h) ? enter_failure(&b, h, err) : 0;
}

int enter_hosts(struct db *db, struct fleet *f, int64_t through_ms, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { NULL, 0 };
	CLEANUP(shares_free) struct shares *s = shares_new(f);
	const struct db_host_filter open = { .uncounted = true };
	int rc = db_host_list(db, &open, &l, err);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = enter_host(db, f, s, &l.v[i], through_ms, err);
	return rc;
}
