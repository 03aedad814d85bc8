/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST /v1/tiers/S/T/promote: puts a tier into the next mode if a backtest on its own
 * past shows that it is eligible, or by force. PATCH sets it back.
 */
#include "handlers.h"

#include "backtest_job.h"
#include "check.h"
#include "clock.h"
#include "tier_lookup.h"
#include "tier_tag.h"
#include "utf8.h"

#include <string.h>

struct promote_request {
	enum db_mode to;
	bool force, dry_run;
};

/* {"to","force","dry_run"}, all optional; ?dry_run= is the same as dry_run. */
static int read_request(struct request *r, const struct db_tier *t,
			struct promote_request *ret, struct err *err)
{
	static const char *const keys[] = { "to", "force", "dry_run", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	struct promote_request w = { .to = verdict_next(t->mode) };
	const char *to = NULL;
	int mode, rc = request_dry_run(r, &w.dry_run, err);

	if (rc == 0 && r->body.len > 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0 && body)
		rc = jread_str_opt(body, "to", &to, err);
	if (rc == 0 && body)
		rc = jread_bool_opt(body, "force", &w.force, err);
	if (rc == 0 && body)
		rc = jread_bool_opt(body, "dry_run", &w.dry_run, err);
	if (rc < 0)
		return rc;
	mode = to ? db_mode_from_name(to) : (int)w.to;
	if (mode != DB_MODE_OUT && mode != DB_MODE_AUTO)
		return err_set(err, ERR_INVAL, "\"to\" must be out or auto");
	w.to = (enum db_mode)mode;
	*ret = w;
	return 0;
}

static int write_mode(struct request *r, struct db_tier *t,
		      const struct promote_request *w, const struct verdict *v,
		      struct err *err)
{
	const char *from = db_mode_name(t->mode);
	int rc;

	t->mode = w->to;
	rc = db_tier_put(r->api->db, t, err);
	if (rc < 0)
		return rc;
	api_event(r, "tier-promoted", t->stack, t->name, "",
		  "%s promoted %s/%s from %s to %s%s: %s", r->who, t->stack, t->name,
		  from, db_mode_name(w->to), v->promote ? "" : " by force, although",
		  v->why);
	api_poke(r, "tier");
	return 0;
}

static void reply(struct request *r, const struct db_tier *t, enum db_mode from,
		  const struct promote_request *w, const struct verdict *v)
{
	char tag[TIER_TAG];

	tier_tag(t, tag);
	reply_json(r, 200,
		   json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:o}", "plan", tag,
			     "stack", t->stack, "tier", t->name, "from",
			     db_mode_name(from), "to", db_mode_name(w->to), "applied",
			     !w->dry_run, "forced", w->force && !v->promote, "verdict",
			     verdict_json(v, from), "backtest", backtest_json(r, t)));
}

/* report NULL: there is no backtest, for the reason in err. */
static int finish(struct request *r, const json_t *report, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	struct verdict v = { .promote = false };
	struct promote_request w;
	enum db_mode from;

	if (!report)
		snprintf(v.why, sizeof(v.why), "%.*s", (int)utf8_fit(err->msg, 300),
			 err->msg);
	if (api_tier_of_path(r, &t, err) < 0 || read_request(r, &t, &w, err) < 0 ||
	    tier_check_match(r, &t, err) < 0)
		return err->code;
	v.to = w.to;
	from = t.mode;
	if (report) {
		const struct verdict_tier now = backtest_tier(r, &t, w.to);
		const struct verdict_report facts = backtest_facts(report);

		verdict_give(&now, &facts, w.to, clock_now_ms(), &v);
	}
	if (!w.dry_run && !w.force && !v.promote)
		return err_set(err, ERR_CONFLICT, "%s/%s stays in mode %s: %s", t.stack,
			       t.name, db_mode_name(from), v.why);
	if (!w.dry_run && write_mode(r, &t, &w, &v, err) < 0)
		return err->code;
	reply(r, &t, from, &w, &v);
	return 0;
}

/* By the last backtest if it is still valid, else by a new one. */
static int judge(struct request *r, const struct db_tier *t, enum db_mode to,
		 struct err *err)
{
	const struct verdict_tier now = backtest_tier(r, t, to);
	const struct backtest_request q = backtest_defaults(r, t, to);
	CLEANUP(json_decref) json_t *last = backtest_json(r, t);
	const struct verdict_report facts = backtest_facts(last);
	int rc;

	if (verdict_is_fresh(&now, &facts, clock_now_ms()))
		return finish(r, last, err);
	if (!(now.capacity > 0)) {
		(void)err_set(err, ERR_CONFLICT,
			      "the capacity of one instance is not known");
		return finish(r, NULL, err);
	}
	rc = backtest_start(r, t, &q, finish, err);
	return rc == ERR_CONFLICT ? finish(r, NULL, err) : rc;
}

int api_tier_promote(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	struct promote_request w;
	int rc = api_tier_of_path(r, &t, err);

	if (rc == 0)
		rc = read_request(r, &t, &w, err);
	if (rc == 0)
		rc = tier_check_match(r, &t, err);
	if (rc < 0)
		return rc;
	if (w.to <= t.mode)
		return err_set(
			err, ERR_CONFLICT,
			"%s/%s is already in mode %s; to go back, set mode in stack.conf "
			"or in the dashboard",
			t.stack, t.name, db_mode_name(t.mode));
	return judge(r, &t, w.to, err);
}
