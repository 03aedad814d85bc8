/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the model and simple policies would have cost on the tier's own demand: POST
 * /v1/tiers/S/T/backtest runs a backtest, GET returns its progress and the last report.
 */
#include "handlers.h"

#include "backtest_job.h"
#include "tier_lookup.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define PLAY_MAX_MS (21 * DAY_MS)

/* {"boot","play","risk","price","capacity","dwell","action_price","mode"}, those of the
 * tier when absent; the mode is the next one. */
static int read_request(struct request *r, const struct db_tier *t,
			struct backtest_request *q, struct err *err)
{
	static const char *const keys[] = { "boot",         "play",     "risk",
					    "price",        "capacity", "dwell",
					    "action_price", "mode",     NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	const char *mode = NULL;
	int rc;

	*q = backtest_defaults(r, t, verdict_next(t->mode));
	if (r->body.len == 0)
		return 0;
	rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = jread_duration_opt(body, "boot", &q->settings.lead_ms, err);
	if (rc == 0)
		rc = jread_duration_opt(body, "play", &q->play_ms, err);
	if (rc == 0)
		rc = jread_num_opt(body, "risk", &q->settings.risk, err);
	if (json_object_get(body, "risk"))
		q->settings.price = 0;
	if (rc == 0)
		rc = jread_num_opt(body, "price", &q->settings.price, err);
	if (rc == 0)
		rc = jread_num_opt(body, "capacity", &q->settings.capacity, err);
	if (rc == 0)
		rc = jread_duration_opt(body, "dwell", &q->settings.dwell_ms, err);
	if (rc == 0)
		rc = jread_num_opt(body, "action_price", &q->settings.action_price, err);
	if (rc == 0)
		rc = jread_str_opt(body, "mode", &mode, err);
	if (rc == 0 && mode)
		rc = decide_mode_parse(mode, &q->settings.mode, err);
	if (json_object_get(body, "capacity")) {
		q->is_learned = false;
		snprintf(q->capacity_source, sizeof(q->capacity_source), "given");
	}
	return rc;
}

static int check_request(const struct backtest_request *q, struct err *err)
{
	if (!(q->settings.capacity > 0))
		return err_set(err, ERR_INVAL,
			       "the tier declares no capacity and none is learned yet: "
			       "give \"capacity\"");
	if (!(q->settings.risk >= 1e-5 && q->settings.risk <= 0.5))
		return err_set(err, ERR_INVAL, "\"risk\" must be from 0.00001 to 0.5");
	if (!(q->settings.price >= 0 && q->settings.price <= 1e9))
		return err_set(err, ERR_INVAL, "\"price\" must be from 0 to 1e9");
	if (q->settings.lead_ms < 0 || q->settings.lead_ms > DAY_MS)
		return err_set(err, ERR_INVAL, "\"boot\" must be from 0 to 1d");
	if (!(q->settings.action_price >= 0 && q->settings.action_price <= 1e6))
		return err_set(err, ERR_INVAL, "\"action_price\" must be from 0 to 1e6");
	if (q->settings.dwell_ms < 0 || q->settings.dwell_ms > 7 * DAY_MS)
		return err_set(err, ERR_INVAL, "\"dwell\" must be from 0 to 7d");
	if (q->play_ms < 0 || q->play_ms > PLAY_MAX_MS)
		return err_set(err, ERR_INVAL, "\"play\" must be from 0 to 21d");
	return 0;
}

static int answer(struct request *r, const json_t *report, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };

	if (!report)
		return err->code;
	if (api_tier_of_path(r, &t, err) < 0)
		return err->code;
	reply_json(r, 200, backtest_json(r, &t));
	return 0;
}

int api_tier_backtest(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	struct backtest_request q;
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = read_request(r, &t, &q, err);
	if (rc == 0)
		rc = check_request(&q, err);
	return rc < 0 ? rc : backtest_start(r, &t, &q, answer, err);
}

int api_tier_backtest_get(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	int rc = api_tier_of_path(r, &t, err);

	if (rc < 0)
		return rc;
	reply_json(r, 200,
		   json_pack("{s:o, s:o}", "progress",
			     json_finite(backtest_share(r->api, &t)), "backtest",
			     backtest_json(r, &t)));
	return 0;
}
