/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop_until.h - runs a loop until something has come about.
 */
#ifndef TESTS_LOOP_UNTIL_H
#define TESTS_LOOP_UNTIL_H

#include "clock.h"
#include "net.h"
#include "test.h"

/* Fails when the condition does not hold within PATIENCE_MS. */
#define LOOP_UNTIL(loop, condition)                                     \
	do {                                                            \
		const int64_t until_ = clock_mono_ms() + PATIENCE_MS;   \
		while (!(condition)) {                                  \
			if (clock_mono_ms() > until_)                   \
				fail_msg("never came: %s", #condition); \
			loop_once(loop, 20);                            \
		}                                                       \
	} while (0)

#endif
