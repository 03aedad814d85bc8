/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * order.h - which options are the controller's, and how a driver's process is started.
 */
#ifndef CLOUDS_ORDER_H
#define CLOUDS_ORDER_H

#include "child.h"

#include <jansson.h>

/* Of one driver: all are the holder's. */
struct order {
	struct child_spec spec; /* how its process is started */
	json_t *from_stack;     /* names of those options that a stack has given; NULL */
	char *text;             /* the driver's own, as JSON; secret */
};

/* Arguments and errors as of driver_open(). What was read is freed also after an error.
 */
int order_read(const char *dir, const char *name, const char *config_json,
	       struct order *ret, struct err *err) MUST_CHECK;
void order_done(struct order *o);

/* ERR_INVAL: a stack may not give this option. */
int order_refused(const char *driver, const char *option, struct err *err);

#endif
