/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST /v1/tiers/S/T/backtest: what the model and simple policies would have cost on the
 * tier's own demand. It takes about a second of one thread, so one runs at a time.
 */
#include "api_handlers.h"

#include "check.h"
#include "clock.h"
#include "judge.h"

#include <math.h>

#define MINUTE_MS DB_DEMAND_STEP_MS
#define DAY_MS (24 * 3600 * 1000LL)
#define HISTORY_MS (21 * DAY_MS)

struct question {
	int64_t boot_ms, play_ms;
	double risk, capacity;
};

/* The lead time that the tier's decisions use now; its prior before there is one. */
static int64_t lead_of(struct request *r, const struct db_tier *t)
{
	CLEANUP(json_decref)
	json_t *live = API_HOOK(r, tier_live) ? API_HOOK(r, tier_live)(API_HOOK(r, arg),
								       t->stack, t->name)
					      : NULL;
	const json_t *used = json_object_get(json_object_get(live, "lead"), "used_ms");

	return json_is_number(used) ? (int64_t)json_number_value(used) : t->lead_prior_ms;
}

/* {"boot","play","risk","capacity"}, each as the tier has it when absent. */
static int read_question(struct request *r, const struct db_tier *t, struct question *q,
			 struct err *err)
{
	static const char *const keys[] = { "boot", "play", "risk", "capacity", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	int rc;

	*q = (struct question){ .boot_ms = lead_of(r, t),
				.risk = t->risk_ratio,
				.capacity = t->capacity };
	if (r->body.len == 0)
		return 0;
	rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = jread_duration_opt(body, "boot", &q->boot_ms, err);
	if (rc == 0)
		rc = jread_duration_opt(body, "play", &q->play_ms, err);
	if (rc == 0)
		rc = jread_num_opt(body, "risk", &q->risk, err);
	if (rc == 0)
		rc = jread_num_opt(body, "capacity", &q->capacity, err);
	return rc;
}

static int check_question(const struct question *q, struct err *err)
{
	if (!(q->capacity > 0))
		return err_set(err, ERR_INVAL,
			       "the tier declares no capacity: give \"capacity\"");
	if (!(q->risk >= 1e-5 && q->risk <= 0.5))
		return err_set(err, ERR_INVAL, "\"risk\" must be from 0.00001 to 0.5");
	if (q->boot_ms < 0 || q->boot_ms > DAY_MS)
		return err_set(err, ERR_INVAL, "\"boot\" must be from 0 to 1d");
	if (q->play_ms < 0 || q->play_ms > HISTORY_MS)
		return err_set(err, ERR_INVAL, "\"play\" must be from 0 to 21d");
	return 0;
}

/* The newest minutes of demand, at most HISTORY_MS of them; frees with free(). */
static int read_demand(struct db *db, const struct db_tier *t, double **ret,
		       size_t *ret_n, int64_t *ret_from, struct err *err)
{
	CLEANUP(free) double *y = NULL;
	int64_t first, last, from;
	size_t n;
	int rc = db_demand_span(db, t->stack, t->name, &first, &last, err);

	if (rc < 0)
		return rc;
	if (last == 0)
		return err_set(err, ERR_CONFLICT,
			       "%s/%s has no history yet: import some, or wait", t->stack,
			       t->name);
	from = MAX(first, last - HISTORY_MS) / MINUTE_MS * MINUTE_MS;
	n = (size_t)((last - from) / MINUTE_MS + 1);
	y = xcalloc(n, sizeof(*y));
	rc = db_demand_range(db, t->stack, t->name, from, y, n, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(y);
	*ret_n = n;
	*ret_from = from;
	return 0;
}

static json_t *policies_json(const struct judge_report *j)
{
	json_t *list = json_array();

	for (int k = 0; k < JUDGE_POLICIES; k++) {
		const struct judge_row *w = &j->row[k];

		json_array_append_new(
			list,
			json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:o}", "policy",
				  judge_policy_name((enum judge_policy)k),
				  "instance_hours", json_finite(w->instance_hours),
				  "cost", json_finite(w->cost), "short",
				  json_finite(w->run.short_share), "unserved",
				  json_finite(w->run.unserved_share), "actions",
				  (json_int_t)w->run.actions, "headroom",
				  json_finite(w->headroom > 0 ? w->headroom : NAN)));
	}
	return list;
}

static json_t *report_json(const struct judge_report *j, const struct question *q,
			   int64_t from_ms)
{
	json_t *bands = json_array(), *frontier = json_array();
	int64_t start = from_ms + (int64_t)j->from * MINUTE_MS;

	for (int k = 0; k < JUDGE_BANDS; k++)
		json_array_append_new(bands,
				      json_pack("{s:f, s:o}", "level", j->band[k].level,
						"kept", json_finite(j->band[k].kept)));
	for (int k = 0; k < JUDGE_RISKS; k++)
		json_array_append_new(frontier,
				      json_pack("{s:f, s:o, s:o}", "risk",
						j->frontier[k].risk, "cost",
						json_finite(j->frontier[k].cost), "short",
						json_finite(j->frontier[k].short_share)));
	return json_pack("{s:o, s:o, s:o, s:i, s:I, s:f, s:f, s:o, s:o, s:o}",
			 "history_from", json_time(from_ms), "from", json_time(start),
			 "to", json_time(start + (int64_t)j->n * MINUTE_MS), "step_ms",
			 MINUTE_MS, "boot_ms", (json_int_t)q->boot_ms, "risk", q->risk,
			 "capacity", q->capacity, "policies", policies_json(j),
			 "promises", bands, "frontier", frontier);
}

static int play(struct request *r, const struct db_tier *t, const struct question *q,
		struct err *err)
{
	CLEANUP(judge_report_free) struct judge_report *j = NULL;
	CLEANUP(free) double *y = NULL;
	const struct demand_opts opts = {
		.step_ms = MINUTE_MS,
		.n_leads = 1,
		.lead_steps = { (size_t)((q->boot_ms + MINUTE_MS - 1) / MINUTE_MS) },
		.risk = q->risk,
		.capacity = q->capacity,
	};
	int64_t from = 0;
	size_t n = 0;
	int rc = read_demand(r->api->db, t, &y, &n, &from, err);

	if (rc == 0)
		rc = judge_backtest(y, n, from, &opts, (size_t)(q->play_ms / MINUTE_MS),
				    NULL, NULL, &j, err);
	if (rc == 0)
		reply_json(r, 200, report_json(j, q, from));
	return rc;
}

int api_tier_backtest(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	struct question q;
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = read_question(r, &t, &q, err);
	if (rc == 0)
		rc = check_question(&q, err);
	if (rc < 0)
		return rc;
	if (__atomic_exchange_n(&r->api->is_backtesting, true, __ATOMIC_ACQUIRE)) {
		r->retry_s = 2;
		return err_set(err, ERR_UNAVAIL, "another backtest is running");
	}
	rc = play(r, &t, &q, err);
	__atomic_store_n(&r->api->is_backtesting, false, __ATOMIC_RELEASE);
	return rc;
}
