/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backup.c - foretide backup: the controller's state in one file.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PATIENCE_MS 600000

/* In a folder it is named by its date: "foretide-20261130T080000Z.backup". */
static char *file_for(const char *path)
{
	const size_t n = strlen(path);
	char at[CLOCK_TEXT], *to = at;
	struct stat st;

	if (path[n - 1] != '/' && (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
		return xstrdup(path);
	for (const char *c = clock_format(clock_wall_ms(), at); *c && *c != '.'; c++)
		if (*c != '-' && *c != ':')
			*to++ = *c;
	*to = '\0';
	return xasprintf("%s%sforetide-%sZ.backup", path, path[n - 1] == '/' ? "" : "/",
			 at);
}

/* Again while the controller says when: a backtest or a replay runs. */
static int fetch(struct client *c, const char *path, size_t *ret_size, struct err *err)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	bool is_told = false;

	for (;;) {
		int rc = client_get_file(c, "/v1/backup", path, ret_size, err);
		struct timespec t = { c->retry_ms / 1000, c->retry_ms % 1000 * 1000000 };

		if (rc != ERR_UNAVAIL || !c->retry_ms ||
		    clock_mono_ms() + c->retry_ms > until)
			return rc;
		if (!is_told)
			fprintf(stderr, "%s; waiting for it\n", err->msg);
		is_told = true;
		nanosleep(&t, NULL);
	}
}

static int backup(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *said = NULL;
	CLEANUP(free) char *path = file_for(a->position[0]);
	size_t size = 0;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = fetch(&c, path, &size, err);
	if (rc < 0)
		return rc;
	if (a->json) {
		said = json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)size);
		client_print(said);
		return 0;
	}
	printf("%s: %zu bytes. It holds secrets (keys of certificates, secrets of "
	       "stacks): keep it as safe as the controller. To restore it: "
	       "foretided --restore %s\n",
	       path, size, path);
	return 0;
}

int cli_backup(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 1, 1, &a);

	if (rc == EXIT_OK && !*a.position[0])
		return cli_fail(EXIT_USAGE, argv[0], "takes FILE or FOLDER");
	return rc != EXIT_OK ? rc : client_exit(&a, backup(&a, &err), &err);
}
