/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST /v1/tiers/S/T/replay: repeats the tier's recorded decisions from their records,
 * and simulates its recorded demand with the current and with other settings, as a job
 * (job.h). GET returns its progress.
 */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "job.h"
#include "replay.h"
#include "replay_request.h"
#include "samples.h"
#include "tier_lookup.h"

#include <string.h>

#define PAGE 200

/* ---------------------------------------------------------------- repeating */

struct tally {
	json_int_t repeated, equal, without;
	json_t *different;
};

static json_t *difference_json(const struct db_decision *d, const struct repeat *p)
{
	json_t *o = json_pack("{s:I, s:o, s:s, s:s, s:s, s:s?}", "id", (json_int_t)d->id,
			      "at", json_time(d->at_ms), "field", p->field, "version",
			      p->version, "recorded", p->recorded ? p->recorded : "",
			      "repeated", p->repeated);

	return o ? o : json_null();
}

static void count(const struct db_decision *d, size_t limit, struct tally *t)
{
	CLEANUP(repeat_done) struct repeat p = { 0 };

	repeat_decision(d, &p);
	if (p.outcome == REPEAT_NO_RECORD) {
		t->without++;
		return;
	}
	t->repeated++;
	t->equal += p.outcome == REPEAT_EQUAL;
	if (p.outcome != REPEAT_EQUAL && json_array_size(t->different) < limit)
		json_array_append_new(t->different, difference_json(d, &p));
}

static int repeat_all(const struct replay *q, json_t **ret, struct err *err)
{
	struct db_page page = { .stack = q->t.stack,
				.tier = q->t.name,
				.since_ms = q->since_ms,
				.until_ms = q->until_ms,
				.limit = PAGE };
	CLEANUP(json_decref) json_t *different = json_array();
	struct tally t = { .different = different };

	do {
		CLEANUP(db_decision_list_done) struct db_decision_list l = { NULL, 0 };
		int rc = db_decision_list(q->db, &page, &l, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < l.n; i++)
			count(&l.v[i], (size_t)q->limit, &t);
		page.before_id = l.n == PAGE ? l.v[l.n - 1].id : 0;
	} while (page.before_id);
	*ret = json_pack("{s:I, s:I, s:I, s:O}", "repeated", t.repeated, "equal", t.equal,
			 "without_record", t.without, "different", different);
	return 0;
}

/* ---------------------------------------------------------------- playing */

static const char *const side_names[WHATIF_SIDES] = { "in_force", "other" };

static json_t *side_json(const struct whatif_side *s)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:I}", "instance_hours",
			 json_finite(s->instance_hours), "short",
			 json_finite(s->short_share), "unserved",
			 json_finite(s->unserved_share), "changes",
			 (json_int_t)s->changes, "largest", (json_int_t)s->largest);
}

static json_t *moment_json(const struct whatif_moment *m)
{
	json_t *o = json_pack("{s:o, s:I}", "at", json_time(m->at_ms), "for_ms",
			      (json_int_t)m->for_ms);

	for (int k = 0; k < WHATIF_SIDES; k++)
		json_object_set_new(o, side_names[k],
				    json_pack("{s:I, s:s}", "desired",
					      (json_int_t)m->desired[k], "sentence",
					      m->sentence[k]));
	return o;
}

static json_t *played_json(const struct whatif *w, const struct replay *q)
{
	json_t *moments = json_array();
	json_t *o = json_pack(
		"{s:o, s:o, s:I, s:I, s:I, s:b, s:I, s:f, s:s, s:o, s:o, s:I}", "from",
		json_time(w->from_ms), "to",
		json_time(w->from_ms + (int64_t)w->minutes * DB_DEMAND_STEP_MS),
		"minutes", (json_int_t)w->minutes, "missing", (json_int_t)w->missing,
		"lead_ms", (json_int_t)w->lead_ms, "lead_is_prior", (int)w->is_lead_prior,
		"boots", (json_int_t)w->boots, "capacity", w->capacity, "capacity_source",
		q->capacity_source, "capacity_from", json_time(w->learned_from_ms),
		"room", w->room >= 0 ? json_integer(w->room) : json_null(), "differences",
		(json_int_t)w->n);

	for (int k = 0; k < WHATIF_SIDES; k++)
		json_object_set_new(o, side_names[k], side_json(&w->side[k]));
	for (size_t i = 0; i < MIN(w->n, (size_t)q->limit); i++)
		json_array_append_new(moments, moment_json(&w->v[i]));
	json_object_set_new(o, "moments", moments);
	return o;
}

static int simulate(const struct replay *q, struct api_job *job, json_t **ret,
		    struct err *err)
{
	CLEANUP(whatif_free) struct whatif *w = NULL;
	int rc;

	*ret = json_null();
	if (!q->has_other)
		return 0;
	rc = whatif_simulate(
		q->db,
		&(struct whatif_question){
			.settings = { [WHATIF_IN_FORCE] = &q->t,
				      [WHATIF_OTHER] = &q->other },
			.is_learned = strcmp(q->capacity_source, "declared") != 0,
			.from_ms = q->since_ms,
			.to_ms = q->until_ms,
			.progress = api_job_progress,
			.arg = job,
		},
		&w, err);
	if (rc == 0)
		*ret = played_json(w, q);
	return rc;
}

/* ---------------------------------------------------------------- the job */

static int work(void *arg, struct api_job *job, struct err *err)
{
	struct replay *q = arg;
	int rc = simulate(q, job, &q->played, err);

	return rc == 0 ? repeat_all(q, &q->decisions, err) : rc;
}

static int answer(struct request *r, void *arg, int rc, struct err *err)
{
	const struct replay *q = arg;

	(void)err;
	if (rc < 0)
		return rc;
	reply_json(r, 200,
		   json_pack("{s:s, s:s, s:o, s:o, s:s, s:O, s:O}", "stack", q->t.stack,
			     "tier", q->t.name, "since", json_time(q->since_ms), "until",
			     json_time(q->until_ms), "version", FORETIDE_VERSION,
			     "decisions", q->decisions, "played", q->played));
	return 0;
}

static const struct api_job_kind kind = { "replay", work, answer, replay_free };

int api_tier_replay(struct request *r, struct err *err)
{
	CLEANUP(replay_free) struct replay *q = xcalloc(1, sizeof(*q));
	int rc = replay_read(r, q, err);

	if (rc == 0)
		rc = api_job_start(r, &kind, &q->t, q, err);
	if (rc == 0)
		(void)TAKE(q);
	return rc;
}

int api_tier_replay_get(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		reply_json(r, 200,
			   json_pack("{s:o}", "progress",
				     json_finite(api_job_share(r->api, &kind, &t))));
	return rc;
}
