/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a careless caller may leave for its children: a descriptor without close-on-exec,
 * a variable, a capability. */
#ifndef TESTS_LEAK_H
#define TESTS_LEAK_H

#include "test.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Undone by unleak(). */
static inline void leak(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	assert_int_equal(dup2(0, 77), 77);
	assert_int_equal(setenv("FORETIDE_LEAK", "secret", 1), 0);
	assert_int_equal(syscall(SYS_capget, &head, caps), 0);
	caps[0].inheritable = caps[0].permitted & (1u << CAP_KILL);
	assert_int_equal(syscall(SYS_capset, &head, caps), 0);
	assert_int_equal(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), 0);
}

static inline void unleak(void)
{
	close(77);
	unsetenv("FORETIDE_LEAK");
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

#endif
