/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Import of a tier's history: "timestamp,value" lines or JSON into minutes.
 */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "metrics.h"
#include "tier_lookup.h"

#include <math.h>
#include <string.h>

#define GAP_MAX_MS (2 * 3600 * 1000LL) /* longer steps are too coarse */

static int read_time(const json_t *t, int64_t *ret, struct err *err)
{
	if (json_is_string(t))
		return clock_parse(json_string_value(t), ret, err);
	if (!json_is_number(t))
		return err_set(err, ERR_INVAL, "a time is RFC 3339 or Unix seconds");
	*ret = (int64_t)llround(json_number_value(t) * 1000);
	return 0;
}

/* {"points":[[time, value], ..]}; null is a gap. */
static int read_json(struct request *r, struct csv_points *p, struct err *err)
{
	static const char *const keys[] = { "points", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	json_t *list, *pair;
	int64_t t;
	size_t i;
	int rc = request_json(r, keys, &body, err);

	if (rc < 0)
		return rc;
	list = json_object_get(body, "points");
	if (!json_is_array(list))
		return err_set(err, ERR_INVAL, "\"points\" must be a list of pairs");
	json_array_foreach(list, i, pair)
	{
		const json_t *v = json_array_get(pair, 1);

		if (json_is_null(v))
			continue;
		rc = json_is_number(v) ? read_time(json_array_get(pair, 0), &t, err)
				       : err_set(err, ERR_INVAL, "not [time, value]");
		if (rc == 0)
			rc = csv_add(p, t, json_number_value(v), i, err);
		if (rc < 0)
			return err_wrap(err, rc, "point %zu", i);
	}
	return 0;
}

int api_tier_history(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(csv_points_done) struct csv_points p = { .max = HISTORY_POINTS_MAX };
	CLEANUP(history_done) struct history h = { 0 };
	const char *type = request_header(r, "Content-Type");
	size_t added = 0;
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = api_tier_of_path(r, &t, err);
	if (rc == 0)
		rc = type && strncasecmp(type, "application/json", 16) == 0
			     ? read_json(r, &p, err)
			     : csv_read(buf_str(&r->body), r->body.len, &p, err);
	if (rc == 0)
		rc = history_minutes(&p, &h, err);
	if (rc == 0 && h.step_ms > GAP_MAX_MS)
		rc = err_set(err, ERR_INVAL,
			     "the values are more than two hours apart: too coarse");
	if (rc == 0 && !dry_run)
		rc = history_import(r->api->db, t.stack, t.name, &h, clock_now_ms(),
				    &added, err);
	if (rc < 0)
		return rc;
	if (!dry_run) {
		api_event(r, "history-imported", t.stack, t.name, "",
			  "%s imported %zu values for %s/%s", r->who, p.n, t.stack,
			  t.name);
		api_poke(r, "history");
	}
	reply_json(r, 200,
		   json_pack("{s:I, s:I, s:I, s:o, s:o, s:b}", "values", (json_int_t)p.n,
			     "minutes", (json_int_t)h.n, "added", (json_int_t)added,
			     "from", json_time(p.v[0].t_ms), "to",
			     json_time(p.v[p.n - 1].t_ms), "applied", !dry_run));
	return 0;
}
