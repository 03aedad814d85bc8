/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - one project of Hetzner Cloud, as the driver's operations see it.
 */
#ifndef HETZNER_CLOUD_H
#define HETZNER_CLOUD_H

#include "options.h"

#include "text.h"

#define USER_DATA_MAX 32768
#define LABELS_MAX 32

#define LABEL_OWNER "ft-owner"
#define LABEL_POOL "ft-pool"
#define LABEL_LAUNCH "ft-launch"
#define LABEL_EXPIRES "ft-expires"

struct drv {
	struct hz_options opt;
	struct rest_bearer bearer;
	struct rest rest;
	json_t *ids; /* of what options name: "networks/NAME" to the number */
	int64_t ids_until_mono_ms;
};

/* In call.c: a rest_explain_fn. */
void hz_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault);

/* One call of the path; body may be NULL. A document is wanted of all but DELETE. */
int hz_call(struct drv *d, const char *method, const char *path, const json_t *body,
	    int64_t deadline, struct rest_answer *ret, struct drv_err *err);

/* Each element of a list at the path, which has a query; items: the member's name. */
int hz_each(struct drv *d, const char *path, const char *items, int64_t deadline,
	    rest_item_fn *each, void *arg, struct drv_err *err);

/*
 * In names.c: what kind ("networks") has by that name or id; the caller frees *ret.
 * BADREQ when there is none. more: a further part of the query, or "".
 */
int hz_find(struct drv *d, const char *kind, const char *name, const char *more,
	    int64_t deadline, json_t **ret, struct drv_err *err);
/* Its id, which is kept for a while. */
int hz_id(struct drv *d, const char *kind, const char *name, int64_t deadline,
	  int64_t *ret, struct drv_err *err);

#endif
