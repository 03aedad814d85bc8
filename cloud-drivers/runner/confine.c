/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "confine.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES_MAX 1024
/* Less than any core has, and where cores go to a program, to which 0 means all, the
 * kernel takes 1 for none: core(5). */
#define NO_CORE 1

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NEEDS_ADDRESSES 1 /* terabytes, for what the sanitizer knows of each byte */
#else
#define NEEDS_ADDRESSES 0
#endif

static void limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit l;

	if (getrlimit(resource, &l) < 0)
		return;
	l.rlim_cur = value < l.rlim_max ? value : l.rlim_max;
	(void)setrlimit(resource, &l);
}

void confine(void)
{
	const pid_t parent = getppid();

	(void)close_range(3, ~0u, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_DUMPABLE, 0);
	/* It may have ended before it could be told of. */
	if (getppid() != parent)
		_exit(1);
	limit(RLIMIT_NOFILE, FILES_MAX);
	limit(RLIMIT_CORE, NO_CORE);
	(void)setrlimit(RLIMIT_NICE, &(struct rlimit){ 0, 0 }); /* never first */
}

void confine_memory_here(uint64_t bytes)
{
	if (!NEEDS_ADDRESSES)
		limit(RLIMIT_AS, bytes);
}

void confine_memory_at_exec(uint64_t bytes)
{
	limit(RLIMIT_AS, bytes);
}
