/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_schedules.c - one schedule per host in the store: the units that it should run.
 */
#include "publication.h"

#include "adopt_host.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

static int build_schedule(struct fleet *f, const struct fleet_host *h,
			  struct schedule **ret, struct err *err)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(0);

	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];
		char name[UNIT_NAME_TEXT];
		int rc;

		if (u->host != h || u->gone)
			continue;
		fleet_unit_name(u, name);
		rc = schedule_add(s,
				  &(struct schedule_unit){
					  .name = name,
					  .hash = u->u.hash,
					  .state = SCHEDULE_LAUNCHED,
					  .stack = u->u.stack,
					  .tier = u->u.tier,
					  .drain = u->u.goal != DB_GOAL_RUN,
				  },
				  err);
		if (rc < 0)
			return rc;
	}
	*ret = TAKE(s);
	return 0;
}

static void set_epoch(struct fleet *f, const struct fleet_host *h, int64_t epoch)
{
	for (size_t i = 0; i < f->n_units; i++) {
		if (f->units[i].host != h)
			continue;
		f->units[i].u.epoch = epoch;
		f->units[i].dirty = true;
	}
}

/* A replaced text stays as long as an instance runs it, or is to. */
static void keep_texts(struct publication *p, const struct fleet *f,
		       const struct view_snapshot *s)
{
	for (size_t i = 0; i < f->n_units; i++) {
		CLEANUP(free)
		char *key = xasprintf("/foretide/units/%s", f->units[i].u.hash);
		const struct view_kv *kv = f->units[i].gone ? NULL : view_find(s, key);

		if (kv)
			publication_add(p, key, kv->value, kv->len);
	}
}

static int add_schedule(struct publication *p, struct fleet *f, struct fleet_host *h,
			const struct view_snapshot *s, struct err *err)
{
	CLEANUP(schedule_free) struct schedule *is = NULL;
	CLEANUP(schedule_free) struct schedule *want = NULL;
	CLEANUP(free) char *text = NULL;
	const struct view_kv *kv;
	char key[256];
	int rc = build_schedule(f, h, &want, err);

	if (rc < 0)
		return rc;
	snprintf(key, sizeof(key), "/foretide/schedule/%s", h->h.id);
	kv = view_find(s, key);
	/* An unreadable schedule is replaced. */
	if (kv && schedule_parse(kv->value, kv->len, &is, NULL) < 0)
		is = NULL;
	if (is && schedule_is_equal(is, want)) {
		publication_add(p, key, kv->value, kv->len);
		return 0;
	}
	want->epoch = is ? is->epoch + 1 : 1;
	set_epoch(f, h, want->epoch);
	text = schedule_format(want);
	publication_add(p, key, text, strlen(text));
	return 0;
}

static void keep_schedule(struct publication *p, const struct fleet_host *h)
{
	CLEANUP(free) char *key = xasprintf("/foretide/schedule/%s", h->h.id);

	publication_keep(p, key);
}

int publication_add_schedules(struct publication *p, struct fleet *f,
			      const struct view_snapshot *s, struct err *err)
{
	keep_texts(p, f, s);
	for (size_t i = 0; i < f->n_hosts; i++) {
		int rc;

		if (f->hosts[i].h.state >= DB_HOST_TERMINATING)
			continue;
		if (adopt_is_open(&f->hosts[i].h)) {
			keep_schedule(p, &f->hosts[i]);
			continue;
		}
		rc = add_schedule(p, f, &f->hosts[i], s, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
