/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * specifiers.h - %n, %i and the like in unit files, after systemd.unit(5), "SPECIFIERS".
 *
 * Pure.
 */
#ifndef AGENT_UNITS_OWN_SPEC_SPECIFIERS_H
#define AGENT_UNITS_OWN_SPEC_SPECIFIERS_H

#include "err.h"

struct unit_specifiers {
	const char *unit;       /* web@3.service */
	const char *host;       /* host name */
	const char *machine_id; /* 32 hex digits */
	const char *boot_id;
	const char *user; /* name the unit runs as */
	const char *home;
};

/* %n %N %p %i %I %j %H %l %m %b %u %h %t %S %C %L %E %T %V %%; the caller owns *ret. */
int unit_specifiers_expand(const char *text, const struct unit_specifiers *s, char **ret,
			   struct err *err) MUST_CHECK;

#endif
