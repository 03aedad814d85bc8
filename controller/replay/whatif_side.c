/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "whatif_side.h"

#include "calendar.h"
#include "check.h"
#include "stacks.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_held(const struct db_hold *h, int64_t now_ms)
{
	return h->created_ms <= now_ms && (!h->expires_ms || h->expires_ms > now_ms) &&
	       (!h->released_ms || h->released_ms > now_ms);
}

/* The fleet at this moment, as far as a decision uses it. */
static struct fleet fleet_at(struct side *s, int64_t now_ms)
{
	struct fleet f = { .now_ms = now_ms,
			   .pools = s->stage->pools,
			   .tiers = s->stage->tiers,
			   .n_tiers = s->stage->n_tiers,
			   .holds = { s->holds, 0 } };

	for (size_t i = 0; i < s->stage->holds.n; i++)
		if (is_held(&s->stage->holds.v[i], now_ms))
			s->holds[f.holds.n++] = s->stage->holds.v[i];
	return f;
}

static void report_progress(const struct side *s, size_t minutes)
{
	const struct whatif_question *q = s->question;

	if (q->progress)
		q->progress(q->arg,
			    ((double)s->before + (double)minutes / (double)s->stage->n) /
				    WHATIF_SIDES);
}

/* What an instance serves is known as it was in minute i. */
static void learn_capacity(struct side *s, size_t i)
{
	const struct terms *t = &s->stage->terms;

	if (!t->capacity || i >= s->stage->n)
		return;
	fleet_set_capacity(s->sim, t->capacity[i]);
	if (s->is_learning)
		s->ft.t.capacity = t->capacity[i];
}

/* A fleet_want_fn: the end of minute i. */
static size_t decide_minute(void *arg, const struct fleet_now *now)
{
	struct side *s = arg;
	const size_t i = now->i;
	int64_t now_ms = s->stage->from_ms + (int64_t)(i + 1) * MINUTE_MS;
	struct fleet f = fleet_at(s, now_ms);
	struct decide_plan p;

	if (!isnan(s->stage->measured[i])) {
		s->moment.demand = s->stage->measured[i];
		s->moment.demand_at_ms = now_ms;
	}
	learn_capacity(s, i + 1);
	s->moment.ending = now->ending;
	s->moment.overdue = (int64_t)now->overdue;
	s->ft.healthy = now->running;
	s->ft.running = now->running + now->booting;
	tiers_try(s->trial, &f, &s->ft, &s->moment, &p);
	if (p.desired != s->ft.t.desired)
		s->ft.t.desired_since_ms = now_ms;
	s->ft.t.desired = s->desired[i] = p.desired;
	s->sentence[i] = xstrdup(p.sentence);
	report_progress(s, i + 1);
	return (size_t)(s->moment.budget >= 0 ? MIN(p.desired, s->moment.budget)
					      : p.desired);
}

int side_init(struct side *s, const struct stage *stage, const struct db_tier *t,
	      struct err *err)
{
	CLEANUP(json_decref) json_t *schedules = NULL;
	struct calendar calendar = { 0 };
	int rc = 0;

	s->stage = stage;
	s->trial = tiers_new_trial(stage->db);
	s->holds = xcalloc(stage->holds.n + 1, sizeof(*s->holds));
	s->desired = xcalloc(stage->n, sizeof(*s->desired));
	s->sentence = xcalloc(stage->n, sizeof(*s->sentence));
	s->ft = (struct fleet_tier){ .t = *t, .cat = &s->cat };
	s->ft.t.desired = stage->running;
	s->moment = (struct tiers_moment){ .demand = NAN,
					   .lead = stage->terms.lead,
					   .budget = stage->terms.room,
					   .budget_name = stage->terms.room_name,
					   .tick_ms = MINUTE_MS };
	s->is_learning = t->capacity == stage->capacity;
	if (stage->terms.lead.prior)
		s->moment.lead.used_ms = t->lead_prior_ms;
	if (t->schedule_json && *t->schedule_json)
		rc = json_parse(t->schedule_json, strlen(t->schedule_json), "schedules",
				&schedules, err);
	if (rc == 0)
		rc = calendar_parse(schedules, &calendar, err);
	s->cat = stage->cat;
	s->cat.calendar = calendar;
	return rc;
}

void side_simulate(struct side *s, struct whatif_side *ret)
{
	const struct stage *stage = s->stage;
	const struct policy_settings p =
		tier_policy_settings(&s->ft.t, stack_pool_in(&stage->pools, s->ft.t.pool),
				     stage->terms.lead.used_ms);
	struct fleet_terms terms = terms_of_fleet(&stage->terms, &p);
	struct fleet_run run;

	terms.capacity = stage->capacity;
	s->sim = fleet_sim_new(&terms, stage->n, (size_t)stage->running);
	learn_capacity(s, 0);
	for (size_t i = 0; i < stage->n; i++)
		fleet_step(s->sim, stage->demand[i], decide_minute, s);
	fleet_result(s->sim, &run);
	free(run.running);
	*ret = (struct whatif_side){
		.instance_hours = run.instance_steps * (double)MINUTE_MS / 3600000.0,
		.short_share = run.short_share * (double)stage->n /
			       (double)(stage->n - stage->missing),
		.unserved_share = run.unserved_share,
		.changes = run.actions,
	};
	for (size_t i = 0; i < stage->n; i++)
		ret->largest = MAX(ret->largest, s->desired[i]);
}

void side_done(struct side *s)
{
	tiers_free(s->trial);
	fleet_sim_free(s->sim);
	calendar_done(&s->cat.calendar);
	for (size_t i = 0; s->sentence && i < s->stage->n; i++)
		free(s->sentence[i]);
	free(s->sentence);
	free(s->desired);
	free(s->holds);
}
