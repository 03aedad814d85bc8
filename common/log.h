/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - structured events, one per line on stderr: "LEVEL event key=value ...".
 *
 *	log_info("host-joined", STR("host", id), INT("boot_ms", ms));
 *
 * Only controller/ and agent/ log. error: an operator must act; warn: degraded but
 *handled; info: a state change; debug: the rest. Values are escaped. There is no
 *constructor for secrets.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "err.h"

#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
	const char *key;
	enum { LOG_STR, LOG_INT, LOG_NUM } type;
	const char *str;
	int64_t i;
	double num;
};

#define STR(k, v)                                       \
	(struct log_field)                              \
	{                                               \
		.key = (k), .type = LOG_STR, .str = (v) \
	}
#define INT(k, v)                                              \
	(struct log_field)                                     \
	{                                                      \
		.key = (k), .type = LOG_INT, .i = (int64_t)(v) \
	}
#define NUM(k, v)                                       \
	(struct log_field)                              \
	{                                               \
		.key = (k), .type = LOG_NUM, .num = (v) \
	}
#define ERR(e) STR("error", (e)->msg)

/* fields[0] is ignored; the last has a NULL key. Use the macros below. */
void log_event(enum log_level level, const char *event, const struct log_field *fields);

#define LOG_EVENT(level, event, ...)          \
	log_event(level, event,               \
		  (const struct log_field[]){ \
			  { .key = "" }, ##__VA_ARGS__, { .key = NULL } })
#define log_debug(...) LOG_EVENT(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) LOG_EVENT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) LOG_EVENT(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) LOG_EVENT(LOG_LEVEL_ERROR, __VA_ARGS__)

/* Events below this level are dropped; initially info. */
void log_set_level(enum log_level level);
/* "debug", "info", "warn", "error". */
int log_level_from_name(const char *name, enum log_level *ret,
			struct err *err) MUST_CHECK;

#endif
