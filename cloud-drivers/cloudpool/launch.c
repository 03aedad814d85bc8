/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - a launch is entered in the book, and the pool grows if it must.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

static int check(const struct drv_launch *l, struct drv_err *err)
{
	if (l->spot || l->image || (l->types && l->types[0]))
		return drv_fail(err, DRV_NOTSUP,
				"what machines a cloudpool has is said in its own "
				"configuration: take %s out of the pool",
				l->spot    ? "spot"
				: l->image ? "image"
					   : "type");
	return drv_check_launch(l, USER_DATA_MAX, err);
}

static int enter(struct drv *d, struct book *b, const struct drv_launch *l,
		 struct drv_err *err)
{
	struct book_entry e = { .given_ms = cp_now_ms(d) };
	struct err why;
	int rc;

	snprintf(e.launch_id, sizeof(e.launch_id), "%s", l->launch_id);
	snprintf(e.owner, sizeof(e.owner), "%s", l->owner);
	snprintf(e.pool, sizeof(e.pool), "%s", l->pool);
	snprintf(e.name, sizeof(e.name), "%s", l->name);
	rc = book_add(b, &e, &why);
	return rc < 0 ? drv_fail_err(err, rc, &why) : cp_book_save(d, b, err);
}

/*
 * After a failure that had no effect a new launch is none. One that was entered before
 * may have made the pool grow: nobody knows, until it is sent again and the pool answers.
 */
static int give_up(struct drv *d, struct book *b, const char *launch_id, bool was_there,
		   struct drv_err *err)
{
	struct drv_err e;

	if (was_there || err->cls == DRV_AMBIGUOUS)
		return err->cls = DRV_AMBIGUOUS;
	book_end(book_find(b, launch_id), cp_now_ms(d));
	return cp_book_save(d, b, &e) < 0 ? (err->cls = DRV_AMBIGUOUS) : err->cls;
}

int cp_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(cp_pool_done) struct cp_pool p = { .v = NULL };
	CLEANUP(book_done) struct book b = { .lock = -1 };
	const struct book_entry *e;
	bool was_there;
	int rc = check(l, err);

	if (rc == 0)
		rc = cp_book_open(d, deadline, &b, err);
	if (rc < 0)
		return rc;
	e = book_find(&b, l->launch_id);
	was_there = e != NULL;
	if (e && e->ended_ms) {
		cp_vm(d, e, NULL, ret);
		return 0;
	}
	rc = was_there ? 0 : enter(d, &b, l, err);
	if (rc < 0)
		return rc;
	rc = cp_pool_get(d, deadline, &p, err);
	if (rc == 0)
		rc = cp_arrange(d, &b, &p, deadline, err);
	e = book_find(&b, l->launch_id);
	/* One that has a machine is launched: what else failed is done with the next
	 * list. */
	if (rc < 0 && !*e->machine)
		return give_up(d, &b, l->launch_id, was_there, err);
	cp_vm(d, e, *e->machine ? cp_pool_find(&p, e->machine) : NULL, ret);
	return 0;
}
