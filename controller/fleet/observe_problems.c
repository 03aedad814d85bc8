/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe_problems.c - what is wrong with the hosts that are not heard, and what a person
 * does about it. The texts change with the hosts alone, not with the time.
 */
#include "observer.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>

#define TELL_MS 60000 /* for so long a gap of the controller's own is told */

/* Of some hosts: the first, and how many more. */
struct some {
	const struct fleet_host *first;
	const struct fleet_unit *unit;
	size_t n;
};

static void add(struct some *s, const struct fleet_host *h)
{
	if (s->n++ == 0)
		s->first = h;
}

static const char *more(const struct some *s, char *text, size_t size)
{
	*text = '\0';
	if (s->n > 1)
		snprintf(text, size, " and %zu more", s->n - 1);
	return text;
}

static bool tell_deaf(const struct observer *o, char *text, size_t size)
{
	struct listening_gap gap = { .for_ms = 0 };

	if (o->opts.listening)
		listening_since(o->opts.listening, &gap);
	if (!gap.for_ms || clock_mono_ms() - gap.until_ms > TELL_MS)
		return false;
	snprintf(text, size,
		 "the controller did not listen to its hosts for some seconds (%s): what "
		 "they missed to say counts anew",
		 gap.what);
	return true;
}

static bool tell_unknown(const struct fleet *f, char *text, size_t size)
{
	struct some s = { .n = 0 };
	char others[40];

	for (size_t i = 0; i < f->n_hosts; i++)
		if (f->hosts[i].h.unknown_ms && !f->hosts[i].alive &&
		    !f->hosts[i].is_cut && f->hosts[i].h.state < DB_HOST_TERMINATING)
			add(&s, &f->hosts[i]);
	if (s.n)
		snprintf(text, size,
			 "host %s%s of pool %s is not heard: it is kept, and %s",
			 s.first->h.id, more(&s, others, sizeof(others)), s.first->h.pool,
			 s.first->h.is_replaced ? "its units are replaced"
						: "its units are not replaced yet");
	return s.n > 0;
}

static bool tell_cut(const struct fleet *f, char *text, size_t size)
{
	struct some s = { .n = 0 };
	char others[40];

	for (size_t i = 0; i < f->n_hosts; i++)
		if (f->hosts[i].is_cut)
			add(&s, &f->hosts[i]);
	if (s.n)
		snprintf(text, size,
			 "host %s%s is cut off from the store, while its metrics arrive: "
			 "it is kept, and not replaced for that; look at its way to the "
			 "store",
			 s.first->h.id, more(&s, others, sizeof(others)));
	return s.n > 0;
}

static const struct fleet_unit *protected_on(const struct fleet *f,
					     const struct fleet_host *h)
{
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host == h && observe_is_protected(f, &f->units[i]))
			return &f->units[i];
	return NULL;
}

static bool tell_stateful(const struct fleet *f, char *text, size_t size)
{
	struct some s = { .n = 0 };
	char others[40];

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct fleet_host *h = &f->hosts[i];
		const struct fleet_unit *u =
			h->h.unknown_ms && !h->alive && h->h.state == DB_HOST_UP
				? protected_on(f, h)
				: NULL;

		if (!u)
			continue;
		if (!s.unit)
			s.unit = u;
		add(&s, h);
	}
	if (s.n)
		snprintf(
			text, size,
			"host %s%s is not heard and holds the state of %s: it is never "
			"ended for that; repair it, or give it up with foretide drain %s",
			s.first->h.id, more(&s, others, sizeof(others)), s.unit->u.name,
			s.first->h.id);
	return s.n > 0;
}

static bool tell_limited(const struct observed *s, char *text, size_t size)
{
	if (s->n_limited)
		snprintf(text, size,
			 "%zu hosts are lost and wait to be ended: one a minute of a "
			 "pool, and one in ten seconds of all, is ended for silence",
			 s->n_limited);
	return s->n_limited > 0;
}

static bool tell_vanished(const struct fleet *f, char *text, size_t size)
{
	struct some s = { .n = 0 };
	const char *service = NULL;
	char others[40];

	for (size_t i = 0; i < f->n_hosts; i++) {
		const char *first =
			json_string_value(json_array_get(f->hosts[i].vanished, 0));

		if (!first)
			continue;
		if (!service)
			service = first;
		add(&s, &f->hosts[i]);
	}
	if (s.n)
		snprintf(text, size,
			 "more than half of the records of a service vanished at once, "
			 "below %.100s: host %s%s go on with the last list; look at the "
			 "hosts of that service, their way to the store, and the store",
			 service, s.first->h.id, more(&s, others, sizeof(others)));
	return s.n > 0;
}

static bool tell_put_right(const struct fleet *f, char *text, size_t size)
{
	struct some s = { .n = 0 };
	const char *what = NULL;
	char others[40];

	for (size_t i = 0; i < f->n_hosts; i++) {
		const char *words = json_string_value(f->hosts[i].put_right);

		if (!words)
			continue;
		if (!what)
			what = words;
		add(&s, &f->hosts[i]);
	}
	if (s.n)
		snprintf(text, size,
			 "host %s%s put records right that somebody else changed in the "
			 "last minute, such as %.300s",
			 s.first->h.id, more(&s, others, sizeof(others)), what);
	return s.n > 0;
}

bool observe_problem(struct observer *o, const struct fleet *f, const struct observed *s,
		     enum observe_problem which, char *text, size_t size)
{
	switch (which) {
	case OBSERVE_DEAF:
		return tell_deaf(o, text, size);
	case OBSERVE_DOUBTED:
		return s->store_ok && silences_doubt_text(o->silences, text, size);
	case OBSERVE_UNKNOWN:
		return tell_unknown(f, text, size);
	case OBSERVE_CUT:
		return tell_cut(f, text, size);
	case OBSERVE_STATEFUL:
		return tell_stateful(f, text, size);
	case OBSERVE_LIMITED:
		return tell_limited(s, text, size);
	case OBSERVE_INTERRUPTED:
		return observe_tell_interrupted(f, text, size);
	case OBSERVE_VANISHED:
		return tell_vanished(f, text, size);
	case OBSERVE_PUT_RIGHT:
		return tell_put_right(f, text, size);
	case N_OBSERVE_PROBLEMS:
		break;
	}
	return false;
}
