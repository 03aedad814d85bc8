/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replay_request.h"

#include "check.h"
#include "clock.h"
#include "rule.h"
#include "server.h"
#include "text.h"
#include "tier_lookup.h"
#include "tier_options.h"

#include <string.h>

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define SHOWN 20        /* moments and differences, by default */
#define SHOWN_MAX 50000 /* more than there are minutes in 21 days */

void replay_free(void *arg)
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
/* The tier, with the capacity in use where it declares none. */
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

/* A time, or a duration before now. */
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
		       "\"%s\" must be a time (RFC 3339) or how long ago, such as 24h",
		       key);
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

/* The first changed option that does not affect a replay; NULL: there is none. */
static const char *changed_without_effect(const struct db_tier *t,
					  const struct db_tier *other)
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
	if (t->latency_max_ms != other->latency_max_ms)
		return "latency_max";
	if (t->target_utilisation != other->target_utilisation)
		return "target_utilisation";
	return t->priority != other->priority ? "priority" : NULL;
}

/* A complete section of stack.conf may be given: options that do not affect a replay must
 * be unchanged, as users would expect an effect. */
static int check_other(const struct db_tier *t, const struct db_tier *other,
		       struct err *err)
{
	const char *ignored = changed_without_effect(t, other);

	if (ignored)
		return err_set(err, ERR_INVAL,
			       "\"%s\" cannot be replayed with another value: the "
			       "recorded demand is replayed, with the learned capacity "
			       "as it is now",
			       ignored);
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

static int read_body(struct request *r, struct replay *q, struct err *err)
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
		return err_set(err, ERR_INVAL, "\"since\" must be before \"until\"");
	if (q->limit < 0 || q->limit > SHOWN_MAX)
		return err_set(err, ERR_INVAL, "\"limit\" must be from 0 to %d",
			       SHOWN_MAX);
	return read_other(r, body, q, err);
}

int replay_read(struct request *r, struct replay *ret, struct err *err)
{
	int rc = tier_in_force(r, &ret->t, ret->capacity_source, err);

	ret->db = r->api->db;
	return rc == 0 ? read_body(r, ret, err) : rc;
}
