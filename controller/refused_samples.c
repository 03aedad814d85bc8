/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "refused_samples.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "sorted.h"
#include "text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define TOLD_MS 120000 /* real */
#define LOG_AGAIN_MS 600000
#define LATE_MS \
	30000 /* for which a unit that has left may still have samples on the way */

struct offender {
	char *host;
	char *words; /* what was refused first, and why */
	size_t n;    /* of its last push */
	int64_t at_mono_ms, since_mono_ms;
	bool is_told;
};

struct refused_samples {
	pthread_mutex_t lock;
	struct offender *v; /* by host; those of the last minutes, and older ones */
	size_t n, cap;
	/* Of the log, which has one line for all of them. */
	int64_t n_pushes; /* that it does not know of */
	int64_t at_mono_ms, logged_mono_ms;
};

struct refused_samples *refused_samples_new(void)
{
	struct refused_samples *r = xcalloc(1, sizeof(*r));

	CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
	return r;
}

static void offender_done(struct offender *o)
{
	free(o->host);
	free(o->words);
}

void refused_samples_free(struct refused_samples *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		offender_done(&r->v[i]);
	free(r->v);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void drop_old(struct refused_samples *r)
{
	const int64_t since = clock_mono_ms() - TOLD_MS;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].at_mono_ms < since)
			offender_done(&r->v[i]);
		else
			r->v[n++] = r->v[i];
	r->n = n;
}

/* Its own, else a new one. There are as many as hosts, which are known ones. */
static struct offender *place_of(struct refused_samples *r, const char *host)
{
	size_t at = SORTED_PLACE(r->n, i, strcmp(r->v[i].host, host) < 0);

	if (at < r->n && strcmp(r->v[at].host, host) == 0)
		return &r->v[at];
	if (r->n == r->cap) {
		drop_old(r);
		at = SORTED_PLACE(r->n, i, strcmp(r->v[i].host, host) < 0);
		r->cap = r->n * 2 + 16;
		r->v = xrealloc(r->v, r->cap * sizeof(*r->v));
	}
	memmove(r->v + at + 1, r->v + at, (r->n - at) * sizeof(*r->v));
	r->v[at] = (struct offender){ .host = xstrdup(host) };
	r->n++;
	return &r->v[at];
}

/*
 * What a host pushed before it heard that a unit left comes late, above all after a time
 * without its controller: that is told only when it goes on.
 */
static bool is_to_tell(const struct offender *o, const struct host_samples *of)
{
	return of->n_refused > of->n_left || o->at_mono_ms - o->since_mono_ms >= LATE_MS;
}

static void note(struct offender *o, const struct host_samples *of, const char *words)
{
	const int64_t now = clock_mono_ms();
	const bool goes_on = o->words && now - o->at_mono_ms < TOLD_MS;

	free(o->words);
	o->words = xstrdup(words);
	o->n = of->n_refused;
	o->at_mono_ms = now;
	o->since_mono_ms = goes_on ? o->since_mono_ms : now;
	o->is_told = (goes_on && o->is_told) || is_to_tell(o, of);
}

/* How many pushes a line of the log is for: one when it begins, later all since the last
 * line; 0: none is due. */
static int64_t count_to_log(struct refused_samples *r)
{
	const int64_t now = clock_mono_ms();
	const bool goes_on = r->at_mono_ms && now - r->at_mono_ms < TOLD_MS;
	int64_t n;

	r->n_pushes = (goes_on ? r->n_pushes : 0) + 1;
	r->at_mono_ms = now;
	if (goes_on && now - r->logged_mono_ms < LOG_AGAIN_MS)
		return 0;
	r->logged_mono_ms = now;
	n = r->n_pushes;
	r->n_pushes = 0;
	return n;
}

void refused_samples_note(struct refused_samples *r, const char *host,
			  const struct host_samples *of)
{
	const json_t *first = json_array_get(of->refused, 0);
	CLEANUP(free)
	char *words =
		xasprintf("%s: %s", json_string_value(json_object_get(first, "sample")),
			  json_string_value(json_object_get(first, "why")));
	struct offender *o;
	int64_t n;

	pthread_mutex_lock(&r->lock);
	o = place_of(r, host);
	note(o, of, words);
	n = o->is_told ? count_to_log(r) : 0;
	pthread_mutex_unlock(&r->lock);
	if (n)
		log_warn("samples-refused", STR("host", host),
			 INT("samples", (int64_t)of->n_refused), STR("first", words),
			 INT("pushes", n));
}

static void add_problem(json_t *problems, const char *message)
{
	json_array_append_new(problems,
			      json_pack("{s:s, s:o, s:n}", "kind", "samples-refused",
					"message", json_text(message), "since"));
}

void refused_samples_problems(struct refused_samples *r, json_t *problems)
{
	size_t n = 0;

	pthread_mutex_lock(&r->lock);
	drop_old(r);
	for (size_t i = 0; i < r->n; i++) {
		const struct offender *o = &r->v[i];
		CLEANUP(free) char *message = NULL;

		if (!o->is_told || n++ >= REFUSED_SAMPLES_TOLD_MAX)
			continue;
		message = xasprintf("host %s pushes samples that it may not, which are "
				    "refused (%zu of its last push): %s",
				    o->host, o->n, o->words);
		add_problem(problems, message);
	}
	pthread_mutex_unlock(&r->lock);
	if (n > REFUSED_SAMPLES_TOLD_MAX) {
		CLEANUP(free)
		char *message = xasprintf("and %zu more hosts push samples that they may "
					  "not",
					  n - REFUSED_SAMPLES_TOLD_MAX);

		add_problem(problems, message);
	}
}
