/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.c - foretide ledger: what tiers had and cost, beside what was promised.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct table_column columns[] = {
	{ "PERIOD", "period", TABLE_TEXT },
	{ "STACK", "stack", TABLE_TEXT },
	{ "TIER", "tier", TABLE_TEXT },
	{ "MINUTES", "minutes_known", TABLE_TEXT },
	{ "UNKNOWN", "minutes_unknown", TABLE_TEXT },
	{ "SHORT", "minutes_short", TABLE_TEXT },
	{ "SHARE", "short", TABLE_SHARE },
	{ "PROMISED", "risk", TABLE_SHARE },
	{ "HOURS", "host_hours", TABLE_HOURS },
	{ "PAID", "paid_hours", TABLE_HOURS },
	{ "REACTIVE", "reactive_hours", TABLE_HOURS },
	{ "STATIC", "static_hours", TABLE_HOURS },
	{ "ACTIONS", "actions", TABLE_TEXT },
	{ "LAUNCHES", "launches", TABLE_TEXT },
	{ "FAILED", "launches_failed", TABLE_TEXT },
	{ NULL, NULL, TABLE_TEXT },
};

static void write_path(const struct args *a, struct buf *path)
{
	const char *place = a->n ? a->position[0] : NULL;
	const char *slash = place ? strchr(place, '/') : NULL;
	CLEANUP(free)
	char *stack = slash   ? xstrndup(place, (size_t)(slash - place))
		      : place ? xstrdup(place)
			      : NULL;

	buf_puts(path, "/v1/ledger");
	client_query(path, "stack", stack);
	client_query(path, "tier", slash ? slash + 1 : NULL);
	client_query(path, "month", a->month);
	client_query(path, "days", a->days ? "true" : NULL);
	client_query(path, "format", a->csv ? "csv" : NULL);
}

static int print_csv(struct client *c, const char *path, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	int rc = client_get_text(c, path, &text, err);

	if (rc == 0)
		fputs(text, stdout);
	return rc;
}

static int print_rows(struct client *c, const struct args *a, const char *path,
		      struct err *err)
{
	CLEANUP(json_decref) json_t *rows = NULL;
	int rc = client_list(c, path, &rows, err);

	if (rc < 0)
		return rc;
	if (a->json)
		client_print(rows);
	else
		table_print(rows, columns, 0);
	return 0;
}

static int ledger(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(buf_done) struct buf path;
	int rc = client_init(&c, a, err);

	buf_init(&path, 4096);
	write_path(a, &path);
	if (rc < 0)
		return rc;
	return a->csv ? print_csv(&c, buf_str(&path), err)
		      : print_rows(&c, a, buf_str(&path), err);
}

int cli_ledger(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "month days csv", 0, 1, &a);

	if (rc == EXIT_OK && a.n > 0)
		rc = args_place(&a);
	if (rc == EXIT_OK && a.csv && a.json)
		rc = cli_fail(EXIT_USAGE, a.command,
			      "--csv and --json exclude each other");
	return rc != EXIT_OK ? rc : client_exit(&a, ledger(&a, &err), &err);
}
