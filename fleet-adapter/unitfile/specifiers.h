/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * specifiers.h - %i and its like in values, replaced by parts of a unit's name.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_SPECIFIERS_H
#define FLEET_ADAPTER_UNITFILE_SPECIFIERS_H

#include "err.h"

/*
 * Replaces fleet's specifiers in an [X-Fleet] value: %n name, %N stem, %p prefix, %i
 * instance; anything else is kept. The caller frees the result.
 */
char *unit_expand_fleet(const char *text, const char *name);

struct unit_context {
	const char *name; /* of the unit, checked */
	const char *host; /* for %H; NULL: %H is rejected */
};

/*
 * Replaces systemd's specifiers: %n name, %N stem, %p prefix, %P prefix unescaped, %i
 * instance, %I instance unescaped, %H host name, %t /run, %S /var/lib, %C /var/cache, %L
 * /var/log, %E /etc, %% a percent sign. The caller frees *ret. ERR_INVAL names an unknown
 * one.
 */
int unit_expand(const char *text, const struct unit_context *ctx, char **ret,
		struct err *err) MUST_CHECK;

#endif
