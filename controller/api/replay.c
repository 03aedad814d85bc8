/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST /v1/tiers/S/T/replay: the tier's recorded decisions made again from their records,
 * and its recorded demand played with the settings in force and with others, as a job
 * (job.h). How far one is: GET.
 */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "job.h"
#include "replay.h"
#include "rule.h"
#include "samples.h"

#include <string.h>

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define PAGE 200
#define SHOWN 20        /* moments and differences, when the caller does not say */
#define SHOWN_MAX 50000 /* more than there are minutes in 21 days */

struct replay {
	struct db *db;
	struct db_tier t; /* with the capacity in force */
	char capacity_source[16];
	int64_t since_ms, until_ms, limit;
	bool has_other;
	struct db_tier other;       /* the tier with the settings of "with" */
	json_t *decisions, *played; /* what was found */
};

static void replay_free(void *arg)
{
	struct replay *q = arg;

	if (!q)
		return;
	db_tier_done(&q->t);
	db_tier_done(&q->other);
	json_decref(q->decisions);
	json_decref(q->played);
	free(q);
}
DEFINE_CLEANUP(struct replay *, replay_free);

/* ---------------------------------------------------------------- the question */

/* The tier, with the capacity that its decisions go by now where it declares none. */
static int tier_in_force(struct request *r, struct db_tier *ret, char source[16],
			 struct err *err)
{
	int rc = api_tier_of_path(r, ret, err);
	struct tier_now now;

	if (rc < 0)
		return rc;
	now = api_tier_now(r, ret);
	ret->capacity = now.capacity;
	memcpy(source, now.capacity_source, sizeof(now.capacity_source));
	return 0;
}

/* A time, or a duration back from now. */
static int read_when(const json_t *body, const char *key, int64_t now_ms, int64_t *ret,
		     struct err *err)
{
	const char *text = NULL;
	int64_t back_ms;
	int rc = jread_str_opt(body, key, &text, err);

	if (rc < 0 || !text)
		return rc;
	if (clock_parse_duration(text, &back_ms, NULL) == 0) {
		*ret = now_ms - back_ms;
		return 0;
	}
	if (clock_parse(text, ret, NULL) == 0)
		return 0;
	return err_set(err, ERR_INVAL,
		       "\"%s\" must be a time (RFC 3339) or how long ago, as 24h", key);
}

static int set_schedules(struct db_tier *t, const json_t *value, struct err *err)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	int rc = json_is_array(value)
			 ? calendar_parse(value, &c, err)
			 : err_set(err, ERR_INVAL, "\"schedule\" must be a list");

	if (rc < 0)
		return rc;
	free(t->schedule_json);
	t->schedule_json = json_dumps(value, JSON_COMPACT);
	return 0;
}

/* The first option that no decision of a play looks at and that is another one; NULL. */
static const char *changed_in_vain(const struct db_tier *t, const struct db_tier *other)
{
	const struct {
		const char *name, *in_force, *other;
	} texts[] = {
		{ "unit", t->unit, other->unit },
		{ "pool", t->pool, other->pool },
		{ "demand", t->demand, other->demand },
		{ "capacity_unit", t->capacity_unit, other->capacity_unit },
		{ "utilisation", t->utilisation, other->utilisation },
		{ "latency", t->latency, other->latency },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i].in_force, texts[i].other) != 0)
			return texts[i].name;
	if (t->target_utilisation != other->target_utilisation)
		return "target_utilisation";
	return t->priority != other->priority ? "priority" : NULL;
}

/* A whole section of stack.conf may be given: what does not matter to a play must be as
 * it is in force, else it would be expected to matter. */
static int check_other(const struct db_tier *t, const struct db_tier *other,
		       struct err *err)
{
	const char *in_vain = changed_in_vain(t, other);

	if (in_vain)
		return err_set(
			err, ERR_INVAL,
			"\"%s\" cannot be replayed with another value: demand is "
			"played as it was recorded, and a capacity that is learned "
			"as it is now",
			in_vain);
	if (other->min > other->max)
		return err_set(err, ERR_INVAL, "min %lld is above max %lld",
			       (long long)other->min, (long long)other->max);
	return 0;
}

static int set_other(struct db_tier *t, json_t *with, struct err *err)
{
	const char *key;
	json_t *value;
	int rc = 0;

	json_object_foreach(with, key, value)
	{
		rc = strcmp(key, "schedule") == 0 ? set_schedules(t, value, err)
						  : api_tier_set(t, key, value, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int read_other(struct request *r, const json_t *body, struct replay *q,
		      struct err *err)
{
	json_t *with = json_object_get(body, "with");
	char source[16];
	int rc;

	if (!with || json_is_null(with))
		return 0;
	if (!json_is_object(with))
		return err_set(err, ERR_INVAL,
			       "\"with\" must be an object of a tier's options");
	q->has_other = true;
	rc = tier_in_force(r, &q->other, source, err);
	if (rc == 0)
		rc = set_other(&q->other, with, err);
	if (rc == 0 && !(q->t.capacity > 0))
		snprintf(q->capacity_source, sizeof(q->capacity_source), "other");
	return rc == 0 ? check_other(&q->t, &q->other, err) : rc;
}

static int read_question(struct request *r, struct replay *q, struct err *err)
{
	static const char *const keys[] = { "since", "until", "with", "limit", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	int64_t now_ms = clock_now_ms();
	int rc = 0;

	q->since_ms = now_ms - DAY_MS;
	q->until_ms = now_ms;
	q->limit = SHOWN;
	if (r->body.len == 0)
		return 0;
	if ((rc = request_json(r, keys, &body, err)) < 0 ||
	    (rc = read_when(body, "since", now_ms, &q->since_ms, err)) < 0 ||
	    (rc = read_when(body, "until", now_ms, &q->until_ms, err)) < 0 ||
	    (rc = jread_int_opt(body, "limit", &q->limit, err)) < 0)
		return rc;
	if (q->since_ms <= 0 || q->since_ms >= q->until_ms)
		return err_set(err, ERR_INVAL, "\"since\" must lie before \"until\"");
	if (q->limit < 0 || q->limit > SHOWN_MAX)
		return err_set(err, ERR_INVAL, "\"limit\" must be from 0 to %d",
			       SHOWN_MAX);
	return read_other(r, body, q, err);
}

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
		"{s:o, s:o, s:I, s:I, s:I, s:b, s:f, s:s, s:I}", "from",
		json_time(w->from_ms), "to",
		json_time(w->from_ms + (int64_t)w->minutes * DB_DEMAND_STEP_MS),
		"minutes", (json_int_t)w->minutes, "missing", (json_int_t)w->missing,
		"lead_ms", (json_int_t)w->lead_ms, "lead_is_prior", (int)w->is_lead_prior,
		"capacity", w->capacity, "capacity_source", q->capacity_source,
		"differences", (json_int_t)w->n);

	for (int k = 0; k < WHATIF_SIDES; k++)
		json_object_set_new(o, side_names[k], side_json(&w->side[k]));
	for (size_t i = 0; i < MIN(w->n, (size_t)q->limit); i++)
		json_array_append_new(moments, moment_json(&w->v[i]));
	json_object_set_new(o, "moments", moments);
	return o;
}

static int play(const struct replay *q, struct api_job *job, json_t **ret,
		struct err *err)
{
	CLEANUP(whatif_free) struct whatif *w = NULL;
	int rc;

	*ret = json_null();
	if (!q->has_other)
		return 0;
	rc = whatif_simulate(q->db,
			 &(struct whatif_question){
				 .settings = { [WHATIF_IN_FORCE] = &q->t,
					       [WHATIF_OTHER] = &q->other },
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
	int rc = play(q, job, &q->played, err);

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
	int rc = tier_in_force(r, &q->t, q->capacity_source, err);

	q->db = r->api->db;
	if (rc == 0)
		rc = read_question(r, q, err);
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
