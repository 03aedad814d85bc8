/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list.c - hosts with the owner's mark, of all hypervisors or an error. */
#include "operations.h"

#include "check.h"
#include "cloud.h"

#include <string.h>

struct listing {
	const char *owner;
	drv_vm_fn *each;
	void *arg;
};

static void give(void *arg, const struct lv_host *h)
{
	const struct listing *l = arg;

	if (h->is_marked && strcmp(h->vm.owner, l->owner) == 0)
		l->each(l->arg, &h->vm);
}

int lv_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err)
{
	struct listing l = { .owner = owner, .each = each, .arg = arg };
	CLEANUP(lv_cloud_done) struct lv_cloud c = { .n = 0 };
	int rc = lv_connect(d, NULL, &c, err);

	(void)deadline;
	for (size_t i = 0; rc == 0 && i < c.n; i++)
		rc = lv_each_host(&c.v[i], d->host->wall_ms(d->host->ctx), give, &l, err);
	return rc;
}
