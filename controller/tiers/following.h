/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * following.h - the tiers of its stack whose demand may lead a tier's own: which are
 * tried, what is learned from them, and which one its forecast follows
 * (predictor/demand/follow.h), if it proved better.
 *
 * At most four are tried at a time, so that a stack of many tiers costs each of them no
 * more than one of five: of the next 32 by name those whose changes agree best with the
 * tier's own, over the last two days that are recorded when the model is trained. Places
 * that are left, or become free, are filled by others of the stack, which begin without a
 * past. Where a day or more of demand of both is recorded that was not learned from (it
 * was imported, or the tier was not tried before), the model is trained again with it.
 *
 * They learn minute by minute with the model, from the recorded demand without the effect
 * of events. Cost of each tier tried: about 2 us a minute and 60 ms when the model is
 * trained on 28 days, half of what the model itself takes; its state of some 13 KB is
 * saved beside the model's. Choosing them takes 0.1 ms a tier looked at.
 */
#ifndef CONTROLLER_TIERS_FOLLOWING_H
#define CONTROLLER_TIERS_FOLLOWING_H

#include "db.h"
#include "decision_model.h"
#include "demand.h"

#define FOLLOWING_MAX 4
#define FOLLOWING_NAME 64 /* bytes; a tier with a longer name is not followed */

struct following {
	struct {
		char name[FOLLOWING_NAME];
		struct demand_follow *follow;
		int64_t from_ms; /* start of what it learned from */
	} v[FOLLOWING_MAX];
	size_t n;
	size_t used; /* 1 + the place of the one that is followed; 0: none */
};

/* Demand of those tried, minute by minute; done with following_read_done(). */
struct following_past {
	double *y[FOLLOWING_MAX];
};

void following_done(struct following *f); /* none is left */

/* Its place; n: it is not tried. */
size_t following_place(const struct following *f, const char *name);

/* One more to try; there is room. Takes ownership of follow. */
void following_add(struct following *f, const char *name, struct demand_follow *follow,
		   int64_t from_ms);

/* The tier's own demand, minute by minute. */
struct following_own {
	const double *y; /* [n] */
	size_t n;
	int64_t from_ms;
	int64_t first_ms; /* the first that there is to learn from, not after from_ms */
};

/* Chooses whom to try, without a past. */
int following_begin(struct following *f, const struct tier_round *r,
		    const struct tier_view *v, const struct demand_opts *opts,
		    const struct following_own *own, struct err *err) MUST_CHECK;

/* Whether there is more to learn from than was there. first_ms as of following_own. */
bool following_is_outdated(const struct following *f, const struct tier_round *r,
			   const struct tier_view *v, int64_t first_ms);

/* Drops those that the stack has no more, and fills places that are free. */
void following_refresh(struct following *f, const struct tier_view *v,
		       const struct demand_opts *opts, int64_t now_ms);

int following_read(const struct following *f, const struct tier_round *r,
		   const struct tier_view *v, int64_t from_ms, size_t n,
		   struct following_past *ret, struct err *err) MUST_CHECK;
void following_past_done(struct following_past *p);
DEFINE_CLEANUP_OBJECT(struct following_past, following_past_done);

/* Minute i of the past was processed by the model. */
void following_step(struct following *f, const struct demand_model *m,
		    const struct following_past *p, size_t i);

/* Decides which one is followed: the best of those that proved better; it is left for
 * another one only if that is better by a twentieth of the loss. */
void following_choose(struct following *f);

/* The forecasts to decide on; *ret: which tier they follow, if any. */
void following_views(const struct following *f, struct demand_view views[POLICY_LEADS],
		     struct tier_follows *ret);

/* What the bands of its forecasts within the lead time kept lately; false: none is
 * followed. */
bool following_coverage(const struct following *f, double ret[DEMAND_BANDS]);

/* [{"tier","gain","evidence","is_used"}] of those tried. The caller owns it. */
json_t *following_json(const struct following *f);

/* All of it as bytes; the caller frees *ret. The size; 0: there is nothing to save. */
size_t following_save(const struct following *f, char **ret);
/* What cannot be read is begun anew. */
void following_load(struct following *f, const void *data, size_t len,
		    const struct demand_opts *opts);

#endif
