/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enter_hosts.c - the hosts' time and what is paid for it, and their launches.
 */
#include "enter.h"

#include "check.h"
#include "money.h"
#include "shares.h"
#include "stacks.h"

#define HOUR_MS 3600000.0

/* What is entered of one host. */
struct bill {
	struct page *page;
	const struct share_list *who;
	int64_t through_ms;
	const struct money *price; /* of an hour; NULL: not known */
	struct paid_terms terms;   /* in ms */
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

/* A time that is far ahead is taken for the present one. */
static int64_t not_ahead(const struct bill *b, int64_t at_ms)
{
	return is_ahead(at_ms, b->through_ms) ? b->through_ms : at_ms;
}

/* A request to end it that failed is followed by another, which has a later time. */
static int64_t end_of(const struct bill *b, const struct db_host *h)
{
	return h->state >= DB_HOST_TERMINATING && h->gone_ms ? not_ahead(b, h->gone_ms)
							     : INT64_MAX;
}

/* By a mark that was ahead the unit under way now was paid for; of a host that was
 * launched by the same clock so much of it is left as was then.
 */
static int64_t paid_of(const struct bill *b, const struct db_host *h, int64_t start_ms)
{
	const int64_t used = MAX(start_ms - h->requested_ms, (int64_t)0);

	if (is_ahead(h->requested_ms, b->through_ms))
		return start_ms + MAX(h->paid_ms - h->counted_ms, (int64_t)0);
	if (!is_ahead(h->counted_ms, b->through_ms))
		return h->paid_ms ? h->paid_ms : start_ms;
	return h->requested_ms + paid_for(b->terms, used);
}

static int64_t day_of(const struct bill *b, int64_t at_ms)
{
	const int64_t day = MAX(at_ms, b->through_ms - ENTERED_MS);

	return day - day % DAY_MS;
}

static struct db_ledger row_of(const struct bill *b, const struct share *s, int64_t at_ms)
{
	return (struct db_ledger){
		.day_ms = day_of(b, at_ms),
		.stack = (char *)(uintptr_t)s->stack,
		.tier = (char *)(uintptr_t)s->tier,
		.through_ms = b->through_ms,
	};
}

/* What that share costs; its names live as long as the page. */
static void add_cost(const struct bill *b, const struct share *s, int64_t at_ms,
		     int64_t paid_ms, double hour)
{
	if (!b->price)
		return;
	page_add_cost(b->page,
		      &(struct db_cost){
			      .day_ms = day_of(b, at_ms),
			      .stack = (char *)(uintptr_t)s->stack,
			      .tier = (char *)(uintptr_t)s->tier,
			      .currency = (char *)(uintptr_t)b->price->currency,
			      .through_ms = b->through_ms,
			      .paid_ms = paid_ms,
			      .amount = b->price->amount * (double)paid_ms / HOUR_MS,
			      .hour = hour,
		      });
}

/* Each part is rounded so that their sum is the whole. */
static void add_time(const struct bill *b, int64_t at_ms, int64_t host_ms,
		     int64_t paid_ms)
{
	const int64_t of = (int64_t)b->who->of;
	int64_t before = 0;

	for (size_t i = 0; i < b->who->n; i++) {
		const struct share *s = &b->who->v[i];
		const int64_t after = before + (int64_t)s->part;
		struct db_ledger row = row_of(b, s, at_ms);

		row.host_ms = host_ms * after / of - host_ms * before / of;
		row.paid_ms = paid_ms * after / of - paid_ms * before / of;
		page_add(b->page, &row);
		add_cost(b, s, at_ms, row.paid_ms, 0);
		before = after;
	}
}

/* Its host is there at the end of what is entered. */
static void add_rate(const struct bill *b)
{
	for (size_t i = 0; b->price && i < b->who->n; i++) {
		const struct share *s = &b->who->v[i];

		add_cost(b, s, b->through_ms - 1, 0,
			 b->price->amount * (double)s->part / (double)b->who->of);
	}
}

/* To the one that has most of it. */
static void add_launch(const struct bill *b, int64_t at_ms, bool has_failed)
{
	const struct share *most = &b->who->v[0];
	struct db_ledger row;

	for (size_t i = 1; i < b->who->n; i++)
		if (b->who->v[i].part > most->part)
			most = &b->who->v[i];
	row = row_of(b, most, at_ms);
	row.launches = 1;
	row.failed = has_failed;
	page_add(b->page, &row);
}

/* Paid for by the moment from paid_ms on. */
static void add_used(const struct bill *b, int64_t from_ms, int64_t to_ms,
		     int64_t paid_ms)
{
	while (from_ms < to_ms) {
		const int64_t end = MIN(day_of(b, from_ms) + DAY_MS, to_ms);
		const int64_t paid = end - MAX(MIN(paid_ms, end), from_ms);

		add_time(b, from_ms, end - from_ms, paid);
		from_ms = end;
	}
}

/* The units that begin before to_ms, a row for those of a day. Returns where they end. */
static int64_t add_units(const struct bill *b, int64_t paid_ms, int64_t to_ms)
{
	const int64_t unit_ms = b->terms.unit;

	while (paid_ms < to_ms) {
		const int64_t end = MIN(day_of(b, paid_ms) + DAY_MS, to_ms);
		const int64_t n = (end - paid_ms + unit_ms - 1) / unit_ms;

		add_time(b, paid_ms, 0, n * unit_ms);
		paid_ms += n * unit_ms;
	}
	return paid_ms;
}

/* What is paid for a host at least, with its launch. Returns where that ends. */
static int64_t add_least(const struct bill *b, int64_t start_ms)
{
	const int64_t least_ms = b->terms.least > 0 ? paid_for(b->terms, 1) : 0;

	if (least_ms > 0)
		add_time(b, start_ms, 0, least_ms);
	return start_ms + least_ms;
}

static void enter_time(const struct bill *b, const struct db_host *h)
{
	const int64_t mark = h->counted_ms ? h->counted_ms : h->requested_ms;
	const int64_t start = not_ahead(b, mark), end = end_of(b, h);
	const int64_t to = MIN(end, b->through_ms);
	struct db_host next = { .id = h->id,
				.counted_ms = MAX(start, to),
				.paid_ms = paid_of(b, h, start),
				.is_counted = is_over(h) && end <= b->through_ms };

	if (to <= start && start == mark && !next.is_counted)
		return;
	b->page->n_ahead += start != mark;
	if (!h->counted_ms) {
		add_launch(b, start, false);
		next.paid_ms = add_least(b, start);
	}
	add_used(b, start, to, b->terms.unit == 0 ? next.paid_ms : INT64_MAX);
	if (b->terms.unit > 0)
		next.paid_ms = add_units(b, next.paid_ms, to);
	if (end > b->through_ms)
		add_rate(b);
	next.paid_ms = MAX(next.paid_ms, to);
	page_add_host(b->page, &next);
}

/*
 * It was never a VM: its launch failed, or was no longer wanted before it was sent.
 * Should the VM appear nevertheless, its time counts.
 */
static void enter_failure(const struct bill *b, const struct db_host *h)
{
	const int64_t at = not_ahead(b, h->requested_ms);

	if (!h->counted_ms && h->state == DB_HOST_FAILED)
		add_launch(b, at, true);
	page_add_host(
		b->page,
		&(struct db_host){ .id = h->id, .counted_ms = at, .is_counted = true });
}

int enter_hosts(struct db *db, struct fleet *f, int64_t through_ms, struct page *p,
		struct err *err)
{
	CLEANUP(shares_free) struct shares *s = shares_new(f);
	CLEANUP(price_book_done) struct price_book prices = { .types.n = 0 };
	const struct db_host_filter uncounted = { .uncounted = true };
	int rc = db_host_list(db, &uncounted, &p->open, err);

	if (rc == 0)
		rc = price_book_load(db, &prices, err);
	p->money = xcalloc(p->open.n + 1, sizeof(*p->money));
	for (size_t i = 0; rc == 0 && i < p->open.n; i++) {
		const struct db_host *h = &p->open.v[i];
		const struct db_pool *pool = fleet_pool(f, h->pool);
		const bool has_price = pool && price_book_of(&prices, pool, h->type,
							     h->is_spot, &p->money[i]);
		const struct bill b = { p, shares_of(s, h), through_ms,
					has_price ? &p->money[i] : NULL,
					pool_paid_terms(pool) };

		if (has_vm(h))
			enter_time(&b, h);
		else if (is_over(h))
			enter_failure(&b, h);
	}
	return rc;
}
