/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lead.h"

#include "check.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <string.h>

#define P95 0.95

static int64_t middle(const struct db_lead_list *l)
{
	double ms[POLICY_LEADS_MOST];

	for (size_t i = 0; i < l->n; i++)
		ms[i] = (double)l->v[i].lead_ms;
	gsl_sort(ms, 1, l->n);
	return (int64_t)gsl_stats_median_from_sorted_data(ms, 1, l->n);
}

int lead_read(struct db *db, const struct db_tier *t, struct lead *ret, struct err *err)
{
	CLEANUP(db_lead_list_done) struct db_lead_list l = { 0 };
	struct policy_leads learned;
	int rc = db_lead_list(db,
			      &(struct db_lead_filter){
				      .stack = t->stack,
				      .tier = t->name,
				      .kind = "tier",
				      .limit = POLICY_LEADS_MOST,
			      },
			      &l, err);

	if (rc < 0)
		return rc;
	*ret = (struct lead){ .count = l.n,
			      .prior = l.n < LEAD_ENOUGH,
			      .used_ms = t->lead_prior_ms };
	if (l.n)
		ret->p50_ms = middle(&l);
	if (ret->prior)
		return 0;
	policy_leads_init(&learned, MAX(ret->p50_ms, INT64_C(1)));
	for (size_t i = 0; i < l.n; i++)
		policy_leads_note(&learned, l.v[i].lead_ms);
	ret->p95_ms = policy_leads_upper(&learned, P95);
	ret->used_ms = policy_leads_planned(&learned);
	ret->overdue_ms = policy_leads_overdue(&learned);
	ret->spread = policy_leads_spread(&learned);
	return 0;
}

static int64_t late_hosts(const struct fleet *f, const char *pool, int64_t before_ms)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct db_host *h = &f->hosts[i].h;

		n += strcmp(h->pool, pool) == 0 && h->state <= DB_HOST_UP &&
		     !h->ready_ms && !h->adopted_ms && h->requested_ms < before_ms;
	}
	return n;
}

int64_t lead_count_overdue(const struct lead *l, const struct fleet *f,
			   const struct fleet_tier *ft)
{
	const int64_t before_ms = f->now_ms - l->overdue_ms;
	int64_t placed = 0, waiting = 0;

	if (l->overdue_ms <= 0)
		return 0;
	for (size_t i = 0; i < ft->n_units; i++) {
		const struct fleet_unit *u = &f->units[ft->first_unit + i];

		if (u->u.goal != DB_GOAL_RUN || u->healthy || u->failing || u->sick ||
		    u->u.healthy_ms)
			continue;
		if (u->host)
			placed += observe_lead_start(u) < before_ms;
		else
			waiting += u->u.wanted_ms < before_ms;
	}
	if (waiting)
		waiting = MIN(waiting, late_hosts(f, ft->t.pool, before_ms));
	return placed + waiting;
}

json_t *lead_json(const struct lead *l)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:b}", "p50_ms", (json_int_t)l->p50_ms,
			 "p95_ms", (json_int_t)l->p95_ms, "used_ms",
			 (json_int_t)l->used_ms, "count", (json_int_t)l->count, "prior",
			 (int)l->prior);
}
