/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forecasts.h - foretide forecast: of a CSV file, of a tier, or of JSON lines.
 *
 * Each prints its forecast and returns the exit status, with the message on stderr when
 * that is not EXIT_OK.
 */
#ifndef CLI_FORECASTS_FORECASTS_H
#define CLI_FORECASTS_FORECASTS_H

#include <stdbool.h>
#include <stdint.h>

struct forecast_options {
	const char *file;
	const char *events, *svg; /* NULL: none */
	const char *timezone;     /* of the seasons, and of the events' floating times */
	int64_t horizon_ms;
	int64_t every_ms; /* between two that are printed; 0: some fifty lines, all of
			   * JSON
			   */
	bool json;
};

/* A table or JSON, and a chart. */
int forecast_file(const struct forecast_options *o);

/* Of a tier, by its controller; the command's own arguments. */
int forecast_tier(int argc, char **argv);

/* Of each request on standard input; see jsonl.c. */
int forecast_jsonl(void);

#endif
