/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.h - the opened driver, and one call to its cloud: the fault that strikes it, the
 * lock, the answer.
 */
#ifndef FAKE_CALL_H
#define FAKE_CALL_H

#include "cloud.h"
#include "driver.h"
#include "script.h"

struct options {
	char *dir;
	bool idempotent;
	bool unique_name;
	int64_t visible_ms;
	int64_t boot_ms;
	double calls_per_s;
	int64_t billing_ms, billing_min_ms;
	char *zone;
};

struct drv {
	const struct drv_host *host;
	struct options opt;
	struct drv_caps caps;
	char *token; /* of the profile; NULL: none */
};

/* What every call has: the locked cloud, the current script, the fault of the call. */
struct call {
	struct cloud cloud;
	struct script script;
	struct fault fault;
	int64_t now_ms;
};

/* Locks the cloud and reads the script; fails when the call does nothing. l: what is
 * launched; NULL: nothing. */
int call_begin(struct drv *d, const char *op, const struct drv_launch *l,
	       int64_t deadline_mono_ms, struct call *ret, struct drv_err *err);
/* Writes the cloud; the result for the caller after it has acted. */
int call_answer(struct drv *d, struct call *c, int64_t deadline_mono_ms,
		struct drv_err *err);
void call_end(struct call *c);
DEFINE_CLEANUP_OBJECT(struct call, call_end);

#endif
