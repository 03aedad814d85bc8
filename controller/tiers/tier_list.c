/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_list.h"

#include "check.h"

#include <string.h>

#define STATES (TIER_MODEL_STATES + 1) /* of a tier, at most */

void tier_list_init(struct tier_list *l)
{
	*l = (struct tier_list){ .v = NULL };
	pthread_mutex_init(&l->lock, NULL);
}

static void tier_free(struct tier *t)
{
	metrics_expr_free(t->demand);
	tier_events_free(t->events);
	tier_model_free(t->model);
	tier_capacity_free(t->capacity);
	json_decref(t->live);
	free(t->expression);
	free(t->refused);
	for (size_t i = 0; i < TIER_PROBLEMS; i++)
		free(t->problems[i]);
	free(t->stack);
	free(t->name);
	free(t);
}

void tier_list_done(struct tier_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		tier_free(l->v[i]);
	free(l->v);
	pthread_mutex_destroy(&l->lock);
}

static int order(const struct tier *t, const char *stack, const char *name)
{
	int c = strcmp(t->stack, stack);

	return c ? c : strcmp(t->name, name);
}

/* The place of a tier, or where it belongs; true when it is present. The lock is held. */
static bool find(const struct tier_list *l, const char *stack, const char *name,
		 size_t *ret)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = order(l->v[mid], stack, name);

		if (c == 0) {
			*ret = mid;
			return true;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return false;
}

struct tier *tier_list_get(struct tier_list *l, const struct db_tier *of)
{
	struct tier *new;
	size_t at;

	pthread_mutex_lock(&l->lock);
	if (!find(l, of->stack, of->name, &at)) {
		new = xcalloc(1, sizeof(*new));
		new->stack = xstrdup(of->stack);
		new->name = xstrdup(of->name);
		new->model = tier_model_new();
		new->capacity = tier_capacity_new();
		l->v = xrealloc(l->v, (l->n + 1) * sizeof(struct tier *));
		memmove(l->v + at + 1, l->v + at, (l->n - at) * sizeof(struct tier *));
		l->v[at] = new;
		l->n++;
	}
	new = l->v[at];
	pthread_mutex_unlock(&l->lock);
	new->is_used = true;
	return new;
}

void tier_list_forget_unused(struct tier_list *l)
{
	size_t kept = 0;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i]->is_used) {
			l->v[i]->is_used = false;
			l->v[kept++] = l->v[i];
		} else {
			tier_free(l->v[i]);
		}
	}
	l->n = kept;
	pthread_mutex_unlock(&l->lock);
}

int tier_list_save(struct tier_list *l, struct db *db, size_t max, int64_t now_ms,
		   struct err *err)
{
	const size_t most = MIN(max, l->n);
	CLEANUP(free) struct db_model_state *s = xcalloc(STATES * most + 1, sizeof(*s));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < l->n && n + STATES <= STATES * most; i++) {
		struct tier *t = l->v[l->next_save++ % l->n];

		n += tier_model_take_state(t->model, t->stack, t->name, now_ms, &s[n]);
		n += tier_capacity_take_state(t->capacity, t->stack, t->name, now_ms,
					      &s[n]);
	}
	if (n)
		rc = db_model_states_put(db, s, n, err);
	for (size_t i = 0; i < n; i++)
		free(s[i].data);
	return rc;
}

void tier_list_set_live(struct tier_list *l, struct tier *t, json_t *live)
{
	pthread_mutex_lock(&l->lock);
	json_decref(t->live);
	t->live = live;
	pthread_mutex_unlock(&l->lock);
}

json_t *tier_list_live(struct tier_list *l, const char *stack, const char *name)
{
	json_t *live = NULL;
	size_t at;

	pthread_mutex_lock(&l->lock);
	if (find(l, stack, name, &at))
		live = json_deep_copy(l->v[at]->live);
	pthread_mutex_unlock(&l->lock);
	return live;
}
