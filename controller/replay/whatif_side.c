/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "whatif_side.h"

#include "calendar.h"
#include "check.h"
#include "simulation.h"
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
	struct fleet f = { .now_ms = now_ms, .holds = { s->holds, 0 } };

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

/* For fleet_simulate(): decides at the end of minute i. */
static size_t want(void *arg, size_t i, double demand, size_t running, size_t booting)
{
	struct side *s = arg;
	int64_t now_ms = s->stage->from_ms + (int64_t)(i + 1) * MINUTE_MS;
	struct fleet f = fleet_at(s, now_ms);
	struct decide_plan p;

	(void)demand;
	if (!isnan(s->stage->measured[i])) {
		s->moment.demand = s->stage->measured[i];
		s->moment.demand_at_ms = now_ms;
	}
	s->ft.healthy = running;
	s->ft.running = running + booting;
	tiers_try(s->trial, &f, &s->ft, &s->moment, &p);
	if (p.desired != s->ft.t.desired)
		s->ft.t.desired_since_ms = now_ms;
	s->ft.t.desired = s->desired[i] = p.desired;
	s->sentence[i] = xstrdup(p.sentence);
	report_progress(s, i + 1);
	return (size_t)p.desired;
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
					   .lead = stage->lead,
					   .tick_ms = MINUTE_MS };
	if (stage->lead.prior)
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
	struct fleet_run run;

	fleet_simulate(stage->demand, stage->n, (size_t)stage->running,
		       (size_t)((stage->lead.used_ms + MINUTE_MS - 1) / MINUTE_MS),
		       stage->capacity, want, s, &run);
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
	calendar_done(&s->cat.calendar);
	for (size_t i = 0; s->sentence && i < s->stage->n; i++)
		free(s->sentence[i]);
	free(s->sentence);
	free(s->desired);
	free(s->holds);
}
