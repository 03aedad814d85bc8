/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room.c - how much of a hypervisor is not promised to anybody.
 *
 * What is free at the moment would lie: guests touch their memory by and by, and those
 * being launched none yet.
 */
#include "cloud.h"

#include "check.h"

static void count(void *arg, const struct lv_host *h)
{
	struct lv_room *r = arg;

	r->n_marked += h->is_marked;
	/* One of ours that is off is just being launched, or soon deleted. */
	if (!h->is_active && !h->is_marked)
		return;
	r->memory_bytes -= h->memory_bytes;
	r->cpus -= h->cpus;
}

int lv_room(const struct drv *d, const struct lv_connected *c, struct lv_room *ret,
	    struct drv_err *err)
{
	virNodeInfo node;

	if (virNodeGetInfo(c->conn, &node) < 0)
		return lv_fail(err, c, "cannot read what the hypervisor has");
	*ret = (struct lv_room){
		.memory_bytes = ((int64_t)node.memory << 10) - d->opt.reserve_bytes,
		.cpus = node.cpus * d->opt.cpu_ratio,
	};
	return lv_each_host(c, 0, count, ret, err);
}

int64_t lv_room_for(const struct lv_room *r, const struct lv_type *t)
{
	const int64_t by_memory = r->memory_bytes / t->memory_bytes;
	const int64_t by_cpus = (int64_t)(r->cpus / t->cpus);

	return MAX(0, MIN(by_memory, by_cpus));
}
