/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the options of the static driver.
 */
#ifndef STATIC_OPTIONS_H
#define STATIC_OPTIONS_H

#include "driver.h"

struct st_options {
	char *machines;  /* path of the file that declares them */
	char *state_dir; /* that says whose they are */
	char *type;      /* NULL: any */
	double cpu;      /* a machine has at least so much; 0: any */
	char *memory_text;
	int64_t memory_bytes; /* likewise */
};

int st_options_read(const char *config_json, struct st_options *ret, struct drv_err *err);
void st_options_done(struct st_options *o);

#endif
