/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "priority.h"

#include "log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

void priority_set(int nice)
{
	static atomic_flag is_told = ATOMIC_FLAG_INIT;
	struct err e;

	if (setpriority(PRIO_PROCESS, (id_t)gettid(), nice) == 0 ||
	    atomic_flag_test_and_set(&is_told))
		return;
	(void)err_errno(&e, ERR_DENIED,
			"on a busy machine, decisions wait for the threads that answer "
			"people: setpriority");
	log_warn("priority-not-set", ERR(&e));
}

/* Who may not is told by priority_set(). */
void priority_set_session(int nice)
{
	FILE *f = getsid(0) == getpid() ? fopen("/proc/self/autogroup", "we") : NULL;

	if (!f)
		return;
	(void)fprintf(f, "%d", nice);
	(void)fclose(f);
}
