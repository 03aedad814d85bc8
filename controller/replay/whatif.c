/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "whatif_side.h"

#include "check.h"
#include "samples.h"
#include "simulation.h"

#include <math.h>
#include <string.h>

static void stage_done(struct stage *s)
{
	free(s->measured);
	free(s->demand);
	terms_done(&s->terms);
	db_hold_list_done(&s->holds);
}
DEFINE_CLEANUP_OBJECT(struct stage, stage_done);

void whatif_free(struct whatif *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n; i++)
		for (int k = 0; k < WHATIF_SIDES; k++)
			free(w->v[i].sentence[k]);
	free(w->v);
	free(w);
}

/* ---------------------------------------------------------------- the stage */

static int nothing_to_replay(const struct db_tier *t, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
		       "no demand of %s/%s was recorded in that time: there is nothing "
		       "to replay",
		       t->stack, t->name);
}

/* The full minutes of the question, from the first recorded one on. */
static int find_span(struct stage *s, const struct whatif_question *q,
		     const struct db_tier *t, struct err *err)
{
	int64_t first_ms = 0, last_ms = 0;
	int rc;

	if (q->to_ms - q->from_ms < 2 * MINUTE_MS ||
	    q->to_ms - q->from_ms > WHATIF_MAX_MS)
		return err_set(err, ERR_INVAL,
			       "the replayed time must be from two minutes to 21 days");
	rc = db_demand_span(s->db, t->stack, t->name, &first_ms, &last_ms, err);
	if (rc < 0)
		return rc;
	s->from_ms = MAX((q->from_ms + MINUTE_MS - 1) / MINUTE_MS * MINUTE_MS,
			 first_ms / MINUTE_MS * MINUTE_MS);
	if (first_ms == 0 || q->to_ms - s->from_ms < MINUTE_MS)
		return nothing_to_replay(t, err);
	s->n = (size_t)((q->to_ms - s->from_ms) / MINUTE_MS);
	return 0;
}

static int read_demand(struct stage *s, const struct db_tier *t, struct err *err)
{
	int rc;

	s->measured = xcalloc(s->n, sizeof(double));
	s->demand = xcalloc(s->n, sizeof(double));
	rc = db_demand_range(s->db, t->stack, t->name, s->from_ms, s->measured, s->n,
			     err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->n; i++) {
		s->missing += isnan(s->measured[i]);
		s->demand[i] = isnan(s->measured[i]) ? 0 : s->measured[i];
	}
	return s->missing < s->n ? 0 : nothing_to_replay(t, err);
}

/* As it was decided then; without any, what the first demand needs. */
static int read_start(struct stage *s, const struct db_tier *t, struct err *err)
{
	size_t first = 0;
	int64_t need, decided;
	int rc = terms_start(s->db, t, s->from_ms, &decided, err);

	if (rc < 0)
		return rc;
	while (isnan(s->measured[first]))
		first++;
	need = (int64_t)fleet_need(s->measured[first], s->capacity);
	s->running = decided >= 0 ? decided : MAX(MIN(need, t->max), t->min);
	return 0;
}

/* The tier's clock and events, from its stack. */
static int read_catalog(struct catalog *c, struct fleet *f, const struct db_tier *t,
			struct catalog_tier *ret, struct err *err)
{
	int rc = catalog_update(c, f, err);
	const struct fleet_tier *ft = fleet_tier(f, t->stack, t->name);

	if (ft && ft->cat)
		*ret = *ft->cat;
	/* Another unreadable stack does not matter here. */
	return ft && ft->cat ? 0 : rc;
}

/* The tiers of the stack, which one may follow another. */
static void find_tiers(struct stage *s, const struct fleet *f, const struct db_tier *t)
{
	size_t i = 0;

	while (i < f->n_tiers && strcmp(f->tiers[i].t.stack, t->stack) != 0)
		i++;
	s->tiers = f->tiers + i;
	while (i + s->n_tiers < f->n_tiers &&
	       strcmp(s->tiers[s->n_tiers].t.stack, t->stack) == 0)
		s->n_tiers++;
}

static int set_stage(struct stage *s, const struct whatif_question *q, struct err *err)
{
	const struct db_tier *t = q->settings[WHATIF_IN_FORCE];
	int rc = find_span(s, q, t, err);

	if (rc < 0)
		return rc;
	s->capacity = t->capacity > 0 ? t->capacity : q->settings[WHATIF_OTHER]->capacity;
	if (!(s->capacity > 0))
		return err_set(err, ERR_CONFLICT,
			       "%s/%s declares no capacity and none is learned yet: "
			       "give one in the other settings",
			       t->stack, t->name);
	if ((rc = read_demand(s, t, err)) < 0 || (rc = read_start(s, t, err)) < 0)
		return rc;
	return db_hold_list(s->db, t->stack, 0, &s->holds, err);
}

/* ---------------------------------------------------------------- comparing */

static bool is_same_pair(const struct side *side, size_t i, size_t j)
{
	return side[0].desired[i] == side[0].desired[j] &&
	       side[1].desired[i] == side[1].desired[j];
}

/* Adds the moments, and takes their sentences. */
static void compare(struct side *side, struct whatif *w)
{
	const size_t n = side[0].stage->n;

	for (size_t i = 0; i < n; i++) {
		struct whatif_moment *m;
		size_t end = i + 1;

		if (side[0].desired[i] == side[1].desired[i] ||
		    (i > 0 && is_same_pair(side, i, i - 1)))
			continue;
		while (end < n && is_same_pair(side, i, end))
			end++;
		w->v = xrealloc(w->v, (w->n + 1) * sizeof(*w->v));
		m = &w->v[w->n++];
		*m = (struct whatif_moment){
			.at_ms = w->from_ms + (int64_t)(i + 1) * MINUTE_MS,
			.for_ms = (int64_t)(end - i) * MINUTE_MS,
		};
		for (int k = 0; k < WHATIF_SIDES; k++) {
			m->desired[k] = side[k].desired[i];
			m->sentence[k] = TAKE(side[k].sentence[i]);
		}
	}
}

static int simulate_both(const struct stage *stage, const struct whatif_question *q,
			 struct whatif *w, struct err *err)
{
	struct side side[WHATIF_SIDES] = { 0 };
	int rc = 0;

	for (int k = 0; k < WHATIF_SIDES && rc == 0; k++) {
		side[k].question = q;
		side[k].before = (size_t)k;
		rc = side_init(&side[k], stage, q->settings[k], err);
		if (rc == 0)
			side_simulate(&side[k], &w->side[k]);
	}
	if (rc == 0)
		compare(side, w);
	for (int k = 0; k < WHATIF_SIDES; k++)
		side_done(&side[k]);
	return rc;
}

int whatif_simulate(struct db *db, const struct whatif_question *q, struct whatif **ret,
		    struct err *err)
{
	CLEANUP(catalog_free) struct catalog *catalog = catalog_new();
	CLEANUP(fleet_free) struct fleet *f = NULL;
	CLEANUP(stage_done) struct stage stage = { .db = db };
	CLEANUP(whatif_free) struct whatif *w = xcalloc(1, sizeof(*w));
	int rc = set_stage(&stage, q, err);

	if (rc == 0)
		rc = fleet_load(db, q->to_ms, &f, err);
	if (rc == 0) {
		stage.pools = f->pools;
		find_tiers(&stage, f, q->settings[WHATIF_IN_FORCE]);
	}
	if (rc == 0)
		rc = read_catalog(catalog, f, q->settings[WHATIF_IN_FORCE], &stage.cat,
				  err);
	if (rc == 0)
		rc = terms_read(db, f, q->settings[WHATIF_IN_FORCE], q->is_learned,
				stage.from_ms, stage.n, &stage.terms, err);
	if (rc < 0)
		return rc;
	*w = (struct whatif){
		.from_ms = stage.from_ms,
		.minutes = stage.n,
		.missing = stage.missing,
		.lead_ms = stage.terms.lead.used_ms,
		.is_lead_prior = stage.terms.lead.prior,
		.capacity = stage.capacity,
		.learned_from_ms = stage.terms.learned_from_ms,
		.room = stage.terms.room,
		.boots = stage.terms.n_boots,
	};
	rc = simulate_both(&stage, q, w, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(w);
	return 0;
}
