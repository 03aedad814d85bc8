/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - one region of one account of EC2, as the driver's operations see it.
 *
 * All calls are POST with all parameters in a form: libcurl neither sorts nor encodes a
 * query before it signs it.
 */
#ifndef EC2_CLOUD_H
#define EC2_CLOUD_H

#include "options.h"

#include "rest.h"
#include "text.h"

#include "driver.h"

#include <stdarg.h>

#define USER_DATA_MAX 16384
#define EC2_FORM_MAX (256 * 1024)
#define LABELS_MAX 40 /* EC2 has room for 50 tags */

#define TAG_OWNER "ft-owner"
#define TAG_POOL "ft-pool"
#define TAG_LAUNCH "ft-launch"
#define TAG_EXPIRES "ft-expires"

struct drv {
	struct ec2_options opt;
	struct ec2_credentials cred;
	const char *secrets[3];  /* those of cred, for errors */
	char *userpwd;           /* "ID:SECRET" */
	char *sigv4, *sts_sigv4; /* what calls to each service are signed for */
	struct rest rest;        /* its token: the session's */
	char *root_device;       /* of the option's image; NULL: not yet asked for */
};

/* ---------------------------------------------------------------- in form.c */

/* A form of that action of EC2's. The caller frees it with buf_done(). */
void ec2_form(struct buf *form, const char *action);
/* Adds a parameter, whose name is printed; nothing when value is NULL or "". */
__attribute__((format(printf, 3, 4))) void ec2_add(struct buf *form, const char *value,
						   const char *name, ...);
void ec2_add_int(struct buf *form, int64_t value, const char *name);
/* NAME.1 and so on, for each text between commas, without blanks around it. */
void ec2_add_each(struct buf *form, const char *list, const char *name);
/* Filter.N of one value; n counts from 1. */
void ec2_add_filter(struct buf *form, int n, const char *name, const char *value);

/* ---------------------------------------------------------------- in call.c */

struct ec2_call {
	const char *action;
	const char *form;
	bool only_reads;
	bool is_sts; /* at STS instead of EC2 */
	int64_t deadline;
};

/*
 * One call. *ret_doc is what is in the answer's "ActionResponse", of *ret, which the
 * caller frees as with rest_call().
 */
int ec2_call(struct drv *d, const struct ec2_call *c, struct rest_answer *ret,
	     const json_t **ret_doc, struct drv_err *err);

/*
 * A call that only reads, page after page; page() gets the content of each. As
 * rest_pages_turn(), it ends whatever the cloud answers.
 */
typedef int ec2_page_fn(void *arg, const json_t *doc, struct drv_err *err);
int ec2_each_page(struct drv *d, const char *action, const char *form, int64_t deadline,
		  ec2_page_fn *page, void *arg, struct drv_err *err);

/* A rest_explain_fn and a rest_parse_fn. */
void ec2_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault);
int ec2_parse(const char *text, size_t len, json_t **ret, struct err *err);

/* ---------------------------------------------------------------- in failures.c */

/* The class that EC2's or STS' code of an error has; otherwise cls, the status'. */
enum drv_class ec2_class(const char *code, enum drv_class cls);

/* ---------------------------------------------------------------- in request.c */

/*
 * The form of the launch. May ask for the image's root device. The caller frees *form
 * with buf_done(), also after a failure.
 */
int ec2_run_form(struct drv *d, const struct drv_launch *l, int64_t deadline,
		 struct buf *form, struct drv_err *err);

#endif
