/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "table.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "printable.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 16

static const json_t *member(const json_t *row, const char *path)
{
	char part[64];

	while (row && *path) {
		size_t len = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		row = json_object_get(row, part);
		path += len + (path[len] == '.');
	}
	return row;
}

/* Two units at most: "3d4h", "3m10s". */
static char *short_duration(int64_t ms)
{
	char text[CLOCK_TEXT];
	int units = 0;
	char *p;

	if (ms >= 1000)
		ms = ms / 1000 * 1000;
	clock_format_duration(ms, text);
	for (p = text; *p && units < 2; p++)
		if (*p > '9' && (p[1] == '\0' || (p[1] >= '0' && p[1] <= '9')))
			units++;
	*p = '\0';
	return xstrdup(text);
}

static char *bytes_text(double bytes)
{
	static const char units[] = " KMGT";
	size_t i = 0;

	while (bytes >= 1024 && i + 1 < sizeof(units) - 1) {
		bytes /= 1024;
		i++;
	}
	return xasprintf(i ? "%.3g%c" : "%.0f", bytes, units[i]);
}

static char *number_text(const json_t *v, enum table_format format)
{
	double x = json_number_value(v);

	if (format == TABLE_DURATION)
		return short_duration((int64_t)x);
	if (format == TABLE_BYTES)
		return bytes_text(x);
	if (format == TABLE_HOURS)
		return xasprintf("%.1f", x);
	if (format == TABLE_MONEY)
		return xasprintf(x > 0 && x < 1 ? "%.4f" : "%.2f", x);
	if (format == TABLE_SHARE)
		return xasprintf("%.2f %%", 100 * x);
	return json_is_integer(v) ? xasprintf("%lld", (long long)json_integer_value(v))
				  : xasprintf("%.4g", x);
}

static char *cell_text(const json_t *v, enum table_format format, int64_t now_ms)
{
	int64_t ms;

	if (!v || json_is_null(v))
		return xstrdup("-");
	if (json_is_string(v) && format == TABLE_AGE &&
	    clock_parse(json_string_value(v), &ms, NULL) == 0)
		return short_duration(MAX(now_ms - ms, 0));
	if (json_is_string(v))
		return *json_string_value(v) ? printable(json_string_value(v), "")
					     : xstrdup("-");
	if (json_is_number(v))
		return number_text(v, format);
	if (json_is_boolean(v))
		return xstrdup(json_is_true(v) ? "yes" : "no");
	return json_dumps(v, JSON_COMPACT);
}

/* Columns are as wide as their widest cell; the last one is not padded. */
static void print_line(char *const *cells, const size_t *width, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		printf("%s%*s  ", cells[i], (int)(width[i] - printable_width(cells[i])),
		       "");
	printf("%s\n", cells[n - 1]);
}

void table_print(const json_t *rows, const struct table_column *columns, int64_t now_ms)
{
	size_t n = 0, n_rows = json_array_size(rows) + 1;
	size_t width[COLUMNS_MAX] = { 0 };
	char **cells;

	while (columns[n].title)
		n++;
	CHECK(n > 0 && n <= COLUMNS_MAX);
	cells = xcalloc(n * n_rows, sizeof(char *));
	for (size_t r = 0; r < n_rows; r++) {
		for (size_t c = 0; c < n; c++) {
			char *text =
				r == 0 ? xstrdup(columns[c].title)
				       : cell_text(member(json_array_get(rows, r - 1),
							  columns[c].path),
						   columns[c].format, now_ms);

			cells[r * n + c] = text;
			width[c] = MAX(width[c], printable_width(text));
		}
	}
	for (size_t r = 0; r < n_rows; r++)
		print_line(cells + r * n, width, n);
	for (size_t i = 0; i < n * n_rows; i++)
		free(cells[i]);
	free(cells);
}
