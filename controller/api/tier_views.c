/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Views of a tier: explanation, decisions, lead times, series, forecast.
 */
#include "handlers.h"

#include "clock.h"
#include "ledger_json.h"
#include "tier_lookup.h"

#include <string.h>

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)
#define POINTS_MAX 20000

int api_tier_explain(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(json_decref) json_t *live = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc = api_tier_of_path(r, &t, err);

	if (rc < 0)
		return rc;
	if (!*t.explanation_json)
		return err_set(err, ERR_NOT_FOUND, "there is no decision for %s/%s yet",
			       t.stack, t.name);
	doc = json_of_text(t.explanation_json);
	if (API_HOOK(r, tier_live))
		live = API_HOOK(r, tier_live)(API_HOOK(r, arg), t.stack, t.name);
	if (json_object_get(live, "promise"))
		json_object_set(doc, "promise", json_object_get(live, "promise"));
	rc = ledger_add_kept(r->api->db, t.stack, t.name, doc, err);
	if (rc == 0)
		reply_json(r, 200, TAKE(doc));
	return rc;
}

int api_tier_decisions(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(db_decision_list_done) struct db_decision_list list = { NULL, 0 };
	struct db_page f = { .stack = r->args[0], .tier = r->args[1] };
	bool full = false;
	size_t limit;
	json_t *items;
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = request_query_time(r, "since", &f.since_ms, err);
	if (rc == 0)
		rc = request_query_time(r, "until", &f.until_ms, err);
	if (rc == 0)
		rc = request_query_bool(r, "explanations", &full, err);
	if (rc == 0)
		rc = request_page_id(r, &limit, &f.before_id, err);
	if (rc < 0)
		return rc;
	f.limit = limit + 1;
	rc = db_decision_list(r->api->db, &f, &list, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < list.n; i++)
		json_array_append_new(items, decision_json(&list.v[i], full));
	reply_items(r, items, limit, "id");
	return 0;
}

static json_t *lead_json(const struct db_lead *l)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:I}", "id", (json_int_t)l->id,
			 "kind", db_lead_kind_name(l->kind), "host", l->host, "pool",
			 l->pool, "wanted", json_time(l->wanted_ms), "healthy",
			 json_time(l->healthy_ms), "lead_ms", (json_int_t)l->lead_ms);
}

int api_tier_leads(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(db_lead_list_done) struct db_lead_list list = { NULL, 0 };
	struct db_lead_filter f = { .stack = r->args[0], .tier = r->args[1] };
	size_t limit;
	json_t *items;
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = request_query_time(r, "since", &f.since_ms, err);
	if (rc == 0)
		rc = request_page_id(r, &limit, &f.before_id, err);
	if (rc < 0)
		return rc;
	f.limit = limit + 1;
	rc = db_lead_list(r->api->db, &f, &list, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < list.n; i++)
		json_array_append_new(items, lead_json(&list.v[i]));
	reply_items(r, items, limit, "id");
	return 0;
}

/* ?step=, in full seconds; by default for about 300 points. */
static int read_step(struct request *r, int64_t from, int64_t to, int64_t *ret,
		     struct err *err)
{
	int64_t step = ((to - from) / 300 + 999) / 1000 * 1000;
	int rc = request_query_duration(r, "step", &step, err);

	if (rc < 0)
		return rc;
	if (step < 1000 || (to - from) / step > POINTS_MAX)
		return err_set(err, ERR_INVAL,
			       "step must be at least 1s and give at most %d points",
			       POINTS_MAX);
	*ret = step;
	return 0;
}

int api_tier_series(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	int64_t from, to, step = 0;
	json_t *doc;
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = request_span(r, 2 * HOUR_MS, &from, &to, err);
	if (rc == 0)
		rc = read_step(r, from, to, &step, err);
	if (rc < 0)
		return rc;
	if (!API_HOOK(r, tier_series))
		return request_absent(err, "the metrics store");
	rc = API_HOOK(r, tier_series)(API_HOOK(r, arg), t.stack, t.name, from, to, step,
				      &doc, err);
	if (rc == 0)
		reply_json(r, 200, doc);
	return rc;
}

int api_tier_forecast(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	int64_t horizon = 2 * HOUR_MS;
	json_t *doc;
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = request_query_duration(r, "horizon", &horizon, err);
	if (rc < 0)
		return rc;
	if (horizon < 60000 || horizon > 14 * DAY_MS)
		return err_set(err, ERR_INVAL, "horizon must be from 1m to 14d");
	if (!API_HOOK(r, forecast))
		return request_absent(err, "the predictor");
	rc = API_HOOK(r, forecast)(API_HOOK(r, arg), t.stack, t.name, horizon, &doc, err);
	if (rc == 0)
		reply_json(r, 200, doc);
	return rc;
}
