/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "window.h"

#include <string.h>

void decide_window_clear(struct decide_window *w)
{
	w->n = 0;
	w->since_ms = w->last_ms = 0;
}

void decide_window_move(struct decide_window *w, int64_t by_ms)
{
	for (size_t i = 0; i < w->n; i++)
		w->v[i].at_ms += by_ms;
	w->since_ms += by_ms;
	w->last_ms += by_ms;
}

void decide_window_note(struct decide_window *w, int64_t now_ms, int64_t value)
{
	if (w->last_ms == 0)
		w->since_ms = now_ms;
	w->last_ms = now_ms;
	while (w->n > 0 && w->v[w->n - 1].value <= value)
		w->n--;
	if (w->n == DECIDE_WINDOW_MAX) {
		w->v[w->n - 1].at_ms = now_ms;
		return;
	}
	w->v[w->n].at_ms = now_ms;
	w->v[w->n++].value = value;
}

int64_t decide_window_largest(struct decide_window *w, int64_t now_ms, int64_t length_ms)
{
	size_t old = 0;

	while (old < w->n && w->v[old].at_ms <= now_ms - length_ms &&
	       w->v[old].at_ms < now_ms)
		old++;
	w->n -= old;
	memmove(w->v, w->v + old, w->n * sizeof(*w->v));
	return w->n ? w->v[0].value : -1;
}
