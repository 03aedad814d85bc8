/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file_limit.h"

#include "check.h"

#include <sys/resource.h>

#define FILES_WANTED 262144u

void file_limit_raise(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < FILES_WANTED) {
		l.rlim_cur = MIN(l.rlim_max, FILES_WANTED);
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}
