/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "utilisation.h"

#include "check.h"

#include <math.h>

#define STALE_MS 90000

void utilisation_done(struct utilisation *u)
{
	metrics_expr_free(u->ratio);
	metrics_expr_free(u->latency);
	metrics_expr_free(u->count);
	free(u->ratio_text);
	free(u->latency_text);
	free(u->count_text);
	*u = (struct utilisation){ 0 };
}

/* One measurement. */
struct look {
	struct utilisation *u;
	struct db *db;
	const struct db_tier *t;
	int64_t now_ms;
	struct metrics_turns *turns;
};

static int evaluate(const struct look *l, const char *text, char **known,
		    struct metrics_expr **e, double *ret, int64_t *ret_at_ms,
		    struct err *err)
{
	int rc = metrics_expr_follow(text, l->t->stack, "", known, e, err);

	if (rc < 0 || !*e)
		return rc;
	return metrics_expr_in_turn(l->db, *e, l->turns, l->now_ms, ret, ret_at_ms, err);
}

/* NaN when it is unknown for the last minute. */
static double value_now(const struct look *l, const char *text, char **known,
			struct metrics_expr **e)
{
	struct err err = { 0 };
	int64_t at_ms = 0;
	double v = NAN;

	if (evaluate(l, text, known, e, &v, &at_ms, &err) < 0) {
		(void)err_wrap(&err, err.code, "%s/%s", l->t->stack, l->t->name);
		log_streak(&l->u->failing, "utilisation-not-measured", &err);
		return NAN;
	}
	return l->now_ms - at_ms <= STALE_MS ? v : NAN;
}

/* Cores of the host that the unit may use. */
static double cores_for(const struct fleet_unit *of)
{
	const struct fleet_host *h = of->host;

	if (h->n_wanted <= 1)
		return h->h.cpu;
	return h->h.cpu * (h->cpu_wanted > 0 ? of->tier->t.cpu / h->cpu_wanted
					     : 1 / (double)h->n_wanted);
}

/* For all of the tier's instances; NaN when a host's cores are unknown. */
static double cores_of(const struct fleet *f, const struct fleet_tier *ft)
{
	double sum = 0;

	for (size_t i = 0; i < ft->n_units; i++) {
		const struct fleet_unit *u = &f->units[ft->first_unit + i];

		if (u->u.goal == DB_GOAL_RUN && u->host)
			sum += u->host->h.cpu > 0 ? cores_for(u) : NAN;
	}
	return sum > 0 ? sum : NAN;
}

/* A missing instance would make the others look less busy than they are. */
static bool all_report(const struct look *l, const struct fleet_tier *ft)
{
	CLEANUP(free)
	char *text = xasprintf("count(unit_cpu_seconds_total{tier=\"%s\"})", ft->t.name);
	const double n = value_now(l, text, &l->u->count_text, &l->u->count);

	return fabs(n - (double)ft->running) < 0.5;
}

static double cpu_share(const struct look *l, const struct fleet *f,
			const struct fleet_tier *ft, const char **ret_why)
{
	CLEANUP(free)
	char *text =
		xasprintf("sum(rate(unit_cpu_seconds_total{tier=\"%s\"}))", ft->t.name);
	const double cores = cores_of(f, ft);

	if (isnan(cores)) {
		*ret_why = "the cores of its hosts are not known";
		return NAN;
	}
	if (!all_report(l, ft)) {
		*ret_why = "not all of its instances report their CPU time";
		return NAN;
	}
	return value_now(l, text, &l->u->ratio_text, &l->u->ratio) / cores;
}

void utilisation_now(struct utilisation *u, struct db *db, const struct fleet *f,
		     const struct fleet_tier *ft, struct metrics_turns *turns,
		     struct utilisation_now *ret)
{
	const struct db_tier *t = &ft->t;
	const struct look l = { u, db, t, f->now_ms, turns };

	*ret = (struct utilisation_now){ NAN, NAN, "its utilisation is not measured" };
	if (*t->utilisation)
		ret->ratio = value_now(&l, t->utilisation, &u->ratio_text, &u->ratio);
	else
		ret->ratio = cpu_share(&l, f, ft, &ret->why);
	ret->latency_s = value_now(&l, t->latency, &u->latency_text, &u->latency);
	/* Counters read a little late or early give rates a little above 1. */
	ret->ratio = ret->ratio >= 0 ? fmin(ret->ratio, 1) : NAN;
	if (!(isfinite(ret->latency_s) && ret->latency_s > 0))
		ret->latency_s = NAN;
}
