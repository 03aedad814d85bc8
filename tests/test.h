/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test.h - cmocka with its includes, and helpers for every unit test.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

/* Of waits: a machine may be busy, and what comes at once costs nothing. */
#define PATIENCE_MS 120000

/* What this process has computed for so far: a busy machine does not make it more. */
static inline double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* cmocka 1.1 compares floats in single precision; this is double, absolute tolerance. */
#define assert_close(a, b, tolerance)                                       \
	do {                                                                \
		double a_ = (a), b_ = (b);                                  \
		if (!(fabs(a_ - b_) <= (tolerance)))                        \
			fail_msg("%s = %.10g, expected %.10g", #a, a_, b_); \
	} while (0)

/* The call succeeded; prints its message if not. */
#define assert_ok(call, e)                                           \
	do {                                                         \
		int rc_ = (call);                                    \
		if (rc_ != 0)                                        \
			fail_msg("%s: %d %s", #call, rc_, (e)->msg); \
	} while (0)

#endif
