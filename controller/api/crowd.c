/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crowd.h"

#include "check.h"
#include "clock.h"
#include "text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LATELY_MS 120000

struct noted {
	size_t n;
	int64_t since_ms;     /* calendar */
	int64_t last_mono_ms; /* real */
	char who[128];
};

struct crowd {
	pthread_mutex_t lock;
	struct noted v[CROWD_N];
};

static const struct {
	const char *kind, *message;
} texts[CROWD_N] = {
	[CROWD_CONNECTIONS] = { "connections-limited",
				"connections of callers who have not said who they are "
				"were ended or kept waiting, as there are too many" },
	[CROWD_REQUESTS] = { "requests-limited",
			     "requests were refused, as too many wait or run" },
	[CROWD_LOGS] = { "logs-limited",
			 "readings of logs were refused, as too many wait or run" },
	[CROWD_CERTIFICATES] = { "certificates-limited",
				 "certificates were refused, as hosts ask for too many" },
	[CROWD_FILES] = { "files-limited",
			  "seconds long connections had nearly all files that this "
			  "process may have open, and more will be refused: raise its "
			  "limit (LimitNOFILE of its unit)" },
};

struct crowd *crowd_new(void)
{
	struct crowd *c = xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void crowd_free(struct crowd *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void crowd_note(struct crowd *c, enum crowd_what what, const char *who)
{
	struct noted *x = &c->v[what];
	const int64_t now = clock_mono_ms();

	pthread_mutex_lock(&c->lock);
	if (!x->n || now - x->last_mono_ms > LATELY_MS) {
		x->n = 0;
		x->since_ms = clock_now_ms();
	}
	x->n++;
	x->last_mono_ms = now;
	snprintf(x->who, sizeof(x->who), "%s", who);
	pthread_mutex_unlock(&c->lock);
}

json_t *crowd_problems(struct crowd *c, int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < CROWD_N; i++) {
		CLEANUP(free) char *message = NULL;
		struct noted x;

		pthread_mutex_lock(&c->lock);
		x = c->v[i];
		pthread_mutex_unlock(&c->lock);
		if (!x.n || now_ms - x.last_mono_ms > LATELY_MS)
			continue;
		message =
			xasprintf("%zu %s; the last of %s", x.n, texts[i].message, x.who);
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o}", "kind", texts[i].kind,
						"message", json_text(message), "since",
						json_time(x.since_ms)));
	}
	return list;
}
