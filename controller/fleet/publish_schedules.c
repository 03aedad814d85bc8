/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_schedules.c - one schedule per host in the store: the units that it should run.
 */
#include "publication.h"

#include "adopt_host.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The units of each host. */
struct by_host {
	size_t *end; /* [n_hosts + 1] in units, of the hosts up to this one */
	struct fleet_unit **units; /* [n_units] of host 0, of host 1, ... */
};

static void by_host_done(struct by_host *b)
{
	free(b->end);
	free(b->units);
}
DEFINE_CLEANUP_OBJECT(struct by_host, by_host_done);

/* Sorted by counting. What is on no host is left out. */
static void sort_by_host(struct fleet *f, struct by_host *b)
{
	size_t n = 0;

	b->end = xcalloc(f->n_hosts + 1, sizeof(*b->end));
	b->units = xcalloc(f->n_units + 1, sizeof(struct fleet_unit *));
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host)
			b->end[f->units[i].host - f->hosts]++;
	for (size_t i = 0; i < f->n_hosts; i++) {
		const size_t first = n;

		n += b->end[i];
		b->end[i] = first;
	}
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host)
			b->units[b->end[f->units[i].host - f->hosts]++] = &f->units[i];
}

/* The run of a host's units. */
struct on_host {
	struct fleet_unit *const *v;
	size_t n;
};

static struct on_host on_host(const struct by_host *b, size_t host)
{
	const size_t first = host > 0 ? b->end[host - 1] : 0;

	return (struct on_host){ b->units + first, b->end[host] - first };
}

static int build_schedule(const struct on_host *on, struct schedule **ret,
			  struct err *err)
{
	CLEANUP(schedule_free) struct schedule *s = schedule_new(0);

	for (size_t i = 0; i < on->n; i++) {
		const struct fleet_unit *u = on->v[i];
		char name[UNIT_NAME_TEXT];
		int rc;

		if (u->gone)
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

static void set_epoch(const struct on_host *on, int64_t epoch)
{
	for (size_t i = 0; i < on->n; i++) {
		on->v[i]->u.epoch = epoch;
		on->v[i]->dirty = true;
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A replaced text stays as long as an instance runs it, or is to. */
static void keep_texts(struct publication *p, const struct fleet *f,
		       const struct view_snapshot *s)
{
	CLEANUP(free) const char **hashes = xcalloc(f->n_units + 1, sizeof(*hashes));
	size_t n = 0;

	/* Instances of a tier follow each other. */
	for (size_t i = 0; i < f->n_units; i++)
		if (!f->units[i].gone &&
		    (n == 0 || strcmp(hashes[n - 1], f->units[i].u.hash) != 0))
			hashes[n++] = f->units[i].u.hash;
	if (n > 1)
		qsort(hashes, n, sizeof(*hashes), by_text);
	for (size_t i = 0; i < n; i++) {
		CLEANUP(free) char *key = xasprintf("/foretide/units/%s", hashes[i]);
		const struct view_kv *kv = i > 0 && strcmp(hashes[i], hashes[i - 1]) == 0
						   ? NULL
						   : view_find(s, key);

		if (kv)
			publication_add(p, key, kv->value, kv->len);
	}
}

static int add_schedule(struct publication *p, const struct fleet_host *h,
			const struct on_host *on, const struct view_snapshot *s,
			struct err *err)
{
	CLEANUP(schedule_free) struct schedule *is = NULL;
	CLEANUP(schedule_free) struct schedule *want = NULL;
	CLEANUP(free) char *text = NULL;
	const struct view_kv *kv;
	char key[256];
	int rc = build_schedule(on, &want, err);

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
	set_epoch(on, want->epoch);
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
	CLEANUP(by_host_done) struct by_host by_host = { 0 };

	keep_texts(p, f, s);
	sort_by_host(f, &by_host);
	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct on_host on = on_host(&by_host, i);
		int rc;

		if (f->hosts[i].h.state >= DB_HOST_TERMINATING)
			continue;
		if (adopt_is_open(&f->hosts[i].h)) {
			keep_schedule(p, &f->hosts[i]);
			continue;
		}
		rc = add_schedule(p, &f->hosts[i], &on, s, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
