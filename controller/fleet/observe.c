/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "observer.h"

#include "check.h"
#include "clock.h"

#include <stdlib.h>

struct observer *observer_new(const struct observer_opts *opts)
{
	struct observer *o = xcalloc(1, sizeof(*o));

	o->opts = *opts;
	o->documents = host_documents_new();
	o->silences = silences_new();
	return o;
}

void observer_free(struct observer *o)
{
	if (!o)
		return;
	silences_free(o->silences);
	host_documents_free(o->documents);
	returns_done(&o->returns);
	free(o);
}

/* Every silence begins anew when the store, or the controller itself, was deaf. The
 * round's time is before what is found of that: the work of the round is no silence. */
static void note_hearing(struct observer *o, bool store_ok)
{
	int64_t since_ms = 0;

	o->now_ms = clock_mono_ms();
	if (o->opts.listening)
		since_ms = listening_since(o->opts.listening, NULL);
	o->heard_ms = MAX(o->heard_ms, since_ms);
	if (!store_ok)
		o->heard_ms = o->now_ms;
}

static int observe_silence(struct observer *o, struct fleet *f,
			   const struct events *events, struct observed *ret,
			   struct err *err)
{
	int rc = observe_take_back(f, events, err);

	if (rc == 0)
		rc = observe_silent_hosts(o, f, events, ret, err);
	if (rc == 0)
		rc = observe_lost_hosts(o, f, events, ret, err);
	return rc;
}

int observe(struct observer *o, struct fleet *f, const struct view_snapshot *s,
	    const struct events *events, struct observed *ret, struct err *err)
{
	int rc;

	CHECK(s->has_copy);
	*ret = (struct observed){ .store_ok = s->is_synced };
	if (!ret->store_ok || !o->blind_ms)
		o->blind_ms = f->now_ms;
	note_hearing(o, ret->store_ok);
	rc = observe_hosts(o, f, s, events, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < f->n_units; i++)
		observe_unit(f, &f->units[i], events);
	fleet_index(f);
	if (ret->store_ok) {
		rc = observe_interrupted(f, events, err);
		if (rc < 0)
			return rc;
		rc = observe_silence(o, f, events, ret, err);
		if (rc == 0)
			rc = observe_record_seen(o, f, events->db, err);
		if (rc < 0)
			return rc;
	}
	observe_away(f);
	fleet_index(f);
	return 0;
}
