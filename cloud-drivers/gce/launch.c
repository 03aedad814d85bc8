/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - one VM, at most once: the API keeps the id of a request for a while, and
 * lets no two VMs of a zone have one name.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "instance.h"
#include "text.h"

/* The launch id as a UUID: 8-4-4-4-12 digits. One of zeroes is none. */
static char *path_of(const char *zone, const char *id)
{
	if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32 ||
	    strspn(id, "0") == 32)
		return xasprintf("/zones/%s/instances", zone);
	return xasprintf("/zones/%s/instances?requestId=%.8s-%.4s-%.4s-%.4s-%.12s", zone,
			 id, id + 8, id + 12, id + 16, id + 20);
}

static void note_launched(const struct drv_launch *l, const char *zone, const char *name,
			  struct drv_vm *ret)
{
	memset(ret, 0, sizeof(*ret));
	CHECK(gce_id_make(zone, name, ret->id, sizeof(ret->id)));
	snprintf(ret->launch_id, sizeof(ret->launch_id), "%s", l->launch_id);
	snprintf(ret->owner, sizeof(ret->owner), "%s", l->owner);
	snprintf(ret->pool, sizeof(ret->pool), "%s", l->pool);
	snprintf(ret->name, sizeof(ret->name), "%s", l->name);
	snprintf(ret->zone, sizeof(ret->zone), "%s", zone);
	ret->spot = l->spot;
	ret->state = DRV_VM_PENDING;
}

/*
 * The VM that has the name; CONFLICT when it is of another launch, NOTFOUND; AMBIGUOUS
 * when it cannot be seen whose it is.
 */
static int get_earlier(struct drv *d, const struct drv_launch *l, const char *zone,
		       const char *name, int64_t deadline, struct drv_vm *ret,
		       struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = xasprintf("/zones/%s/instances/%s", zone, name);
	struct drv_vm vm;
	int rc = gce_call(d, "GET", path, NULL, deadline, &a, err);

	if (rc < 0)
		return rc == DRV_NOTFOUND ? rc : (err->cls = DRV_AMBIGUOUS);
	gce_instance_read(a.doc, &vm);
	if (strcmp(vm.launch_id, l->launch_id) != 0 || strcmp(vm.owner, l->owner) != 0)
		return drv_fail(err, DRV_CONFLICT,
				"zone %s has a VM named %s already, which is not of this "
				"launch",
				zone, name);
	*ret = vm;
	return 0;
}

/* The request was done already when it came: it is one that was sent before. */
static int note_again(struct drv *d, const struct drv_launch *l, const char *zone,
		      const char *name, int64_t deadline, struct drv_vm *ret)
{
	struct drv_err e;
	int rc = get_earlier(d, l, zone, name, deadline, ret, &e);

	if (rc == DRV_NOTFOUND || rc == DRV_CONFLICT)
		ret->state = DRV_VM_GONE;
	return 0; /* what cannot be seen now is as after any launch */
}

int gce_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	       struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *path = NULL;
	const char *zone = gce_zone_of(d, l), *name;
	int rc = gce_request(d, l, &body, err);

	if (rc < 0)
		return rc;
	name = rest_text(body, "name");
	path = path_of(zone, l->launch_id);
	rc = gce_call(d, "POST", path, body, deadline, &a, err);
	if (rc == DRV_CONFLICT && err->http_status == 409) {
		rc = get_earlier(d, l, zone, name, deadline, ret, err);
		/* It went in between: nothing was launched now. */
		return rc == DRV_NOTFOUND ? (err->cls = DRV_TRANSIENT) : rc;
	}
	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ; /* of a VM that is none it means gone */
	if (rc == 0 && !*rest_text(a.doc, "operationType"))
		rc = drv_fail(err, DRV_AMBIGUOUS,
			      "POST %s: the answer names no operation", path);
	if (rc == 0)
		rc = gce_wait(d, zone, a.doc, deadline, err);
	if (rc < 0)
		return rc;
	note_launched(l, zone, name, ret);
	return gce_is_done(a.doc) ? note_again(d, l, zone, name, deadline, ret) : 0;
}
