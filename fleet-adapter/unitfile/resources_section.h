/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resources_section.h - [X-Resources]: what a unit needs of its host.
 *
 * 	CPU=0.5
 * 	Memory=256M
 *
 * A key or value that is not known is rejected.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_RESOURCES_SECTION_H
#define FLEET_ADAPTER_UNITFILE_RESOURCES_SECTION_H

#include "options.h"

#include <stdint.h>

struct x_resources {
	double cpu;           /* cores; 0 when not set */
	int64_t memory_bytes; /* 0 when not set */
};

int x_resources_read(const struct unit_file *u, struct x_resources *ret,
		     struct err *err) MUST_CHECK;

/* "256M", "1.5G", "1048576": bytes, with K M G T as powers of 1024. */
int x_parse_bytes(const char *text, int64_t *ret, struct err *err) MUST_CHECK;

#endif
