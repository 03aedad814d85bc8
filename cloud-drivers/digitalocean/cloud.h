/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - one team's droplets, as the driver's operations see them.
 */
#ifndef DIGITALOCEAN_CLOUD_H
#define DIGITALOCEAN_CLOUD_H

#include "options.h"

#include "text.h"

#define USER_DATA_MAX 65536
#define LABELS_MAX 32

#define TAG_OWNER "ft-owner:"
#define TAG_POOL "ft-pool:"
#define TAG_LAUNCH "ft-launch:"
#define TAG_EXPIRES "ft-expires:"

struct drv {
	struct do_options opt;
	struct rest_bearer bearer;
	struct rest rest;
};

/* In call.c: a rest_explain_fn. */
void do_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault);

/* One call of the path; body may be NULL. A document is wanted of all but DELETE. */
int do_call(struct drv *d, const char *method, const char *path, const json_t *body,
	    int64_t deadline, struct rest_answer *ret, struct drv_err *err);
/* GET of the path with what is named at its end, which is escaped. */
int do_get(struct drv *d, const char *path, const char *name, int64_t deadline,
	   struct rest_answer *ret, struct drv_err *err);

/* Each element of a list; path has a query; items and id: members' names. */
int do_each(struct drv *d, const char *path, const char *items, const char *id,
	    int64_t deadline, rest_item_fn *each, void *arg, struct drv_err *err);

#endif
