/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stacks cost this month, by currency, beside their budget and simpler scaling. */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "ledger_json.h"
#include "money.h"
#include "sorted.h"
#include "text.h"

#include <math.h>
#include <string.h>

#define HOUR_MS 3600000.0

/* All that an answer is made of. */
struct account {
	struct costs costs;
	struct db_ledger_list ledger; /* of the month, by stack and tier */
	struct db_stack_list stacks;  /* by name */
	bool days;
};

static void account_done(struct account *a)
{
	costs_done(&a->costs);
	db_ledger_list_done(&a->ledger);
	db_stack_list_done(&a->stacks);
}
DEFINE_CLEANUP_OBJECT(struct account, account_done);

/* What is beside the sums: NaN, not known, where no hour has a price. */
struct beside {
	double reactive, peak;
};

static double cents(double x)
{
	return round(x * 1e6) / 1e6;
}

/* ---------------------------------------------------------------- a tier */

static int order(const struct db_ledger *l, const char *stack, const char *tier)
{
	int c = strcmp(l->stack, stack);

	return c ? c : strcmp(l->tier, tier);
}

static const struct db_ledger *ledger_of(const struct account *a, const char *stack,
					 const char *tier)
{
	const struct db_ledger_list *l = &a->ledger;
	const size_t at = SORTED_PLACE(l->n, i, order(&l->v[i], stack, tier) < 0);

	return at < l->n && order(&l->v[at], stack, tier) == 0 ? &l->v[at] : NULL;
}

static int cost_order(const struct cost_tier *t, const char *stack, const char *tier)
{
	int c = strcmp(t->stack, stack);

	return c ? c : strcmp(t->tier, tier);
}

/* In all currencies. */
static double priced_hours(const struct account *a, const char *stack, const char *tier)
{
	const struct cost_tier *v = a->costs.v;
	size_t at = SORTED_PLACE(a->costs.n, i, cost_order(&v[i], stack, tier) < 0);
	int64_t ms = 0;

	for (; at < a->costs.n && cost_order(&v[at], stack, tier) == 0; at++)
		ms += v[at].sums.paid_ms;
	return (double)ms / HOUR_MS;
}

/* An hour of simpler scaling costs what one of the tier did in the mean. */
static struct beside beside_of(const struct account *a, const struct cost_tier *t)
{
	const struct db_ledger *l = ledger_of(a, t->stack, t->tier);
	const double hours = priced_hours(a, t->stack, t->tier);

	if (!*t->tier || !l || hours <= 0)
		return (struct beside){ NAN, NAN };
	return (struct beside){ t->sums.month * beside_reactive_hours(l) / hours,
				t->sums.month * beside_static_hours(l) / hours };
}

static json_t *sums_json(const struct account *a, const struct cost_sums *s,
			 const struct beside *b)
{
	json_t *o = json_pack("{s:f, s:f, s:f, s:f, s:o, s:o}", "hour", cents(s->hour),
			      "today", cents(s->today), "month", cents(s->month),
			      "projected", cents(s->projected), "reactive",
			      json_finite(cents(b->reactive)), "static",
			      json_finite(cents(b->peak)));
	json_t *days;

	if (!a->days)
		return o;
	days = json_array();
	for (size_t i = 0; i < a->costs.n_days; i++)
		json_array_append_new(days, json_real(cents(s->days[i])));
	json_object_set_new(o, "days", days);
	return o;
}

/* ---------------------------------------------------------------- a stack */

static json_t *budget_json(const struct account *a, const char *stack)
{
	const struct db_stack_list *l = &a->stacks;
	const size_t at = SORTED_PLACE(l->n, i, strcmp(l->v[i].name, stack) < 0);
	struct budget b;

	if (at == l->n || strcmp(l->v[at].name, stack) != 0 ||
	    !budget_judge(&a->costs, stack, l->v[at].budget, &b))
		return json_null();
	return json_pack("{s:f, s:s, s:f, s:f, s:s}", "amount", b.most.amount, "currency",
			 b.most.currency, "spent", cents(b.spent), "projected",
			 cents(b.projected), "state", budget_state_name(b.state));
}

/* Hours that were paid for at a price that is not known. */
static double unpriced_hours(const struct account *a, const char *stack)
{
	double hours = 0;

	for (size_t i = 0; i < a->ledger.n; i++) {
		const struct db_ledger *l = &a->ledger.v[i];

		if (strcmp(l->stack, stack) == 0)
			hours += (double)l->paid_ms / HOUR_MS -
				 priced_hours(a, stack, l->tier);
	}
	return fmax(cents(hours), 0);
}

static json_t *stack_json(const struct account *a, const char *stack,
			  const char *currency)
{
	struct cost_sums sum = { .hour = 0 };
	struct beside all = { 0, 0 };
	json_t *tiers = json_array(), *o;

	for (size_t i = 0; i < a->costs.n; i++) {
		const struct cost_tier *t = &a->costs.v[i];
		struct beside b;

		if (strcmp(t->stack, stack) != 0 || strcmp(t->currency, currency) != 0)
			continue;
		b = beside_of(a, t);
		cost_sums_add(&sum, &t->sums);
		all.reactive += isnan(b.reactive) ? 0 : b.reactive;
		all.peak += isnan(b.peak) ? 0 : b.peak;
		o = sums_json(a, &t->sums, &b);
		json_object_set_new(o, "tier", json_string(t->tier));
		json_array_append_new(tiers, o);
	}
	o = sums_json(a, &sum, &all);
	json_object_set_new(o, "stack", json_string(stack));
	json_object_set_new(o, "currency", json_string(currency));
	json_object_set_new(o, "unpriced_hours", json_real(unpriced_hours(a, stack)));
	json_object_set_new(o, "budget", budget_json(a, stack));
	json_object_set_new(o, "tiers", tiers);
	return o;
}

/* An item for each of its currencies, in order; for the currency "" when it has none. */
static void add_stack(const struct account *a, const char *stack, json_t *items)
{
	const char *currency = "";

	for (;;) {
		const char *next = NULL;

		for (size_t i = 0; i < a->costs.n; i++) {
			const struct cost_tier *t = &a->costs.v[i];

			if (strcmp(t->stack, stack) == 0 &&
			    strcmp(t->currency, currency) > 0 &&
			    (!next || strcmp(t->currency, next) < 0))
				next = t->currency;
		}
		if (!next && *currency)
			return;
		currency = next ? next : currency;
		json_array_append_new(items, stack_json(a, stack, currency));
		if (!next)
			return;
	}
}

/* ---------------------------------------------------------------- the request */

/* Also a stack that was removed has cost what it has. */
static int check_stack(struct request *r, const struct account *a, const char *stack,
		       struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };

	return !stack || a->costs.n || a->ledger.n
		       ? 0
		       : db_stack_get(r->api->db, stack, &s, err);
}

static int account_load(struct request *r, const char *stack, struct account *a,
			struct err *err)
{
	char month[LEDGER_MONTH_TEXT];
	const struct db_ledger_filter f = { .stack = stack, .month = month };
	int rc;

	ledger_month_now(month);
	if ((rc = costs_load(r->api->db, stack, clock_now_ms(), &a->costs, err)) < 0 ||
	    (rc = db_ledger_list(r->api->db, &f, &a->ledger, err)) < 0 ||
	    (rc = db_stack_list(r->api->db, &a->stacks, err)) < 0)
		return rc;
	return check_stack(r, a, stack, err);
}

/* Stacks that have costs or hours, in order. */
static json_t *items_of(const struct account *a)
{
	json_t *items = json_array();
	size_t i = 0, k = 0;

	while (i < a->costs.n || k < a->ledger.n) {
		const char *of_cost = i < a->costs.n ? a->costs.v[i].stack : NULL;
		const char *of_hours = k < a->ledger.n ? a->ledger.v[k].stack : NULL;
		const char *stack = !of_hours                       ? of_cost
				    : !of_cost                      ? of_hours
				    : strcmp(of_cost, of_hours) < 0 ? of_cost
								    : of_hours;

		add_stack(a, stack, items);
		while (i < a->costs.n && strcmp(a->costs.v[i].stack, stack) == 0)
			i++;
		while (k < a->ledger.n && strcmp(a->ledger.v[k].stack, stack) == 0)
			k++;
	}
	return items;
}

int api_cost_list(struct request *r, struct err *err)
{
	static const char *const keys[] = { "stack", "currency", NULL };
	CLEANUP(account_done) struct account a = { .days = false };
	struct page page;
	int rc;

	if ((rc = request_query_bool(r, "days", &a.days, err)) < 0 ||
	    (rc = request_page(r, &page, err)) < 0 ||
	    (rc = account_load(r, request_query(r, "stack"), &a, err)) < 0)
		return rc;
	reply_sorted(r, items_of(&a), &page, keys);
	return 0;
}
