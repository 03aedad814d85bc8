/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - one project of Compute Engine, as the driver's operations see it.
 */
#ifndef GCE_CLOUD_H
#define GCE_CLOUD_H

#include "options.h"

#include "rest.h"

#include "driver.h"

#define USER_DATA_MAX (256 * 1024) /* of one value of the metadata */
#define LABELS_MAX 56              /* 64, less the driver's own */

#define LABEL_OWNER "ft-owner"
#define LABEL_POOL "ft-pool"
#define LABEL_LAUNCH "ft-launch"
#define LABEL_EXPIRES "ft-expires"
#define LABEL_NAME "ft-name" /* where the VM cannot have the host's name */

struct drv {
	struct gce_options opt;
	struct gce_credentials cred;
	const char *secrets[2]; /* for errors */
	struct rest rest;
};

/* In identity.c: a rest_login_fn; arg is the struct drv. */
int gce_log_in(void *arg, int64_t deadline, struct drv_err *err);

/* In call.c: a rest_explain_fn. */
void gce_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault);
/* The class of a code of an error or an operation; fallback when it is not known. */
enum drv_class gce_class(const char *code, enum drv_class fallback);
/*
 * A call to the project's path ("/zones/Z/instances"). body may be NULL. An answer is
 * wanted of all. As rest_call().
 */
int gce_call(struct drv *d, const char *method, const char *path, const json_t *body,
	     int64_t deadline, struct rest_answer *ret, struct drv_err *err);
/* GET of a path that names a project, as "projects/P/global/images/I". */
int gce_get(struct drv *d, const char *path, int64_t deadline, struct rest_answer *ret,
	    struct drv_err *err);

/*
 * In pages.c: every page of a list at path, which has a query already. Calls page() for
 * the document of each.
 */
typedef int gce_page_fn(void *arg, const json_t *doc, struct drv_err *err);
int gce_each_page(struct drv *d, const char *path, int64_t deadline, gce_page_fn *page,
		  void *arg, struct drv_err *err);

/*
 * In operation.c: waits for the zone's operation in doc to be done, for a while. 0 when
 * it is, or when it is not known: it was accepted, and lists show what came of it.
 */
int gce_wait(struct drv *d, const char *zone, const json_t *doc, int64_t deadline,
	     struct drv_err *err);
bool gce_is_done(const json_t *op);

/* In names.c: paths in the API of what options name; the caller frees them. */
char *gce_image_path(const struct drv *d, const char *image);
char *gce_network_path(const char *network);
char *gce_subnetwork_path(const char *zone, const char *subnetwork);
/* What follows the last slash. */
const char *gce_base_name(const char *path);
/* The zone without its last part, in the text that is returned; the caller frees it. */
char *gce_region_of(const char *zone);

#endif
