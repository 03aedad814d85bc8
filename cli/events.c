/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.c - foretide events: past events, and with --follow new ones.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* In one line, whatever is in it. */
static void print_event(const json_t *e)
{
	CLEANUP(free) char *message = printable(field_text(e, "message"), "");

	printf("%s  %-7s %-18s %s\n", field_text(e, "at"), field_text(e, "level"),
	       field_text(e, "kind"), message);
}

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
			client_print_line(e);
		else
			print_event(e);
	}
	if (fflush(stdout) != 0)
		return err_set(err, ERR_INTERNAL, "the output cannot be written: %s",
			       strerror(errno));
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
		if (rc == ERR_UNAVAIL && last && a->follow)
			rc = 0;
		if (rc < 0 || !a->follow)
			break;
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
