/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table.h - JSON objects as a text table.
 */
#ifndef CLI_CLIENT_TABLE_H
#define CLI_CLIENT_TABLE_H

#include <jansson.h>
#include <stdint.h>

enum table_format {
	TABLE_TEXT,     /* unchanged */
	TABLE_AGE,      /* a time, as "3m" ago */
	TABLE_DURATION, /* milliseconds, as "3m10s" */
	TABLE_BYTES,    /* "256M" */
	TABLE_HOURS,    /* "12.5" */
	TABLE_MONEY,    /* "0.0416", "12.34" */
	TABLE_SHARE,    /* 0.005 as "0.50 %" */
};

struct table_column {
	const char *title;
	const char *path; /* "lead.p95_ms": members of members */
	enum table_format format;
};

/*
 * columns end with a NULL title. An empty array prints the titles alone. now_ms is the
 * controller's calendar time, which may run faster than wall time.
 */
void table_print(const json_t *rows, const struct table_column *columns, int64_t now_ms);

#endif
