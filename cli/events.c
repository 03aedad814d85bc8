/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.c - foretide events: past events, and with --follow new ones.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

#include <stdio.h>
#include <time.h>

static int print_events(const struct args *a, const json_t *items, int64_t *last,
			struct err *err)
{
	const json_t *e;
	size_t i;

	json_array_foreach(items, i, e)
	{
		int rc = jread_int(e, "id", last, err);

		if (rc < 0)
			return rc;
		if (a->json)
			json_dumpf(e, stdout, JSON_COMPACT);
		else
			printf("%s  %-7s %-18s %s", field_text(e, "at"),
			       field_text(e, "level"), field_text(e, "kind"),
			       field_text(e, "message"));
		putchar('\n');
	}
	fflush(stdout);
	return 0;
}

/* Follows by requesting newer events, so that it survives a restart of the controller. */
static int events(const struct args *a, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 500000000 };
	CLEANUP(client_done) struct client c = { 0 };
	int64_t last = 0;
	int rc = client_init(&c, a, err);

	while (rc == 0) {
		CLEANUP(json_decref) json_t *items = NULL;
		CLEANUP(free)
		char *path = xasprintf("/v1/events?since=%lld", (long long)last);

		rc = client_list(&c, path, &items, err);
		if (rc == 0)
			rc = print_events(a, items, &last, err);
		if (!a->follow)
			break;
		if (rc == ERR_UNAVAIL && last)
			rc = 0;
		nanosleep(&pause, NULL);
	}
	return rc;
}

int cli_events(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "follow", 0, 0, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, events(&a, &err), &err);
}
