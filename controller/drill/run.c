/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run.h"

#include "check.h"
#include "clock.h"
#include "failed_requests.h"
#include "look.h"
#include "refuse.h"
#include "text.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 200
#define SETTLE_MS 3000
#define RECOVER_MS 900000
#define NOTHING_MS 5000
#define COUNTED_AFTER 2 /* reports of agents that a count waits for */

static int64_t or_usual(int64_t ms, int64_t usual)
{
	return ms ? ms : usual;
}

/* A step that is under way. */
struct step {
	struct run *r;
	enum report_step kind;
	json_t *doc; /* borrowed */
	struct watch watch;
	char host[64]; /* the one that is taken; "": none */
	int64_t from_ms;
	json_t *problems; /* at the last look */
};

/* ---------------------------------------------------------------- looking */

static int look_once(struct step *s, struct look *ret, struct err *err)
{
	const struct drill_ops *ops = &s->r->o->ops;
	int rc = look_read(s->r->o->db, s->r->stack, ret, err);

	if (rc < 0)
		return rc;
	json_decref(s->problems);
	s->problems = ops->problems ? ops->problems(ops->arg) : NULL;
	watch_see(&s->watch, ret, s->kind == REPORT_KILL, s->problems, clock_mono_ms());
	return 0;
}

/* What ends a drill at once. */
static int check_trouble(const struct step *s, struct err *err)
{
	const struct watch *w = &s->watch;

	if (s->r->should_end(s->r->of))
		return err_set(err, ERR_UNAVAIL, "the controller is being stopped");
	if (w->nothing_since_ms >= 0 && w->last_mono_ms - w->nothing_since_ms >
						or_usual(s->r->o->nothing_ms, NOTHING_MS))
		return err_set(err, ERR_CONFLICT, "the tier %s has nothing that serves",
			       w->nothing);
	return refuse_hold(s->r->o->db, s->r->stack, clock_now_ms(), err);
}

/* The host that was killed is known to be gone, all serve, all hosts are up, and no
 * problem is left. */
static int check_well(const struct step *s, const struct look *l, struct err *err)
{
	int rc = look_check_well(l, err);

	if (rc == 0 && s->kind == REPORT_KILL && look_host(l, s->host))
		rc = err_set(err, ERR_CONFLICT, "host %s is not known to be gone",
			     s->host);

	return rc < 0 ? rc : refuse_problems(s->problems, err);
}

/* All is well, and all have served for a time. */
static bool has_recovered(const struct step *s, const struct look *l)
{
	const int64_t settle_ms = or_usual(s->r->o->settle_ms, SETTLE_MS);
	const struct watch *w = &s->watch;

	return check_well(s, l, NULL) == 0 && w->well_since_ms >= 0 &&
	       w->last_mono_ms - w->well_since_ms >= settle_ms;
}

/* Looks until a time, or until it has recovered, which must be by then. */
static int look_until(struct step *s, int64_t until_mono_ms, bool recovers,
		      struct err *err)
{
	for (;;) {
		CLEANUP(look_done) struct look l = { .stack = "" };
		int rc = look_once(s, &l, err);

		if (rc == 0)
			rc = check_trouble(s, err);
		if (rc < 0 || (recovers && has_recovered(s, &l)))
			return rc;
		if (clock_mono_ms() >= until_mono_ms) {
			rc = recovers ? check_well(s, &l, err) : 0;
			return rc < 0 ? err_wrap(err, rc, "it has not recovered") : rc;
		}
		s->r->wait(s->r->of, or_usual(s->r->o->look_ms, LOOK_MS));
	}
}

/* ---------------------------------------------------------------- the faults */

static int kill_host(struct step *s, struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	const struct drill_ops *ops = &s->r->o->ops;
	int rc = db_host_get(s->r->o->db, s->host, &h, err);

	if (rc < 0)
		return rc;
	report_say(&s->r->report, "kills host %s", s->host);
	return ops->kill_host(ops->arg, &h, err);
}

static int cut_host(struct step *s, struct err *err)
{
	const struct drill_ops *ops = &s->r->o->ops;
	int rc;

	report_say(&s->r->report, "cuts host %s off for %lld s", s->host,
		   (long long)(s->r->for_ms / 1000));
	ops->cut_host(ops->arg, s->host);
	rc = look_until(s, clock_mono_ms() + s->r->for_ms, false, err);
	ops->cut_host(ops->arg, "");
	if (rc == 0)
		report_say(&s->r->report, "host %s can reach the controller again",
			   s->host);
	return rc;
}

static int stop_controller(struct step *s, struct err *err)
{
	const struct drill_ops *ops = &s->r->o->ops;
	int rc;

	report_say(&s->r->report,
		   "stops the controller for %lld s: nothing answers until "
		   "then",
		   (long long)(s->r->for_ms / 1000));
	/* Those who follow it read this before. */
	rc = look_until(s, clock_mono_ms() + or_usual(s->r->o->settle_ms, SETTLE_MS),
			false, err);
	if (rc == 0)
		rc = ops->stop(ops->arg, s->r->for_ms, s->r->should_end, s->r->of, err);
	if (rc == 0)
		report_say(&s->r->report, "the controller goes on");
	return rc;
}

/* ---------------------------------------------------------------- a step */

/*
 * The one to kill or to cut off. A host that took over units of the killed one is left
 * alone: a unit that loses two hosts would be taken for the cause. No host and no error:
 * there is only such.
 */
static int choose_host(struct step *s, const struct look *l, const struct db_host **ret,
		       struct err *err)
{
	const json_t *moved =
		json_object_get(report_step(&s->r->report, REPORT_KILL), "units");
	int rc;

	if (s->kind == REPORT_KILL)
		return look_choose(l, s->r->host, NULL, ret, err);
	if (look_choose(l, NULL, moved, ret, err) == 0)
		return 0;
	rc = look_choose(l, NULL, NULL, ret, err);
	*ret = NULL;
	return rc;
}

/* What must hold before each of them; chooses the host. */
static int check_before(struct step *s, struct look *l, struct err *err)
{
	const struct drill_ops *ops = &s->r->o->ops;
	CLEANUP(json_decref) json_t *problems = NULL;
	const struct db_host *host = NULL;
	const int64_t now = clock_now_ms();
	int rc = refuse_window(s->r->o->db, s->r->stack, s->r->window, now, err);

	if (rc == 0)
		rc = refuse_hold(s->r->o->db, s->r->stack, now, err);
	if (rc == 0)
		rc = look_read(s->r->o->db, s->r->stack, l, err);
	if (rc == 0)
		rc = refuse_long(s->r->o, l, s->r->for_ms, err);
	if (rc == 0)
		rc = look_check_well(l, err);
	if (rc < 0)
		return rc;
	problems = ops->problems ? ops->problems(ops->arg) : NULL;
	rc = refuse_problems(problems, err);
	if (rc == 0 && s->kind != REPORT_STOP)
		rc = choose_host(s, l, &host, err);
	if (rc == 0 && host)
		snprintf(s->host, sizeof(s->host), "%s", host->id);
	return rc;
}

static json_t *units_on(const struct look *l, const char *host)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->units.n; i++)
		if (strcmp(l->units.v[i].host, host) == 0)
			json_array_append_new(list, json_string(l->units.v[i].name));
	return list;
}

static void set_state(struct step *s, const char *state)
{
	json_object_set_new(s->doc, "state", json_string(state));
}

static void step_begin(struct step *s, const struct look *l)
{
	s->from_ms = clock_now_ms();
	watch_begin(&s->watch, l, s->host, clock_mono_ms());
	set_state(s, "running");
	json_object_set_new(s->doc, "from", json_time(s->from_ms));
	if (!*s->host)
		return;
	json_object_set_new(s->doc, "host", json_string(s->host));
	json_object_set_new(s->doc, "units", units_on(l, s->host));
}

static void step_end(struct step *s, int rc, const struct err *err)
{
	const int64_t took_ms = clock_mono_ms() - s->watch.begun_mono_ms;
	const int64_t again_ms = watch_served_again_ms(&s->watch);

	set_state(s, rc == 0 ? "done" : "failed");
	if (rc < 0)
		json_object_set_new(s->doc, "why", json_text(err->msg));
	json_object_set_new(s->doc, "to", json_time(clock_now_ms()));
	json_object_set_new(s->doc, "took_ms", json_integer(took_ms));
	json_object_set_new(s->doc, "served_again_ms", json_integer(again_ms));
	json_object_set_new(s->doc, "lost", watch_lost(&s->watch));
	json_object_set_new(s->doc, "told", watch_told(&s->watch));
	if (rc == 0 && again_ms)
		report_say(&s->r->report, "all served again after %.1f s",
			   (double)again_ms / 1000);
	else if (rc == 0)
		report_say(&s->r->report, "all served throughout");
}

static int make_fault(struct step *s, struct err *err)
{
	switch (s->kind) {
	case REPORT_KILL:
		return kill_host(s, err);
	case REPORT_CUT:
		return cut_host(s, err);
	case REPORT_STOP:
		return stop_controller(s, err);
	case REPORT_STEPS:
		break;
	}
	return 0;
}

static int skip(struct step *s, const char *why)
{
	set_state(s, "skipped");
	json_object_set_new(s->doc, "why", json_string(why));
	return 0;
}

static int run_step(struct run *r, enum report_step kind, struct err *err)
{
	struct step s = { .r = r, .kind = kind, .doc = report_step(&r->report, kind) };
	CLEANUP(look_done) struct look l = { .stack = "" };
	int rc;

	if (kind == REPORT_CUT && !r->o->ops.cut_host)
		return skip(&s, "hosts speak to etcd directly, not through this "
				"controller");
	rc = check_before(&s, &l, err);
	if (rc < 0)
		return rc;
	if (kind == REPORT_CUT && !*s.host)
		return skip(&s, "every host that can be spared took over a unit of the "
				"killed one");
	step_begin(&s, &l);
	rc = make_fault(&s, err);
	if (rc == 0)
		rc = look_until(&s,
				clock_mono_ms() + or_usual(r->o->recover_ms, RECOVER_MS),
				true, err);
	step_end(&s, rc, err);
	watch_done(&s.watch);
	json_decref(s.problems);
	return rc;
}

/* ---------------------------------------------------------------- all of it */

/* The balancers' counts arrive with the reports of agents after the steps. */
static void count_requests(struct run *r)
{
	for (int i = 0; i < REPORT_STEPS; i++) {
		json_t *doc = report_step(&r->report, (enum report_step)i);
		json_t *lost = json_object_get(doc, "lost");
		int64_t from_ms = 0, to_ms = 0, all = -1, failed = -1;
		struct err err;

		if (!lost || jread_time_opt(doc, "from", &from_ms, &err) < 0 ||
		    jread_time_opt(doc, "to", &to_ms, &err) < 0 ||
		    failed_requests(r->o->db, r->stack, from_ms, to_ms, &all, &failed,
				    &err) < 0)
			continue;
		json_object_set_new(lost, "requests",
				    failed < 0 ? json_null() : json_integer(failed));
		json_object_set_new(lost, "requests_of",
				    all < 0 ? json_null() : json_integer(all));
	}
}

void run_drill(struct run *r)
{
	struct err err = { .code = 0, .msg = "" };
	int rc = 0;

	for (int i = 0; rc == 0 && i < REPORT_STEPS; i++)
		rc = run_step(r, (enum report_step)i, &err);
	r->wait(r->of, COUNTED_AFTER * r->o->metrics_ms);
	count_requests(r);
	report_end(&r->report,
		   rc == 0                ? DB_DRILL_DONE
		   : r->should_end(r->of) ? DB_DRILL_INTERRUPTED
					  : DB_DRILL_EARLY,
		   rc == 0 ? "" : err.msg);
}
