/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_saved.c - the open minutes over a restart.
 */
#include "watch.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define KIND "ledger/1"

int watch_save(const struct watch_list *l, struct db *db, int64_t now_ms, struct err *err)
{
	CLEANUP(free) struct db_model_state *s = xcalloc(l->n + 1, sizeof(*s));
	static char nothing[] = "";

	for (size_t i = 0; i < l->n; i++)
		s[i] = (struct db_model_state){
			.stack = l->v[i]->stack,
			.tier = l->v[i]->tier,
			.kind = (char *)(uintptr_t)KIND,
			.data = l->v[i]->n ? (void *)l->v[i]->open : nothing,
			.len = l->v[i]->n * sizeof(*l->v[i]->open),
			.updated_ms = now_ms,
		};
	return db_model_states_put(db, s, l->n, err);
}

static int load(struct watch *w, struct db *db, int64_t now_ms, struct err *err)
{
	CLEANUP(db_model_state_done) struct db_model_state s = { .stack = NULL };
	int rc = db_model_state_get(db, w->stack, w->tier, KIND, &s, err);

	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc < 0 || s.len == 0 || s.len % sizeof(*w->open) != 0)
		return rc;
	w->n = s.len / sizeof(*w->open);
	w->open = xrealloc(w->open, s.len);
	memcpy(w->open, s.data, s.len);
	/* The clock was set back meanwhile: they are yet to come. */
	while (w->n > 0 && w->open[w->n - 1].start_ms > now_ms)
		w->n--;
	return 0;
}

int watch_load(struct watch_list *l, struct db *db, int64_t now_ms, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		struct watch *w = l->v[i];

		if (!w->is_loaded && w->n == 0)
			rc = load(w, db, now_ms, err);
		w->is_loaded = rc == 0;
	}
	return rc;
}
