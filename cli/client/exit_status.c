/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exit_status.h"

#include "cleanup.h"
#include "err.h"
#include "printable.h"

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

int cli_exit(const char *name, int rc, const struct err *err)
{
	CLEANUP(free) char *text = NULL;

	if (rc == 0)
		return EXIT_OK;
	text = printable(err->msg, "\n\t");
	cli_fail(EXIT_FAILED, name, "%s", text);
	switch (rc) {
	case ERR_UNAVAIL:
	case ERR_TIMEOUT:
		return EXIT_UNREACHABLE;
	case ERR_DENIED:
		return EXIT_DENIED;
	case ERR_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case ERR_CONFLICT:
		return EXIT_CONFLICT;
	default:
		return EXIT_FAILED;
	}
}
