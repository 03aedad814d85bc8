/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Launches that there are, with their machines, and the end of one. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <string.h>

/* ---------------------------------------------------------------- list */

/* What it lacks is asked for again with the next list; the list itself is whole. */
static void arrange(struct drv *d, struct book *b, const struct cp_pool *p,
		    int64_t deadline)
{
	const struct drv_host *h = d->rest.host;
	struct drv_err e;

	if (cp_arrange(d, b, p, deadline, &e) < 0)
		h->log(h->ctx, DRV_LOG_WARN, "cloudpool-not-arranged", e.msg);
}

int cp_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err)
{
	CLEANUP(cp_pool_done) struct cp_pool p = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	int rc = cp_book_open(d, deadline, &b, err);

	if (rc == 0)
		rc = cp_pool_get(d, deadline, &p, err);
	if (rc < 0)
		return rc;
	arrange(d, &b, &p, deadline);
	for (size_t i = 0; i < b.n; i++) {
		const struct book_entry *e = &b.v[i];
		const struct cp_machine *m = cp_pool_find(&p, e->machine);
		struct drv_vm vm;

		if (e->ended_ms || strcmp(e->owner, owner) != 0 || (*e->machine && !m))
			continue;
		cp_vm(d, e, m, &vm);
		each(arg, &vm);
	}
	return 0;
}

/* ---------------------------------------------------------------- terminate */

/* The pool is to have what is needed: a size that is larger brings a machine that nobody
 * wants, one that is smaller sends the pool to look for a victim. */
static int mend_size(struct drv *d, const struct book *b, const struct cp_pool *p,
		     bool may_shrink, int64_t deadline, struct drv_err *err)
{
	const int64_t needed = cp_needed(b, p);
	int64_t size = 0;
	int rc = cp_size_get(d, deadline, &size, err);

	if (rc == 0 && size < needed)
		return cp_size_set(d, needed, deadline, err);
	/* By one at most: others of the pool are not ours to end. */
	if (rc == 0 && size > needed && may_shrink)
		return cp_size_set(d, size - 1, deadline, err);
	return rc;
}

/* It has no machine: one that came for it, or that will, is not wanted. The entry is to
 * be ended already. */
static int end_waiting(struct drv *d, const struct book *b, const struct cp_pool *p,
		       int64_t deadline, struct drv_err *err)
{
	const struct cp_machine *spare = cp_spare(b, p);
	const int rc = spare ? cp_end(d, spare->id, deadline, err)
			     : mend_size(d, b, p, true, deadline, err);

	return rc == DRV_NOTFOUND ? 0 : rc;
}

/*
 * One that is on its way out was terminated before: once more would shrink the pool
 * twice. *ret_shrink: it went by itself, and the pool's own loop replaces it.
 */
static int end_machine(struct drv *d, const struct book_entry *e, const struct cp_pool *p,
		       int64_t deadline, bool *ret_shrink, struct drv_err *err)
{
	const struct cp_machine *m = cp_pool_find(p, e->machine);
	int rc = 0;

	*ret_shrink = m && m->state >= CP_ENDING && !e->is_ending;
	if (m && m->state >= CP_ENDING)
		return 0;
	/* A list may lack one that is there. */
	if (!m || !m->is_evictable)
		rc = cp_evictable(d, e->machine, true, deadline, err);
	if (rc == 0)
		rc = cp_end(d, e->machine, deadline, err);
	if (rc != DRV_NOTFOUND)
		return rc;
	*ret_shrink = !e->is_ending;
	return 0;
}

static int end_entry(struct drv *d, struct book *b, struct book_entry *e,
		     const struct cp_pool *p, int64_t deadline, struct drv_err *err)
{
	const struct book_entry was = *e;
	bool may_shrink = false;
	int rc = 0;

	/* Killed from here on, the next call finds what was done. */
	e->is_ending = true;
	rc = cp_book_save(d, b, err);
	e = rc == 0 ? book_find(b, was.launch_id) : NULL;
	if (!e)
		return rc;
	if (*was.machine)
		rc = end_machine(d, &was, p, deadline, &may_shrink, err);
	if (rc < 0)
		return rc;
	book_end(e, cp_now_ms(d));
	e->missed_ms = 0;
	rc = *was.machine ? mend_size(d, b, p, may_shrink, deadline, err)
			  : end_waiting(d, b, p, deadline, err);
	/* Not saved as ended, it is asked for again. */
	return rc < 0 ? rc : cp_book_save(d, b, err);
}

int cp_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err)
{
	CLEANUP(cp_pool_done) struct cp_pool p = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct book_entry *e;
	int rc = cp_book_open(d, deadline, &b, err);

	if (rc < 0)
		return rc;
	e = book_find(&b, vm_id);
	/* One that was only missed may be there. */
	if (!e || (e->ended_ms && !e->missed_ms))
		return 0;
	if (strcmp(e->owner, owner) != 0)
		return drv_fail(err, DRV_CONFLICT, "launch %s belongs to '%s'", vm_id,
				e->owner);
	rc = cp_pool_get(d, deadline, &p, err);
	return rc < 0 ? rc : end_entry(d, &b, e, &p, deadline, err);
}
