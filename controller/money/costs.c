/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "costs.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR_MS 3600000.0
#define DAY_MS INT64_C(86400000)
#define RATE_DAYS INT64_C(7) /* a week has all of its days in it */

void costs_done(struct costs *c)
{
	free(c->v);
	db_cost_list_done(&c->rows);
}

static int64_t day_of(int64_t ms)
{
	return ms - ms % DAY_MS;
}

static int64_t month_of(int64_t ms)
{
	const time_t s = (time_t)(ms / 1000);
	struct tm tm;

	CHECK(gmtime_r(&s, &tm));
	return day_of(ms) - (tm.tm_mday - 1) * DAY_MS;
}

/* How far all was entered: hosts that are gone have no later rows. */
static int find_through(struct db *db, struct costs *c, int64_t now_ms, struct err *err)
{
	CLEANUP(db_ledger_tier_list_done) struct db_ledger_tier_list marks = { NULL, 0 };
	int rc = db_ledger_tier_list(db, &marks, err);

	for (size_t i = 0; i < marks.n; i++)
		c->through_ms = MAX(c->through_ms, marks.v[i].through_ms);
	for (size_t i = 0; i < c->rows.n; i++)
		c->through_ms = MAX(c->through_ms, c->rows.v[i].through_ms);
	c->through_ms = MIN(c->through_ms, now_ms);
	return rc;
}

static bool is_same(const struct db_cost *a, const struct db_cost *b)
{
	return strcmp(a->stack, b->stack) == 0 && strcmp(a->tier, b->tier) == 0 &&
	       strcmp(a->currency, b->currency) == 0;
}

/* The rows of a stack, from rows->v[at] on. */
static size_t count_of_stack(const struct db_cost_list *rows, size_t at)
{
	size_t n = 1;

	while (at + n < rows->n && strcmp(rows->v[at + n].stack, rows->v[at].stack) == 0)
		n++;
	return n;
}

/* The complete days of those before today, after the stack's first. */
static int64_t count_days(const struct db_cost *v, size_t n, int64_t today_ms)
{
	int64_t first_ms = today_ms;

	for (size_t i = 0; i < n; i++)
		first_ms = MIN(first_ms, v[i].day_ms);
	return MIN((today_ms - first_ms) / DAY_MS - 1, RATE_DAYS);
}

/* The n rows of a tier in a currency, by day. rate_days: see count_days(). */
static struct cost_sums sum_of(const struct costs *c, const struct db_cost *v, size_t n,
			       int64_t rate_days)
{
	const int64_t today_ms = day_of(c->through_ms);
	const double left = (double)(c->next_month_ms - c->through_ms) / (double)DAY_MS;
	struct cost_sums s = { .hour = 0 };
	double lately = 0;

	for (size_t i = 0; i < n; i++) {
		const int64_t at = (v[i].day_ms - c->month_ms) / DAY_MS;

		if (v[i].through_ms >= c->through_ms)
			s.hour = v[i].hour;
		if (v[i].day_ms == today_ms)
			s.today = v[i].amount;
		if (v[i].day_ms < today_ms &&
		    v[i].day_ms >= today_ms - rate_days * DAY_MS)
			lately += v[i].amount;
		if (v[i].day_ms < c->month_ms || at >= COST_DAYS)
			continue;
		s.days[at] += v[i].amount;
		s.month += v[i].amount;
		s.paid_ms += v[i].paid_ms;
	}
	s.projected =
		s.month + left * (rate_days > 0 ? lately / (double)rate_days
						: s.hour * (double)DAY_MS / HOUR_MS);
	return s;
}

static void add_stack(struct costs *c, const struct db_cost *v, size_t n)
{
	const int64_t days = count_days(v, n, day_of(c->through_ms));
	size_t k;

	for (size_t i = 0; i < n; i += k) {
		for (k = 1; i + k < n && is_same(&v[i], &v[i + k]);)
			k++;
		c->v[c->n++] = (struct cost_tier){
			.stack = v[i].stack,
			.tier = v[i].tier,
			.currency = v[i].currency,
			.sums = sum_of(c, &v[i], k, days),
		};
	}
}

int costs_load(struct db *db, const char *stack, int64_t now_ms, struct costs *ret,
	       struct err *err)
{
	CLEANUP(costs_done) struct costs c = { .month_ms = month_of(now_ms) };
	const int64_t lately_ms = day_of(now_ms) - (RATE_DAYS + 1) * DAY_MS;
	size_t n;
	int rc = db_cost_list(db, stack, MIN(c.month_ms, lately_ms), &c.rows, err);

	if (rc == 0)
		rc = find_through(db, &c, now_ms, err);
	if (rc < 0)
		return rc;
	c.next_month_ms = month_of(c.month_ms + COST_DAYS * DAY_MS);
	c.through_ms = MAX(c.through_ms, c.month_ms);
	c.n_days = (size_t)((c.through_ms - c.month_ms) / DAY_MS) + 1;
	c.v = xcalloc(c.rows.n + 1, sizeof(*c.v));
	for (size_t i = 0; i < c.rows.n; i += n) {
		n = count_of_stack(&c.rows, i);
		add_stack(&c, &c.rows.v[i], n);
	}
	*ret = c;
	c = (struct costs){ .n = 0 };
	return 0;
}

void cost_sums_add(struct cost_sums *to, const struct cost_sums *of)
{
	to->hour += of->hour;
	to->today += of->today;
	to->month += of->month;
	to->projected += of->projected;
	to->paid_ms += of->paid_ms;
	for (size_t i = 0; i < COST_DAYS; i++)
		to->days[i] += of->days[i];
}
