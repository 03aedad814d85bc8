/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - one resource group of Azure, as the driver's operations see it.
 */
#ifndef AZURE_CLOUD_H
#define AZURE_CLOUD_H

#include "options.h"

#include "rest.h"

#include "driver.h"

#define USER_DATA_MAX 65535 /* custom data, before they are encoded */
#define TAGS_MAX 46         /* 50, less the driver's own */
#define LINK_MAX_BYTES 8192
#define AZURE_VERSION "api-version=2024-07-01"

#define TAG_OWNER "ft-owner"
#define TAG_POOL "ft-pool"
#define TAG_LAUNCH "ft-launch"
#define TAG_EXPIRES "ft-expires"

/* What a size counts for against the quota. */
struct azure_size {
	char name[64]; /* "": not known yet */
	char family[64];
	int64_t cpus;
};

struct drv {
	struct azure_options opt;
	struct azure_credentials cred;
	const char *secrets[2]; /* for errors */
	struct rest rest;
	char *made_key; /* the public part of a key that nobody has; NULL: none yet */
	struct azure_size size;
};

/* In identity.c: a rest_login_fn; arg is the struct drv. */
int azure_log_in(void *arg, int64_t deadline, struct drv_err *err);

/* In failure.c: a rest_explain_fn. */
void azure_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault);
/* The class of a code and the words with it; fallback when the code is not known. */
enum drv_class azure_class(const char *code, const char *message,
			   enum drv_class fallback);

/*
 * In call.c: a call to a path of the API, with its query. body may be NULL. An object is
 * wanted of all but DELETE. As rest_call().
 */
int azure_call(struct drv *d, const char *method, const char *path, const json_t *body,
	       int64_t deadline, struct rest_answer *ret, struct drv_err *err);
/* PUT under a condition, a header's line. */
int azure_put(struct drv *d, const char *path, const char *condition, const json_t *body,
	      int64_t deadline, struct rest_answer *ret, struct drv_err *err);
/* GET of what need not be an object. */
int azure_look(struct drv *d, const char *path, int64_t deadline, struct rest_answer *ret,
	       struct drv_err *err);
/*
 * The path of an address that the cloud gave: what is asked there is asked at the
 * endpoint, and no other host gets the token. NULL when it is no address.
 */
const char *azure_link_path(const char *link);

/* Paths, which the caller frees: of what the group has ("images/NAME"), without a query;
 * of a VM of the group, where more follows its name and begins the query; of all of them;
 * and of the subscription's compute, where more has the query. */
char *azure_group_path(const struct drv *d, const char *provider, const char *more);
char *azure_vm_path(const struct drv *d, const char *name, const char *more);
char *azure_list_path(const struct drv *d);
char *azure_subscription_path(const struct drv *d, const char *more);

/* In pages.c: calls item() for each element of a list at path, page after page. */
typedef int azure_item_fn(void *arg, const json_t *item, struct drv_err *err);
int azure_each(struct drv *d, const char *path, int64_t deadline, azure_item_fn *item,
	       void *arg, struct drv_err *err);

/*
 * In operation.c: waits for what the answer of a PUT says was started, for a while. 0
 * when it is done, or when it is not known: it was accepted, and lists show what came of
 * it.
 */
int azure_wait(struct drv *d, const struct rest_answer *a, int64_t deadline,
	       struct drv_err *err);

/* In skus.c: what is known of the pool's size, asked for once. */
int azure_size_of(struct drv *d, int64_t deadline, const struct azure_size **ret,
		  struct drv_err *err);

#endif
