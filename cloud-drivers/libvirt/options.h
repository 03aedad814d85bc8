/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options: hypervisors, types of hosts, what a host is made of.
 */
#ifndef LIBVIRT_OPTIONS_H
#define LIBVIRT_OPTIONS_H

#include "cleanup.h"
#include "driver.h"

#define HYPERVISORS_MAX 32
#define TYPES_MAX 32
#define STORAGE_NAME_MAX 100 /* bytes */

struct lv_hypervisor {
	char *zone; /* [a-z0-9-] */
	char *uri;
};

struct lv_type {
	char *name; /* [a-z0-9-] */
	unsigned cpus;
	int64_t memory_bytes;
};

struct lv_options {
	char *uri;           /* as given; read into hypervisors */
	char *types_text;    /* likewise, into types */
	char *type;          /* a type's name; NULL: the first */
	char *image;         /* a volume in image_storage; NULL: each launch names it */
	char *storage;       /* the storage pool of hosts' volumes */
	char *image_storage; /* NULL: storage */
	int64_t disk_gb;     /* 0: as large as the image */
	char *network;       /* of libvirt, or "none"; not with bridge */
	char *bridge;        /* NULL: network */
	char *seed;          /* "iso", "fwcfg" or "none" */
	char *virt;          /* "kvm" or "qemu" */
	char *firmware;      /* "bios" or "efi" */
	char *reserve_text;
	int64_t reserve_bytes; /* of memory, which hosts leave to each hypervisor */
	double cpu_ratio;      /* virtual cores for each of a hypervisor */

	struct lv_hypervisor hypervisors[HYPERVISORS_MAX];
	size_t n_hypervisors;
	struct lv_type types[TYPES_MAX];
	size_t n_types;
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int lv_options_read(const char *config_json, struct lv_options *ret, struct drv_err *err);
void lv_options_done(struct lv_options *o);

/* NULL: there is none of that name. A name that is NULL is the pool's own type. */
const struct lv_type *lv_type(const struct lv_options *o, const char *name);

#endif
