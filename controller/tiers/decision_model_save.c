/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision_model_save.c - a tier's model in the database.
 */
#include "decision_model_state.h"

#include "check.h"

#include <stddef.h>
#include <string.h>

#define KIND "demand"
#define KIND_FOLLOWING "follow"

/*
 * The saved state starts with what it was learned from; the model follows, aligned for
 * any object.
 */
struct saved {
	_Alignas(max_align_t) int64_t first_ms;
	int64_t fed_ms;
	int64_t learned_ms;
	double learned_capacity;
	uint64_t events_mark;
	struct policy policy;
	struct policy_settings settings;
};

/* Without it the tiers in front are learned anew. */
static void load_following(struct tier_model *t, struct tier_round *r,
			   const struct db_tier *tier)
{
	CLEANUP(db_model_state_done) struct db_model_state s = { 0 };

	if (db_model_state_get(r->db, tier->stack, tier->name, KIND_FOLLOWING, &s,
			       NULL) == 0)
		following_load(&t->following, s.data, s.len, demand_model_opts(t->model));
}

/* An unusable saved model is simply retrained from history. */
void tier_model_load(struct tier_model *t, struct tier_round *r,
		     const struct db_tier *tier)
{
	CLEANUP(db_model_state_done) struct db_model_state s = { 0 };
	struct saved head;

	if (db_model_state_get(r->db, tier->stack, tier->name, KIND, &s, NULL) < 0 ||
	    s.len < sizeof(head))
		return;
	memcpy(&head, s.data, sizeof(head));
	if (demand_model_load((const char *)s.data + sizeof(head), s.len - sizeof(head),
			      &t->model, NULL) < 0)
		return;
	t->first_ms = head.first_ms;
	t->fed_ms = head.fed_ms;
	t->learned_ms = head.learned_ms;
	t->learned_capacity = head.learned_capacity;
	t->events_mark = head.events_mark;
	t->policy = head.policy;
	t->settings = head.settings;
	load_following(t, r, tier);
}

static struct db_model_state state_of(char *stack, char *tier, const char *kind,
				      char *data, size_t len, int64_t now_ms)
{
	return (struct db_model_state){
		.stack = stack,
		.tier = tier,
		.kind = (char *)(uintptr_t)kind,
		.data = data,
		.len = len,
		.updated_ms = now_ms,
	};
}

size_t tier_model_take_state(struct tier_model *t, char *stack, char *tier,
			     int64_t now_ms, struct db_model_state ret[TIER_MODEL_STATES])
{
	const struct saved head = { .first_ms = t->first_ms,
				    .fed_ms = t->fed_ms,
				    .learned_ms = t->learned_ms,
				    .learned_capacity = t->learned_capacity,
				    .events_mark = t->events_mark,
				    .policy = t->policy,
				    .settings = t->settings };

	size_t n = 0;

	if (!t->model || !t->is_dirty)
		return 0;

	size_t len = sizeof(head) + demand_model_size(t->model);
	char *data = xcalloc(1, len);

	memcpy(data, &head, sizeof(head));
	demand_model_save(t->model, data + sizeof(head));
	ret[n++] = state_of(stack, tier, KIND, data, len, now_ms);
	len = following_save(&t->following, &data);
	if (len > 0)
		ret[n++] = state_of(stack, tier, KIND_FOLLOWING, data, len, now_ms);
	t->is_dirty = false;
	return n;
}
