/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import.c - foretide import: the history of a tier's demand.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "text.h"

#include <stdio.h>

#define CSV_MAX_BYTES (64 << 20)

static int import(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(free) char *text = NULL;
	CLEANUP(free)
	char *path = client_tier_path(a->position[0],
				      a->dry_run ? "/history?dry_run=true" : "/history");
	int64_t added = 0;
	size_t len;
	int rc = conf_read_file(a->position[1], CSV_MAX_BYTES, &text, &len, err);

	if (rc == 0)
		rc = client_init(&c, a, err);
	if (rc == 0)
		rc = client_send_text(&c, "POST", path, "text/csv", text, len, &answer,
				      err);
	if (rc == ERR_INVAL)
		return err_wrap(err, rc, "%s", a->position[1]);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(answer);
	else if (jread_int_opt(answer, "added", &added, NULL) == 0)
		printf("%lld minutes of history %s for %s\n", (long long)added,
		       a->dry_run ? "would be imported" : "imported", a->position[0]);
	return 0;
}

int cli_import(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run", 2, 2, &a);

	if (rc == EXIT_OK)
		rc = args_tier(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, import(&a, &err), &err);
}
