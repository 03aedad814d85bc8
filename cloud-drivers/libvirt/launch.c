/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - one host: defined, given its volumes, started.
 *
 * The definition comes first. It is made whole or not at all, its UUID is the launch id,
 * and it has our marks: whatever ends this half-way leaves a host that is listed, that
 * the same launch goes on with, and that terminate() finds all of.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <libvirt/virterror.h>

struct launching {
	struct drv *d;
	const struct drv_launch *l;
	int64_t wall_ms;
};

static int check(const struct drv *d, const struct drv_launch *l, struct drv_err *err)
{
	int rc = drv_check_launch(l, USER_DATA_MAX, err);

	if (rc < 0)
		return rc;
	if (l->spot)
		return drv_fail(err, DRV_NOTSUP, "hypervisors have no spot hosts");
	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	if (strlen(l->launch_id) != 32 ||
	    l->launch_id[strspn(l->launch_id, "0123456789abcdef")])
		return drv_fail(err, DRV_BADREQ, "the launch id is not 32 hex digits");
	if (!l->image && !d->opt.image)
		return drv_fail(err, DRV_BADREQ,
				"the pool names no image: give the option 'image'");
	return 0;
}

/* ---------------------------------------------------------------- where, and what */

struct choice {
	const struct lv_connected *at;
	const struct lv_type *type;
};

/* Where most of them fit; NULL when none does. */
static const struct lv_connected *roomiest(const struct lv_cloud *c,
					   const struct lv_room *rooms,
					   const struct lv_type *t)
{
	const struct lv_connected *best = NULL;
	int64_t most = 0;

	for (size_t i = 0; i < c->n; i++) {
		const int64_t n = lv_room_for(&rooms[i], t);

		if (n > most) {
			most = n;
			best = &c->v[i];
		}
	}
	return best;
}

static int read_rooms(const struct drv *d, const struct lv_cloud *c,
		      struct lv_room rooms[HYPERVISORS_MAX], struct drv_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n; i++)
		rc = lv_room(d, &c->v[i], &rooms[i], err);
	return rc;
}

/* The first type that fits anywhere. */
static int choose(const struct launching *g, const struct lv_cloud *c, struct choice *ret,
		  struct drv_err *err)
{
	static const char *const own[] = { NULL, NULL };
	const bool has_types = g->l->types && g->l->types[0];
	const char *const *names = has_types ? g->l->types : own;
	struct lv_room rooms[HYPERVISORS_MAX];
	int rc = read_rooms(g->d, c, rooms, err);
	size_t i = 0;

	if (rc < 0)
		return rc;
	do {
		ret->type = lv_type(&g->d->opt, names[i]);
		if (!ret->type)
			return drv_fail(err, DRV_BADREQ, "the option types has no '%s'",
					names[i]);
		ret->at = roomiest(c, rooms, ret->type);
	} while (!ret->at && names[i] && names[++i]);
	if (ret->at)
		return 0;
	return drv_fail(err, DRV_CAPACITY,
			"no hypervisor has %u cores and %lld MB of memory left for a "
			"host of the type %s (cpu_ratio, reserve_memory)",
			ret->type->cpus, (long long)(ret->type->memory_bytes >> 20),
			ret->type->name);
}

/* ---------------------------------------------------------------- the steps */

/* libvirt has no class of its own for a name that is in use. */
static int check_name(const struct launching *g, const struct lv_connected *at,
		      struct drv_err *err)
{
	CLEANUP(virDomainFree)
	virDomainPtr other = virDomainLookupByName(at->conn, g->l->name);

	if (other)
		return drv_fail(err, DRV_CONFLICT,
				"hypervisor %s: the name '%s' is used by a domain that "
				"is not of this launch",
				at->at->zone, g->l->name);
	return lv_code() == VIR_ERR_NO_DOMAIN
		       ? 0
		       : lv_fail(err, at, "cannot look for a name");
}

static int define(const struct launching *g, const struct choice *where,
		  virDomainPtr *ret, struct drv_err *err)
{
	CLEANUP(virStoragePoolFree) virStoragePoolPtr pool = NULL;
	CLEANUP(free) char *folder = NULL;
	CLEANUP(free) char *xml = NULL;
	int rc = check_name(g, where->at, err);

	if (rc == 0)
		rc = lv_storage(where->at, g->d->opt.storage, &pool, err);
	if (rc == 0)
		rc = lv_storage_folder(where->at, pool, &folder, err);
	if (rc == 0)
		rc = lv_domain_xml(g->d, where->at, g->l, where->type, folder, &xml, err);
	if (rc < 0)
		return rc;
	*ret = virDomainDefineXML(where->at->conn, xml);
	if (*ret)
		return 0;
	rc = lv_fail(err, where->at, "cannot define the host");
	return virConnectIsAlive(where->at->conn) == 1 ? rc : (err->cls = DRV_AMBIGUOUS);
}

/* The rest, of which parts may be there. */
static int start(const struct launching *g, const struct lv_connected *at,
		 virDomainPtr dom, struct drv_err *err)
{
	int rc = lv_make_disk(g->d, at, g->l, err);

	if (rc == 0 && strcmp(g->d->opt.seed, "iso") == 0)
		rc = lv_make_seed(g->d, at, g->l, err);
	if (rc < 0 || virDomainCreate(dom) == 0)
		return rc;
	/* Another call of the same launch may have been faster. */
	rc = lv_fail(err, at, "cannot start the host");
	return virDomainIsActive(dom) == 1 ? 0 : rc;
}

/*
 * A host that cannot be started is removed again; where the hypervisor is lost meanwhile,
 * it may run.
 */
static int finish(const struct launching *g, const struct lv_connected *at,
		  virDomainPtr dom, struct drv_vm *ret, struct drv_err *err)
{
	int rc = start(g, at, dom, err);
	struct lv_host h;
	struct drv_err e;

	if (rc < 0) {
		if (lv_host_read(at, dom, g->wall_ms, &h, &e) < 0 ||
		    lv_remove(at, dom, &h, &e) < 0)
			err->cls = DRV_AMBIGUOUS;
		return err->cls;
	}
	rc = lv_host_read(at, dom, g->wall_ms, &h, err);
	if (rc < 0)
		return err->cls = DRV_AMBIGUOUS;
	*ret = h.vm;
	return 0;
}

/* One that has the launch's UUID: it runs, or its launch was not finished. */
static int go_on(const struct launching *g, const struct lv_connected *at,
		 virDomainPtr dom, struct drv_vm *ret, struct drv_err *err)
{
	struct lv_host h;
	int rc = lv_host_read(at, dom, g->wall_ms, &h, err);

	if (rc < 0)
		return err->cls = DRV_AMBIGUOUS;
	if (!h.is_marked || strcmp(h.vm.owner, g->l->owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"hypervisor %s: the domain %s has the launch's UUID, but "
				"is not of this installation",
				at->at->zone, virDomainGetName(dom));
	if (!h.is_active)
		return finish(g, at, dom, ret, err);
	*ret = h.vm;
	return 0;
}

int lv_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err)
{
	const struct launching g = { .d = d,
				     .l = l,
				     .wall_ms = d->host->wall_ms(d->host->ctx) };
	CLEANUP(lv_cloud_done) struct lv_cloud c = { .n = 0 };
	CLEANUP(virDomainFree) virDomainPtr dom = NULL;
	struct choice where;
	int rc = check(d, l, err);

	(void)deadline;
	if (rc == 0)
		rc = lv_connect(d, l->zone, &c, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < c.n; i++) {
		rc = lv_find(&c.v[i], l->launch_id, &dom, err);
		if (rc < 0)
			return rc;
		if (dom)
			return go_on(&g, &c.v[i], dom, ret, err);
	}
	rc = choose(&g, &c, &where, err);
	if (rc == 0)
		rc = define(&g, &where, &dom, err);
	return rc < 0 ? rc : finish(&g, where.at, dom, ret, err);
}
