/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "skew.h"

#include "check.h"
#include "sorted.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 3 /* batches that the least is taken of */
#define LARGE_MS 10000
#define JITTER_MS 500 /* a new figure this near to the one in force changes nothing */
#define HOSTS_MAX 20000

struct clock_of {
	char *host;
	int64_t tries[TRIES];
	size_t n;
	int64_t in_force_ms, seen_mono_ms;
};

struct skew {
	pthread_mutex_t lock;
	struct clock_of *v; /* by host; only those that differ */
	size_t n, cap;
};

struct skew *skew_new(void)
{
	struct skew *s = xcalloc(1, sizeof(*s));

	CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
	return s;
}

static void forget(struct skew *s, size_t i)
{
	free(s->v[i].host);
	memmove(s->v + i, s->v + i + 1, (s->n - i - 1) * sizeof(*s->v));
	s->n--;
}

void skew_forget(struct skew *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->n > 0)
		forget(s, s->n - 1);
	pthread_mutex_unlock(&s->lock);
}

void skew_free(struct skew *s)
{
	if (!s)
		return;
	skew_forget(s);
	pthread_mutex_destroy(&s->lock);
	free(s->v);
	free(s);
}

static size_t place_of(const struct skew *s, const char *host)
{
	return SORTED_PLACE(s->n, i, strcmp(s->v[i].host, host) < 0);
}

static struct clock_of *add(struct skew *s, size_t at, const char *host)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof(*s->v));
	s->v[at] = (struct clock_of){ .host = xstrdup(host) };
	s->n++;
	return &s->v[at];
}

/* The least of the last batches; of a large difference two that agree are enough. */
static int64_t least_of(const struct clock_of *c, int64_t before_ms, int64_t off_ms)
{
	int64_t least = MIN(before_ms, off_ms);

	if (c->n >= 2 && least - c->in_force_ms >= LARGE_MS &&
	    llabs(before_ms - off_ms) <= JITTER_MS)
		return least;
	if (c->n < TRIES)
		return c->in_force_ms;
	for (size_t i = 0; i < TRIES; i++)
		least = MIN(least, c->tries[i]);
	return least;
}

/* What a batch differs by is never less than the clocks do. */
static void measure(struct clock_of *c, int64_t off_ms)
{
	const int64_t before_ms = c->n ? c->tries[(c->n - 1) % TRIES] : off_ms;
	int64_t least;

	c->tries[c->n++ % TRIES] = off_ms;
	least = least_of(c, before_ms, off_ms);
	if (off_ms < c->in_force_ms - JITTER_MS)
		c->in_force_ms = off_ms;
	else if (least > c->in_force_ms + JITTER_MS)
		c->in_force_ms = least;
}

static int64_t correction(const struct clock_of *c)
{
	const int64_t by_ms = llabs(c->in_force_ms);

	return by_ms >= SKEW_MIN_MS && by_ms <= SKEW_MAX_MS ? c->in_force_ms : 0;
}

static int64_t note(struct skew *s, const char *host, int64_t off_ms, int64_t now_mono_ms)
{
	const size_t at = place_of(s, host);
	struct clock_of *c =
		at < s->n && strcmp(s->v[at].host, host) == 0 ? &s->v[at] : NULL;

	if (!c && (llabs(off_ms) < SKEW_MIN_MS || s->n == HOSTS_MAX))
		return 0;
	if (!c)
		c = add(s, at, host);
	c->seen_mono_ms = now_mono_ms;
	measure(c, off_ms);
	if (llabs(off_ms) < SKEW_MIN_MS && llabs(c->in_force_ms) < SKEW_MIN_MS) {
		forget(s, at);
		return 0;
	}
	return correction(c);
}

int64_t skew_note(struct skew *s, const char *host, int64_t off_ms, int64_t now_mono_ms)
{
	int64_t ret;

	pthread_mutex_lock(&s->lock);
	ret = note(s, host, off_ms, now_mono_ms);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

void skew_format(int64_t by_ms, char ret[CLOCK_TEXT])
{
	const int64_t ms = llabs(by_ms), unit = ms < 10000 ? 100 : 1000;

	clock_format_duration((ms + unit / 2) / unit * unit, ret);
}

static void say(const struct clock_of *worst, size_t n, size_t same_side, char *ret,
		size_t size)
{
	const int64_t off_ms = worst->in_force_ms;
	char by[CLOCK_TEXT], more[64] = "";

	skew_format(off_ms, by);
	if (n > 1)
		snprintf(more, sizeof(more), ", and those of %zu more hosts differ",
			 n - 1);
	snprintf(ret, size,
		 "the clock of host %s is %s %s the controller's%s: set it right (chrony "
		 "or systemd-timesyncd)%s; %s",
		 worst->host, by, off_ms > 0 ? "behind" : "ahead of", more,
		 n > 1 && same_side == n ? ", or the controller's, as all are on one side"
					 : "",
		 llabs(off_ms) <= SKEW_MAX_MS ? "until then its samples are corrected"
					      : "its samples cannot be used until then");
}

bool skew_problem(struct skew *s, int64_t now_mono_ms, char *ret, size_t size)
{
	const struct clock_of *worst = NULL;
	size_t n = 0, behind = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = s->n; i-- > 0;)
		if (now_mono_ms - s->v[i].seen_mono_ms > SKEW_KEPT_MS)
			forget(s, i);
	for (size_t i = 0; i < s->n; i++) {
		const struct clock_of *c = &s->v[i];

		if (llabs(c->in_force_ms) < SKEW_TOLD_MS)
			continue;
		n++;
		behind += c->in_force_ms > 0;
		if (!worst || llabs(c->in_force_ms) > llabs(worst->in_force_ms))
			worst = c;
	}
	if (worst)
		say(worst, n, MAX(behind, n - behind), ret, size);
	pthread_mutex_unlock(&s->lock);
	return worst != NULL;
}
