/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * given.c - the machines that there are, and whose each is.
 */
#include "check.h"
#include "driver_util.h"
#include "operations.h"

#include <math.h>

int st_open(struct drv *d, int64_t deadline, struct machines *ret_m, struct book *ret_b,
	    struct drv_err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	struct err e;
	int rc = machines_read(d->opt.machines, &m, &e);

	if (rc < 0)
		return drv_fail(err, rc == ERR_STORE ? DRV_TRANSIENT : DRV_BADREQ, "%s",
				e.msg);
	rc = book_open(d->opt.state_dir, BOOK, left_ms(d, deadline), ret_b, &e);
	if (rc < 0)
		return drv_fail(err, DRV_TRANSIENT, "%s", e.msg);
	*ret_m = m;
	m = (struct machines){ .v = NULL };
	return 0;
}

void st_vm(const struct book_entry *e, const struct machine *m, struct drv_vm *ret)
{
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->id, sizeof(ret->id), "%.60s/%s", e->machine, e->launch_id);
	snprintf(ret->launch_id, sizeof(ret->launch_id), "%s", e->launch_id);
	snprintf(ret->owner, sizeof(ret->owner), "%s", e->owner);
	snprintf(ret->pool, sizeof(ret->pool), "%s", e->pool);
	snprintf(ret->name, sizeof(ret->name), "%s", e->name);
	snprintf(ret->type, sizeof(ret->type), "%s", e->type);
	snprintf(ret->zone, sizeof(ret->zone), "%.60s", e->machine);
	if (m && m->address)
		snprintf(ret->address, sizeof(ret->address), "%s", m->address);
	ret->created_ms = e->given_ms;
	ret->state = e->ended_ms ? DRV_VM_GONE : DRV_VM_RUNNING;
	/* A launch that was cut short is to be sent again: see is_half_made(). */
	if (!e->ended_ms && !e->is_ready) {
		ret->state = DRV_VM_FAILED;
		snprintf(ret->message, sizeof(ret->message),
			 "its launch was cut short before machine %.60s was on",
			 e->machine);
	}
}

bool st_fits(const struct st_options *o, const struct machine *m)
{
	return m->cpu >= o->cpu && m->memory_bytes >= o->memory_bytes &&
	       (!o->type || strcmp(o->type, m->type) == 0);
}

int st_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	int rc = st_open(d, deadline, &m, &b, err);

	for (size_t i = 0; rc == 0 && i < b.n; i++) {
		const struct book_entry *e = &b.v[i];
		struct drv_vm vm;

		if (e->ended_ms || strcmp(e->owner, owner) != 0)
			continue;
		st_vm(e, machines_find(&m, e->machine), &vm);
		each(arg, &vm);
	}
	return rc;
}

/* ---------------------------------------------------------------- what there is */

/* The first of its type; of several the smallest counts. */
static bool is_first(const struct machines *m, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(m->v[j].type, m->v[i].type) == 0)
			return false;
	return true;
}

int st_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	     struct drv_err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	int rc = st_open(d, deadline, &m, &b, err);

	for (size_t i = 0; rc == 0 && i < m.n; i++) {
		struct drv_type t = {
			.name = m.v[i].type,
			.cpu = m.v[i].cpu,
			.memory_bytes = m.v[i].memory_bytes,
			.price_hour = NAN,
			.spot_price_hour = NAN,
			.currency = "",
		};

		if (!is_first(&m, i))
			continue;
		for (size_t j = i + 1; j < m.n; j++) {
			if (strcmp(m.v[j].type, t.name) != 0)
				continue;
			t.cpu = MIN(t.cpu, m.v[j].cpu);
			t.memory_bytes = MIN(t.memory_bytes, m.v[j].memory_bytes);
		}
		each(arg, &t);
	}
	return rc;
}

/* Of those that fit; a machine that is declared no more is none of them. */
static void count(const struct drv *d, const struct machines *m, const struct book *b,
		  struct drv_quota *ret)
{
	*ret = (struct drv_quota){ .used = 0 };
	for (size_t i = 0; i < m->n; i++) {
		if (!st_fits(&d->opt, &m->v[i]))
			continue;
		ret->limit++;
		ret->used += book_holder(b, m->v[i].name) != NULL;
	}
}

int st_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	int rc = st_open(d, deadline, &m, &b, err);

	if (rc == 0)
		count(d, &m, &b, ret);
	return rc;
}

int st_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	CLEANUP(free) char *words = NULL;
	struct drv_quota q;
	int rc = st_open(d, deadline, &m, &b, err);

	if (rc < 0) {
		report(arg, true, err->msg);
		return rc;
	}
	count(d, &m, &b, &q);
	words = xasprintf(
		"%s declares %zu machines; %lld have the type, cores and memory "
		"that are asked for, of which %lld are in use",
		d->opt.machines, m.n, (long long)q.limit, (long long)q.used);
	report(arg, q.limit == 0, words);
	return q.limit ? 0 : drv_fail(err, DRV_BADREQ, "%s", words);
}
