/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log_streak.h - a failure that repeats: logged when it begins, then how often it came
 * since at most every ten minutes, and when it is over.
 *
 * One object a place; for one thread.
 */
#ifndef COMMON_LOG_STREAK_H
#define COMMON_LOG_STREAK_H

#include "log.h"

struct log_streak {
	int64_t n;              /* since it began; 0: it does not fail */
	int64_t logged_n;       /* how many of them the log knows of */
	int64_t logged_mono_ms; /* when that was */
};

/* err NULL: it worked. */
void log_streak(struct log_streak *s, const char *event, const struct err *err);

#endif
