/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - a free machine is given to a launch, and switched on.
 *
 * That it is given is in the book before its power is touched. Its agent gets the user
 * data from the controller: the machine asks for it, see foretide-static(7).
 */
#include "check.h"
#include "driver_util.h"
#include "operations.h"
#include "power.h"

#define USER_DATA_MAX 65536

/* Whether a is to be given before b: the smaller one, and of equals the longest free, so
 * that one that fails is not the first again. */
static bool is_better(const struct book *b, const struct machine *a,
		      const struct machine *than)
{
	if (a->cpu != than->cpu)
		return a->cpu < than->cpu;
	if (a->memory_bytes != than->memory_bytes)
		return a->memory_bytes < than->memory_bytes;
	return book_freed_ms(b, a->name) < book_freed_ms(b, than->name);
}

/* type: NULL: any. *ret_known: whether one that fits has it, given or not. */
static const struct machine *find_free(const struct drv *d, const struct machines *m,
				       const struct book *b, const char *type,
				       bool *ret_known)
{
	const struct machine *best = NULL;

	*ret_known = false;
	for (size_t i = 0; i < m->n; i++) {
		const struct machine *one = &m->v[i];

		if (!st_fits(&d->opt, one) || (type && strcmp(type, one->type) != 0))
			continue;
		*ret_known = true;
		if (!book_holder(b, one->name) && (!best || is_better(b, one, best)))
			best = one;
	}
	return best;
}

static int pick(const struct drv *d, const struct drv_launch *l, const struct machines *m,
		const struct book *b, const struct machine **ret, struct drv_err *err)
{
	static const char *const any[] = { NULL, NULL };
	const char *const *types = l->types && l->types[0] ? l->types : any;
	bool is_any = types == any, is_known = false;

	for (size_t i = 0; is_any ? i < 1 : types[i] != NULL; i++) {
		bool has_it;

		*ret = find_free(d, m, b, types[i], &has_it);
		if (*ret)
			return 0;
		is_known |= has_it;
	}
	if (is_known)
		return drv_fail(err, DRV_CAPACITY,
				"all machines of %s that fit are in use",
				d->opt.machines);
	return drv_fail(err, DRV_BADREQ,
			"%s declares no machine of type '%s' with the cores and memory "
			"that the pool asks for",
			d->opt.machines,
			!is_any       ? types[0]
			: d->opt.type ? d->opt.type
				      : "any");
}

/* ---------------------------------------------------------------- given */

static int give(const struct drv *d, const struct drv_launch *l, const struct machines *m,
		struct book *b, struct drv_err *err)
{
	const struct machine *one = NULL;
	struct book_entry e = { .given_ms = d->host->wall_ms(d->host->ctx) };
	int rc = pick(d, l, m, b, &one, err);
	struct err why;

	if (rc < 0)
		return rc;
	snprintf(e.launch_id, sizeof(e.launch_id), "%s", l->launch_id);
	snprintf(e.owner, sizeof(e.owner), "%s", l->owner);
	snprintf(e.pool, sizeof(e.pool), "%s", l->pool);
	snprintf(e.name, sizeof(e.name), "%s", l->name);
	snprintf(e.type, sizeof(e.type), "%s", one->type);
	snprintf(e.machine, sizeof(e.machine), "%s", one->name);
	e.is_ready = !one->mac && !one->power_on;
	rc = book_add(b, &e, &why);
	if (rc == 0)
		rc = book_save(b, e.given_ms, &why);
	return rc < 0 ? drv_fail_err(err, rc, &why) : 0;
}

/* The launch's machine, given now or before. */
static int take(struct drv *d, const struct drv_launch *l, int64_t deadline,
		struct machines *m, struct book_entry *ret, struct drv_err *err)
{
	CLEANUP(book_done) struct book b = { .lock = -1 };
	int rc = st_open(d, deadline, m, &b, err);

	if (rc == 0 && !book_find(&b, l->launch_id))
		rc = give(d, l, m, &b, err);
	if (rc == 0)
		*ret = *book_find(&b, l->launch_id);
	return rc;
}

/* The machine is on, or free again. Power takes time, in which the book is not locked. */
static int settle(struct drv *d, const char *launch_id, const struct drv_err *failed,
		  int64_t deadline, struct book_entry *ret, struct drv_err *err)
{
	const int64_t now = d->host->wall_ms(d->host->ctx);
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct book_entry *e = NULL;
	struct err why;
	int rc = book_open(d->opt.state_dir, BOOK, left_ms(d, deadline), &b, &why);

	if (rc == 0 && !(e = book_find(&b, launch_id)))
		rc = err_set(&why, ERR_STORE, "the launch is in the book no more");
	if (rc == 0) {
		e->is_ready = !failed;
		if (failed)
			book_end(e, now);
		*ret = *e;
		rc = book_save(&b, now, &why);
	}
	/* It has the machine still: sent again it goes on from here. */
	return rc < 0 ? drv_fail(err, DRV_AMBIGUOUS, "%s", why.msg) : 0;
}

static int switch_on(struct drv *d, const struct machine *m, struct book_entry *e,
		     int64_t deadline, struct drv_err *err)
{
	struct drv_err failed = { .cls = 0 }, other;
	struct err why;
	int rc = power_on(m, left_ms(d, deadline), &why);

	if (rc == 0)
		return settle(d, e->launch_id, NULL, deadline, e, err);
	(void)drv_fail(&failed, DRV_TRANSIENT, "%s", why.msg);
	rc = settle(d, e->launch_id, &failed, deadline + 1000, e, &other);
	*err = rc < 0 ? other : failed;
	return err->cls;
}

int st_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(machines_done) struct machines m = { .v = NULL };
	const struct machine *one = NULL;
	struct book_entry e;
	int rc = drv_check_launch(l, USER_DATA_MAX, err);

	if (rc == 0)
		rc = take(d, l, deadline, &m, &e, err);
	if (rc < 0)
		return rc;
	one = machines_find(&m, e.machine);
	if (!e.ended_ms && !e.is_ready && one)
		rc = switch_on(d, one, &e, deadline, err);
	if (rc == 0)
		st_vm(&e, one, ret);
	return rc;
}
