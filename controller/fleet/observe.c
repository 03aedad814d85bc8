/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "observer.h"

#include "check.h"

#include <stdlib.h>

struct observer *observer_new(int64_t grace_ms)
{
	struct observer *o = xcalloc(1, sizeof(*o));

	o->grace_ms = grace_ms;
	return o;
}

void observer_free(struct observer *o)
{
	if (!o)
		return;
	free(o->missing);
	free(o);
}

int observe(struct observer *o, struct fleet *f, const struct view_snapshot *s,
	    const struct events *events, struct observed *ret, struct err *err)
{
	int rc;

	CHECK(s->has_copy);
	*ret = (struct observed){ .store_ok = s->is_synced };
	if (!ret->store_ok || !o->blind_ms)
		o->blind_ms = f->now_ms;
	rc = observe_hosts(o, f, s, events, err);
	if (rc < 0)
		return rc;
	if (ret->store_ok) {
		rc = observe_lost_hosts(o, f, events, ret, err);
		if (rc == 0)
			rc = observe_record_seen(o, f, events->db, err);
		if (rc < 0)
			return rc;
	} else {
		o->n_missing = 0;
	}
	for (size_t i = 0; i < f->n_units; i++)
		observe_unit(f, &f->units[i], events);
	fleet_index(f);
	return 0;
}
