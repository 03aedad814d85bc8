/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * messages.h - the ABI's structs as JSON and back.
 *
 * What is written always is valid: text of a driver that is not UTF-8 is mended. What is
 * read is from outside: every member is checked, ERR_INVAL names the wrong one, members
 * that are not known are passed over. Strings read stay the document's unless they are
 * copied into arrays of a struct.
 */
#ifndef WIRE_MESSAGES_H
#define WIRE_MESSAGES_H

#include "cleanup.h"
#include "driver.h"
#include "err.h"

#include <jansson.h>

const char *wire_class_name(int cls); /* "throttled"; "ok" for 0 */

json_t *wire_err(const struct drv_err *e);
/* Never fails: a class that is not known is DRV_BUG, other members may lack. */
void wire_read_err(const json_t *o, struct drv_err *ret);

json_t *wire_caps(const struct drv_caps *c);
int wire_read_caps(const json_t *o, struct drv_caps *ret, struct err *err) MUST_CHECK;

json_t *wire_type(const struct drv_type *t);
int wire_read_type(const json_t *o, struct drv_type *ret, struct err *err) MUST_CHECK;

json_t *wire_vm(const struct drv_vm *vm);
int wire_read_vm(const json_t *o, struct drv_vm *ret, struct err *err) MUST_CHECK;

json_t *wire_quota(const struct drv_quota *q);
int wire_read_quota(const json_t *o, struct drv_quota *ret, struct err *err) MUST_CHECK;

/* A launch that was read, and what its pointers point to beside the document. */
struct wire_launch {
	struct drv_launch launch;
	const char **types;
	struct drv_label *labels;
	char *user_data;
};

json_t *wire_launch(const struct drv_launch *l);
int wire_read_launch(const json_t *o, struct wire_launch *ret,
		     struct err *err) MUST_CHECK;
void wire_launch_done(struct wire_launch *l);
DEFINE_CLEANUP_OBJECT(struct wire_launch, wire_launch_done);

#endif
