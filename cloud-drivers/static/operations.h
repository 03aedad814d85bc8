/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operations.h - what the driver's operations share, and those that have files of their
 * own.
 */
#ifndef STATIC_OPERATIONS_H
#define STATIC_OPERATIONS_H

#include "book.h"
#include "driver.h"
#include "machines.h"
#include "options.h"

/* The book's name in the state folder. */
#define BOOK "machines"

struct drv {
	const struct drv_host *host;
	struct st_options opt;
};

/* Until the deadline; never negative. */
static inline int64_t left_ms(const struct drv *d, int64_t deadline_mono_ms)
{
	const int64_t left = deadline_mono_ms - d->host->mono_ms(d->host->ctx);

	return left > 0 ? left : 0;
}

/* In given.c: the machines, and the book, locked. Frees nothing on failure. */
int st_open(struct drv *d, int64_t deadline, struct machines *ret_m, struct book *ret_b,
	    struct drv_err *err);
/* What is known of the machine that the entry has; m: NULL when it is declared no more.
 */
void st_vm(const struct book_entry *e, const struct machine *m, struct drv_vm *ret);
/* Whether a machine is one of those that the options ask for. */
bool st_fits(const struct st_options *o, const struct machine *m);

int st_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	    void *arg, struct drv_err *err);
int st_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	     struct drv_err *err);
int st_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err);
int st_validate(struct drv *d, int64_t deadline, drv_report_fn *report, void *arg,
		struct drv_err *err);
/* In launch.c. */
int st_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
	      struct drv_vm *ret, struct drv_err *err);
/* In terminate.c. */
int st_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err);

#endif
