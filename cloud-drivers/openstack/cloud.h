/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - one project of one OpenStack, as the driver's operations see it.
 */
#ifndef OPENSTACK_CLOUD_H
#define OPENSTACK_CLOUD_H

#include "options.h"

#include "rest.h"
#include "text.h"

#include "driver.h"

#define USER_DATA_MAX 49149 /* 65,535 characters of base64 are Nova's limit */
#define LABELS_MAX 32
#define TAG_MAX 60 /* Nova's limit of a tag */

#define TAG_OWNER "ft-owner"
#define TAG_POOL "ft-pool"
#define TAG_LAUNCH "ft-launch"
#define TAG_EXPIRES "ft-expires"

/* Of the flavors, by id and name, for a while. */
struct os_flavors {
	json_t *list; /* array; NULL: not read */
	int64_t until_mono_ms;
};

struct drv {
	struct os_options opt;
	struct os_credentials cred;
	const char *secrets[3]; /* those of cred, for errors */
	struct rest rest;
	/* Of the last login; NULL before. */
	char *compute, *image,
		*network;       /* addresses; the last two NULL when not offered */
	char *offered;          /* what the catalog calls compute */
	char *project_id, *who; /* who: for people */
	char microversion[48];  /* a header of calls to Nova; "": not yet asked for */
	struct os_flavors flavors;
};

/* In identity.c: a rest_login_fn; arg is the struct drv. */
int os_log_in(void *arg, int64_t deadline, struct drv_err *err);

/* In call.c: a rest_explain_fn. */
void os_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault);

/*
 * In nova.c: a call to Nova at its address and path, in the version that was agreed on.
 * body may be NULL. An answer is wanted of all but DELETE. As rest_call().
 */
int os_nova(struct drv *d, const char *method, const char *path, const json_t *body,
	    int64_t deadline, struct rest_answer *ret, struct drv_err *err);
/*
 * In call.c: GET of another service at base, one of struct drv's addresses after the
 * login, which the catalog gives with or without the version ("/v2") at its end.
 */
int os_get(struct drv *d, const char *base, const char *version, const char *path,
	   int64_t deadline, struct rest_answer *ret, struct drv_err *err);
/* In call.c: logs in unless there is a token, so that the addresses are known. */
int os_ready(struct drv *d, int64_t deadline, struct drv_err *err);

/* In version.c: asks Nova for its versions and fills microversion. */
int os_agree_version(struct drv *d, int64_t deadline, struct drv_err *err);

/* In names.c: ids of what options give by id or name. The caller frees *ret. BADREQ when
 * there is none, or several. */
int os_image_id(struct drv *d, const char *image, int64_t deadline, char **ret,
		struct drv_err *err);
int os_network_id(struct drv *d, const char *network, int64_t deadline, char **ret,
		  struct drv_err *err);
/* In flavors.c: all flavors, an array that is the driver's until the next call. */
int os_flavors(struct drv *d, int64_t deadline, const json_t **ret, struct drv_err *err);
/* The first that the NULL-ended list (or, when empty, the option) names. BADREQ. */
int os_pick_flavor(struct drv *d, const char *const *types, int64_t deadline,
		   const json_t **ret, struct drv_err *err);
void os_flavors_done(struct os_flavors *f);

#endif
