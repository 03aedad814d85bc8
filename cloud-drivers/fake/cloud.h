/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - the VMs of the scripted cloud, in DIR/cloud.json.
 *
 * On disk, so that a restarted controller finds the cloud as it left it, and a test can
 * inspect it: {"next": N, "vms": [...], "used": {...}, "calls": {"launch": N}}.
 * DIR/bill.csv is what it would charge for, a line each: launched|ended,VM,POOL,NAME,MS.
 */
#ifndef FAKE_CLOUD_H
#define FAKE_CLOUD_H

#include "cleanup.h"
#include "driver.h"
#include "err.h"

#include <jansson.h>
#include <stdint.h>

struct cloud {
	char *dir;
	int lock_fd;
	json_t *doc;
	char *bill; /* lines that are not written yet; NULL: none */
};

/* Locks the cloud and reads it; cloud_close() releases it without writing. */
int cloud_open(const char *dir, struct cloud *ret, struct err *err) MUST_CHECK;
int cloud_write(struct cloud *c, struct err *err) MUST_CHECK;
void cloud_close(struct cloud *c);
DEFINE_CLEANUP_OBJECT(struct cloud, cloud_close);

json_t *cloud_vms(const struct cloud *c);
json_t *cloud_used(const struct cloud *c);
void cloud_count_call(struct cloud *c, const char *op);

/* The launch names a zone. boot_ms < 0: never; fails: it ends up failed. Borrowed from
 * the cloud. */
json_t *cloud_add(struct cloud *c, const struct drv_launch *l, const char *type,
		  int64_t now_ms, int64_t boot_ms, bool fails);
/* By id, or by launch id; NULL. Terminated ones too. */
json_t *cloud_find(const struct cloud *c, const char *member, const char *value);
void cloud_remove(struct cloud *c, json_t *vm, int64_t now_ms);
bool cloud_is_gone(const json_t *vm);
bool cloud_is_of(const json_t *vm, const char *owner);
int64_t cloud_time(const json_t *vm, const char *member); /* 0: not yet */
/* How many are there, and of any owner: quota is the account's. */
int64_t cloud_standing(const struct cloud *c);

void cloud_fill_vm(struct drv_vm *ret, const json_t *vm, int64_t now_ms);

#endif
