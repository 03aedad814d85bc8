/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - the owner's hypervisors, as the driver's operations see them.
 *
 * A connection lasts for one call of the controller: none is ever found dead, and a
 * hypervisor that was started again is just asked.
 */
#ifndef LIBVIRT_CLOUD_H
#define LIBVIRT_CLOUD_H

#include "options.h"

#include "cleanup.h"
#include "driver.h"

#include <libvirt/libvirt.h>

#define USER_DATA_MAX 65536
#define LABELS_MAX 32

#define NAMESPACE "https://foretide.invalid/libvirt/1"

struct drv {
	const struct drv_host *host;
	struct lv_options opt;
};

DEFINE_CLEANUP(virConnectPtr, virConnectClose);
DEFINE_CLEANUP(virDomainPtr, virDomainFree);
DEFINE_CLEANUP(virNetworkPtr, virNetworkFree);
DEFINE_CLEANUP(virStoragePoolPtr, virStoragePoolFree);
DEFINE_CLEANUP(virStorageVolPtr, virStorageVolFree);
DEFINE_CLEANUP(virStreamPtr, virStreamFree);

/* ---------------------------------------------------------------- connections */

struct lv_connected {
	const struct lv_hypervisor *at;
	virConnectPtr conn;
};

/* All that a call asks; n is 0 before lv_connect(). */
struct lv_cloud {
	struct lv_connected v[HYPERVISORS_MAX];
	size_t n;
};

/*
 * In connect.c: connects to the hypervisor of that zone, or to all with zone NULL; all of
 * them or an error. BADREQ: there is no such zone.
 */
int lv_connect(const struct drv *d, const char *zone, struct lv_cloud *ret,
	       struct drv_err *err);
void lv_cloud_done(struct lv_cloud *c);
DEFINE_CLEANUP_OBJECT(struct lv_cloud, lv_cloud_done);

/* libvirt writes each failure to stderr, unless told otherwise; we return it. */
void lv_set_up(void);

/* ---------------------------------------------------------------- failures */

/*
 * In failures.c: fills *err from libvirt's last failure in this thread and returns its
 * class. doing: "cannot define the domain".
 */
int lv_fail(struct drv_err *err, const struct lv_connected *c, const char *doing);

/* The code of libvirt's last failure, VIR_ERR_OK when there is none. */
int lv_code(void);

/* ---------------------------------------------------------------- one host */

struct lv_host {
	struct drv_vm vm;
	bool is_marked; /* it has our metadata; otherwise the rest of vm is empty */
	bool is_active;
	char storage[STORAGE_NAME_MAX + 1]; /* of its volumes */
	int64_t memory_bytes;
	unsigned cpus;
};

/* In host.c: NOTFOUND when it has gone meanwhile. */
int lv_host_read(const struct lv_connected *c, virDomainPtr dom, int64_t wall_ms,
		 struct lv_host *ret, struct drv_err *err);

/* A visit of every domain of a hypervisor, marked or not. */
typedef void lv_host_fn(void *arg, const struct lv_host *h);
int lv_each_host(const struct lv_connected *c, int64_t wall_ms, lv_host_fn *each,
		 void *arg, struct drv_err *err);

/*
 * The domain with that launch id; *ret is NULL when there is none. The launch id is the
 * UUID, 32 hex digits.
 */
int lv_find(const struct lv_connected *c, const char *launch_id, virDomainPtr *ret,
	    struct drv_err *err);

/* ---------------------------------------------------------------- room */

struct lv_room {
	int64_t memory_bytes; /* may be negative: more is promised than there is */
	double cpus;
	int64_t n_marked; /* hosts of any installation */
};

/*
 * In room.c: what is left of a hypervisor when every running domain, and every host of
 * ours, has all of its memory and cores.
 */
int lv_room(const struct drv *d, const struct lv_connected *c, struct lv_room *ret,
	    struct drv_err *err);
int64_t lv_room_for(const struct lv_room *r, const struct lv_type *t); /* hosts */

/* ---------------------------------------------------------------- volumes */

/* In volumes.c. The folder of a storage pool; BADREQ when it has none. The caller's. */
int lv_storage_folder(const struct lv_connected *c, virStoragePoolPtr pool, char **ret,
		      struct drv_err *err);
int lv_storage(const struct lv_connected *c, const char *name, virStoragePoolPtr *ret,
	       struct drv_err *err);
/* BADREQ when the pool has no volume of that name. */
int lv_image(const struct lv_connected *c, virStoragePoolPtr pool, const char *name,
	     virStorageVolPtr *ret, struct drv_err *err);

/* The names of a host's volumes; the caller's. */
char *lv_disk_name(const char *launch_id);
char *lv_seed_name(const char *launch_id);

/* The disk, copy-on-write upon the image; one that exists is kept. */
int lv_make_disk(const struct drv *d, const struct lv_connected *c,
		 const struct drv_launch *l, struct drv_err *err);
/* The seed, anew: what exists may be half of one. */
int lv_make_seed(const struct drv *d, const struct lv_connected *c,
		 const struct drv_launch *l, struct drv_err *err);
/* 0 when there are none. */
int lv_delete_volumes(const struct lv_connected *c, const char *storage,
		      const char *launch_id, struct drv_err *err);

/* ---------------------------------------------------------------- a host's parts */

/*
 * In domain_xml.c: the whole definition; the caller frees *ret. folder is where the
 * volumes will be. BADREQ when the user data cannot be in it (seed = fwcfg).
 */
int lv_domain_xml(const struct drv *d, const struct lv_connected *c,
		  const struct drv_launch *l, const struct lv_type *t, const char *folder,
		  char **ret, struct drv_err *err);

/*
 * In terminate.c: ends it, deletes its volumes, and last its definition, by which it is
 * found when this is to be done again.
 */
int lv_remove(const struct lv_connected *c, virDomainPtr dom, const struct lv_host *h,
	      struct drv_err *err);

#endif
