/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.c - each hypervisor: is it there, has it what options name, how many hosts
 * have room on it. All of them are looked at, whatever the others lack.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "rest.h"

#include <string.h>

static void note_if(struct rest_findings *f, int rc, const struct drv_err *e)
{
	if (rc < 0)
		rest_fatal(f, e);
}

static void check_storage(struct rest_findings *f, const struct drv *d,
			  const struct lv_connected *c)
{
	const struct lv_options *o = &d->opt;
	CLEANUP(virStoragePoolFree) virStoragePoolPtr pool = NULL;
	CLEANUP(virStoragePoolFree) virStoragePoolPtr images = NULL;
	CLEANUP(virStorageVolFree) virStorageVolPtr image = NULL;
	CLEANUP(free) char *folder = NULL;
	struct drv_err e;
	int rc = lv_storage(c, o->storage, &pool, &e);

	if (rc == 0)
		rc = lv_storage_folder(c, pool, &folder, &e);
	if (rc == 0 && virStoragePoolIsActive(pool) == 0)
		rc = drv_fail(&e, DRV_BADREQ,
			      "hypervisor %s: the storage '%s' is not started",
			      c->at->zone, o->storage);
	if (rc == 0)
		rc = lv_storage(c, o->image_storage ? o->image_storage : o->storage,
				&images, &e);
	if (rc == 0 && o->image)
		rc = lv_image(c, images, o->image, &image, &e);
	note_if(f, rc, &e);
}

static void check_network(struct rest_findings *f, const struct drv *d,
			  const struct lv_connected *c)
{
	const char *name = d->opt.network;
	CLEANUP(virNetworkFree) virNetworkPtr network = NULL;
	struct drv_err e;
	int rc = 0;

	if (!name || strcmp(name, "none") == 0)
		return;
	network = virNetworkLookupByName(c->conn, name);
	if (!network)
		rc = lv_fail(&e, c, "cannot use the network");
	else if (virNetworkIsActive(network) == 0)
		rc = drv_fail(&e, DRV_BADREQ,
			      "hypervisor %s: the network '%s' is not started",
			      c->at->zone, name);
	note_if(f, rc, &e);
}

static void check_room(struct rest_findings *f, const struct drv *d,
		       const struct lv_connected *c)
{
	const struct lv_type *t = lv_type(&d->opt, NULL);
	struct lv_room r;
	struct drv_err e;
	int rc = lv_room(d, c, &r, &e);

	note_if(f, rc, &e);
	if (rc == 0)
		rest_note(f,
			  "hypervisor %s has %lld hosts and room for %lld more of the "
			  "type %s",
			  c->at->zone, (long long)r.n_marked,
			  (long long)lv_room_for(&r, t), t->name);
}

static void check_hypervisor(struct rest_findings *f, const struct drv *d,
			     const char *zone)
{
	CLEANUP(lv_cloud_done) struct lv_cloud c = { .n = 0 };
	struct drv_err e;
	int rc = lv_connect(d, zone, &c, &e);

	note_if(f, rc, &e);
	if (rc < 0)
		return;
	check_room(f, d, &c.v[0]);
	check_storage(f, d, &c.v[0]);
	check_network(f, d, &c.v[0]);
}

int lv_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err)
{
	struct rest_findings f = { .report = report, .arg = arg };

	(void)deadline;
	for (size_t i = 0; i < d->opt.n_hypervisors; i++)
		check_hypervisor(&f, d, d->opt.hypervisors[i].zone);
	if (!d->opt.image)
		rest_note(&f, "no image is named: each launch must name one");
	if (strcmp(d->opt.seed, "none") == 0)
		rest_note(&f, "seed = none: hosts get no user data, so their image must "
			      "make them join by itself");
	return rest_findings_end(&f, err);
}
