/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

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

bool cli_confirm(bool yes, const char *question)
{
	char answer[16];

	if (yes || !isatty(STDIN_FILENO))
		return true;
	printf("%s [y/N] ", question);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}
