/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forecasts.h - the forecast of a CSV file: a table for people, JSON for programs, a
 * picture.
 */
#ifndef CLI_FORECASTS_FORECASTS_H
#define CLI_FORECASTS_FORECASTS_H

#include <stdbool.h>
#include <stdint.h>

struct forecast_wish {
	const char *file;
	const char *events, *svg; /* NULL: none */
	const char *timezone;     /* of the seasons, and of the events' floating times */
	int64_t horizon_ms;
	int64_t every_ms; /* between two that are told; 0: some fifty lines, all of JSON
			   */
	bool json;
};

/* Prints it; returns the exit status, with the words on stderr when it is not EXIT_OK. */
int forecast_file(const struct forecast_wish *w);

/* "season: 1d (correlation 0.93)": also of what a controller found. */
void forecast_print_season(int64_t period_ms, double correlation);

#endif
