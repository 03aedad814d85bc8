/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>

int cli_fail(int code, const char *name, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "foretide %s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}
